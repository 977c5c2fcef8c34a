"""taskfit quality: what confidences are worth, from a file of labels. Needs no stack."""
import html.parser
import json
import subprocess
from collections import defaultdict

import pytest

from fleet import BUILD
from test_tune import answers, write_csv

OK, USAGE, NOINPUT = 0, 64, 66


def quality(*arguments):
    return subprocess.run([BUILD / "taskfit", "quality", *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def measured(rows):
    """The definitions, in plain words: ties count with their common rate."""
    count = len(rows)
    same = defaultdict(list)
    for row in rows:
        same[row["confidence"]].append(row["correct"])
    levelled = sorted((c, sum(right) / len(right)) for c, right in same.items() for _ in right)
    ece = 0
    for b in range(15):
        part = levelled[b * count // 15:(b + 1) * count // 15]
        ece += abs(sum(c for c, _ in part) - sum(right for _, right in part)) / count
    wrong = aurc = 0
    for taken, (_, right) in enumerate(reversed(levelled), 1):
        wrong += 1 - right
        aurc += wrong / taken / count
    brier = sum((row["confidence"] - row["correct"]) ** 2 for row in rows) / count
    return {"accuracy": sum(row["correct"] for row in rows) / count, "ece": ece, "brier": brier,
            "aurc": aurc}


@pytest.fixture(scope="module")
def rows():
    return list(answers(1500))


def test_figures_are_those_of_the_definitions(rows, tmp_path):
    done = quality("--from", write_csv(tmp_path / "labels.csv", rows), "--json")
    assert done.returncode == OK, done.stderr
    told = json.loads(done.stdout)
    assert told["items"] == 1500
    assert [tier["tier"] for tier in told["tiers"]] == ["tiny", "mid", "large"]
    for tier in told["tiers"]:
        wanted = measured([row for row in rows if row["tier"] == tier["tier"]])
        assert {name: tier["raw"][name] for name in wanted} == pytest.approx(wanted, abs=1e-9)
        # These confidences say too much: a calibration must mend it, and rank as well as before.
        assert tier["calibrated"]["ece"] < tier["raw"]["ece"] / 1.5
        assert tier["calibrated"]["auroc"] == pytest.approx(tier["raw"]["auroc"], abs=0.02)


class Page(html.parser.HTMLParser):
    """What a browser would see, and that every element is closed in its place."""
    EMPTY = {"meta", "path", "circle", "polyline"}

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.text = [], defaultdict(int), ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen[tag] += 1
        assert tag not in ("script", "link", "img")  # it needs nothing beside itself
        assert not any(name in ("src", "href") for name, _ in attrs)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen[tag] += 1

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page(rows, tmp_path):
    strange = [dict(row, tier="<b>&\"" if row["tier"] == "tiny" else row["tier"]) for row in rows]
    page = tmp_path / "quality.html"
    done = quality("--from", write_csv(tmp_path / "labels.csv", strange), "--html", page)
    assert done.returncode == OK, done.stderr
    assert done.stdout.splitlines()[0].split() == [
        "TIER", "CONFIDENCE", "ANSWERS", "RIGHT", "SAYS", "ECE", "BRIER", "AUROC", "AURC"]
    seen = Page(page.read_text())
    assert seen.open == []
    assert seen.seen["svg"] == 4  # reliability of three tiers, error by coverage
    assert seen.seen["circle"] >= 2 * 15 * 3
    assert seen.seen["b"] == 4
    assert "<b>&\"" in seen.text


def test_items_that_lack_a_tier_are_told(rows, tmp_path):
    some = [row for row in rows if row["tier"] != "large" or int(row["item"][1:]) % 3]
    done = quality("--from", write_csv(tmp_path / "labels.csv", some))
    assert "Left out: 500 items" in done.stdout


def test_slips(tmp_path):
    assert quality().returncode == USAGE
    assert quality("--from", tmp_path / "none.csv").returncode == NOINPUT
    labels = write_csv(tmp_path / "labels.csv", answers(50))
    done = quality("--from", labels, "--html", tmp_path / "no" / "page.html")
    assert done.returncode == 73
    assert "page.html: cannot be made: No such file" in done.stderr
