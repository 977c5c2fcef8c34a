"""taskfit tune --from: certificates from files. Needs no stack."""
import csv
import hashlib
import json
import os
import random
import subprocess

import pytest

from fleet import BUILD

OK, REFUSED, USAGE, DATA, NOINPUT = 0, 1, 64, 65, 66


def tune(*arguments, stdin=None):
    return subprocess.run([BUILD / "taskfit", "tune", *map(str, arguments)], text=True, input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def answers(count, seed=1):
    """Rows of three tiers, each better and dearer; a tier's confidence says too much."""
    rng = random.Random(seed)
    for item in range(count):
        easy = rng.uniform(0.2, 1.2)
        for tier, edge, cost in ("tiny", 0.0, 0.000001), ("mid", 0.2, 0.0001), ("large", 0.4, 0.001):
            right = min(0.995, max(0.05, easy + edge + rng.uniform(-0.1, 0.1)))
            yield {"item": f"i{item}", "tier": tier, "confidence": round(right ** 0.5, 6),
                   "correct": int(rng.random() < right), "cost": cost}


def write_csv(path, rows):
    rows = list(rows)
    with open(path, "w", newline="") as f:
        writer = csv.DictWriter(f, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def labels(tmp_path):
    return write_csv(tmp_path / "labels.csv", answers(4000))


def apply(certificate, rows):
    """What anyone would do with a certificate: raw thresholds, tiers in order."""
    by_item = {}
    for row in rows:
        by_item.setdefault(row["item"], {})[row["tier"]] = row
    accepted = wrong = 0
    for tiers in by_item.values():
        for tier in certificate["tiers"]:
            threshold = tier["threshold"]
            if tier["used"] and threshold is not None and \
                    tiers[tier["tier"]]["confidence"] >= threshold:
                accepted += 1
                wrong += not tiers[tier["tier"]]["correct"]
                break
    return accepted / len(by_item), wrong / max(accepted, 1)


def test_certificate(labels):
    done = tune("--from", labels, "--risk", 0.05, "--delta", 0.1, "--review-cost", 1, "--json")
    assert done.returncode == OK, done.stderr
    c = json.loads(done.stdout)
    assert c["risk"] == 0.05 and c["delta"] == 0.1 and not c["refused"] and c["reason"] is None
    assert 0 < c["tau"] < 1 and c["labels"] == 4000
    assert c["fitted_on"] + c["tested_on"] == 4000
    assert c["data_sha256"] == hashlib.sha256(labels.read_bytes()).hexdigest()
    assert c["expected"]["error_bound"] <= 0.05
    assert c["expected"]["accepted"] == pytest.approx(sum(t["accepted"] for t in c["tiers"]))
    assert 0 < c["expected"]["cost_ratio"] < 1
    assert {t["tier"] for t in c["tiers"]} == {"tiny", "mid", "large"}
    accepted, wrong = apply(c, answers(20000, seed=2))
    assert accepted == pytest.approx(c["expected"]["accepted"], abs=0.03)
    assert wrong <= 0.06


def test_it_repeats_with_a_seed(labels):
    def once(*more):
        c = json.loads(tune("--from", labels, "--json", *more).stdout)
        return {k: v for k, v in c.items() if k != "created"}
    assert once() == once() == once("--seed", 1)
    assert once("--seed", 2)["seed"] == 2
    assert once("--seed", 2) == once("--seed", 2) != once()


def test_ndjson_and_standard_input_say_the_same(labels, tmp_path):
    ndjson = tmp_path / "labels.ndjson"
    with open(ndjson, "w") as f:
        for row in answers(4000):
            f.write(json.dumps({**row, "correct": bool(row["correct"]), "id": "same"}) + "\n")
    of_csv = json.loads(tune("--from", labels, "--json").stdout)
    of_ndjson = json.loads(tune("--from", ndjson, "--json").stdout)
    with open(labels, newline="") as f:
        of_stdin = json.loads(tune("--from", "-", "--json", stdin=f.read()).stdout)
    assert of_csv["tiers"] == of_ndjson["tiers"] == of_stdin["tiers"]
    assert of_csv["data_sha256"] == of_stdin["data_sha256"] != of_ndjson["data_sha256"]


def test_refusal_is_a_certificate(tmp_path):
    few = write_csv(tmp_path / "few.csv", list(answers(100)))
    file = tmp_path / "certificate.json"
    done = tune("--from", few, "--risk", 0.01, "-o", file)
    assert done.returncode == REFUSED
    assert "refused" in done.stdout and "labels" in done.stdout
    c = json.loads(file.read_text())
    assert c["refused"] and c["reason"] and c["tau"] is None
    assert c["labels_needed"] > 100
    assert "labels would do, if half of the answers have an error rate of 0.5 %" in c["reason"]
    assert not any(t["used"] for t in c["tiers"])
    assert all(t["threshold"] is None for t in c["tiers"])


def test_confidence_that_tells_nothing_is_said(tmp_path):
    rng = random.Random(3)
    file = write_csv(tmp_path / "bad.csv", [
        {"item": i, "tier": "only", "confidence": round(rng.random(), 4),
         "correct": int(rng.random() < 0.7), "cost": 1} for i in range(3000)])
    c = json.loads(tune("--from", file, "--json").stdout)
    assert c["refused"] and "uninformative" in c["reason"] and c["labels_needed"] is None


def test_order_of_rows_within_ties_makes_no_difference(tmp_path):
    rng = random.Random(5)
    rows = [{"item": i, "tier": "only", "confidence": c, "correct": int(rng.random() < c), "cost": 1}
            for i, c in enumerate(rng.choice([0.5, 0.9, 0.99]) for _ in range(3000))]
    file = tmp_path / "rows.csv"
    seen = set()
    for key in (lambda r: r["item"]), (lambda r: -r["correct"]), (lambda r: r["correct"]):
        write_csv(file, sorted(rows, key=key))
        c = json.loads(tune("--from", file, "--risk", 0.1, "--json").stdout)
        seen.add((c["tiers"][0]["threshold"], c["errors"], c["expected"]["accepted"]))
    assert len(seen) == 1


def test_tiers_are_chosen_and_ordered(labels):
    c = json.loads(tune("--from", labels, "--tiers", "mid,large", "--json").stdout)
    assert {t["tier"] for t in c["tiers"]} == {"mid", "large"}
    done = tune("--from", labels, "--tiers", "mid,mid")
    assert done.returncode == USAGE and "twice" in done.stderr
    done = tune("--from", labels, "--tiers", "huge")
    assert done.returncode == DATA and "no row" in done.stderr


def test_versions_go_along(tmp_path):
    file = write_csv(tmp_path / "v.csv", [
        {**row, "model": f"{row['tier']}@3", "prompt": "ab12"} for row in answers(200)])
    c = json.loads(tune("--from", file, "--json").stdout)
    assert all(t["models"] == [f"{t['tier']}@3"] and t["prompts"] == ["ab12"] for t in c["tiers"])


def test_budget_and_match(labels):
    c = json.loads(tune("--from", labels, "--budget", 0.35, "--json").stdout)
    assert not c["refused"] and c["expected"]["cost_ratio"] <= 0.35
    assert c["expected"]["accuracy"] > 0.8 and c["risk"] is None
    m = json.loads(tune("--from", labels, "--match", "--json").stdout)
    assert not m["refused"] and m["expected"]["cost_ratio"] < 1
    assert m["expected"]["accuracy"] > m["expected"]["last_tier_accuracy"] - 0.02
    done = tune("--from", labels, "--budget", 0.0001)
    assert done.returncode == REFUSED and "no cascade" in done.stdout


def test_items_that_lack_a_tier_are_told(tmp_path):
    rows = [row for row in answers(300) if row["tier"] != "large" or int(row["item"][1:]) % 3]
    done = tune("--from", write_csv(tmp_path / "l.csv", rows))
    assert "left out: 100" in done.stdout


HEADER = "item,tier,confidence,correct,cost\n"


@pytest.mark.parametrize("text, status, words", [
    ("", DATA, "is empty"),
    (HEADER, DATA, "no row"),
    (HEADER + "1,a,1.7,1,0\n", DATA, "line 2: confidence '1.7' is no probability"),
    (HEADER + "1,a,x,1,0\n", DATA, "line 2: confidence 'x' is no probability"),
    (HEADER + "1,a,nan,1,0\n", DATA, "line 2: confidence 'nan' is no probability"),
    (HEADER + "1,a,.5,2,0\n", DATA, "line 2: correct '2' is neither"),
    (HEADER + "1,a,.5,,0\n", DATA, "line 2: no 'correct'"),
    (HEADER + "1,a,.5,1,-1\n", DATA, "line 2: cost '-1'"),
    (HEADER + "1,a,.5,1,0\n1,a,.6,1,0\n", DATA, "two answers of tier a"),
    (HEADER + "1,a,.5,1,0\n2,b,.6,1,0\n", DATA, "no item has an answer of every tier"),
    (HEADER + "".join(f"1,t{i},.5,1,0\n" for i in range(9)), DATA, "more than 8 tiers"),
    ('{"item": 1, "tier": "a"}\n', DATA, "no 'correct'"),
    ("item,confidence\n1,.5\n", DATA, "no 'tier'"),
])
def test_bad_input_is_named(tmp_path, text, status, words):
    file = tmp_path / "labels.txt"
    file.write_text(text)
    done = tune("--from", file)
    assert done.returncode == status, done.stdout + done.stderr
    assert words in done.stderr and str(file) in done.stderr


def test_usage(labels, tmp_path):
    assert tune().returncode == USAGE
    assert tune("--from", tmp_path / "none.csv").returncode == NOINPUT
    for bad in ("--risk", "0"), ("--risk", "1"), ("--risk", "-1"), ("--delta", "2"), \
            ("--budget", "-1"), ("--budget", "0"), ("--risk", ".1", "--match"), \
            ("--review-cost", "-1"):
        assert tune("--from", labels, *bad).returncode == USAGE, bad
    assert "usage: taskfit tune" in tune("--help").stdout


def test_answers_without_confidence_are_never_accepted(tmp_path):
    rows = [{"item": i, "tier": "only", "confidence": "" if i % 2 else 0.9, "correct": 1, "cost": 1}
            for i in range(400)]
    c = json.loads(tune("--from", write_csv(tmp_path / "l.csv", rows), "--json").stdout)
    assert not c["refused"] and c["expected"]["accepted"] == 0.5
    rows = [dict(row, confidence="") for row in rows]
    c = json.loads(tune("--from", write_csv(tmp_path / "l.csv", rows), "--json").stdout)
    assert c["refused"] and "no answer has a confidence" in c["reason"]
    assert c["labels_needed"] is None


def test_a_million_rows(tmp_path):
    """Five seconds are the promise on a machine at rest; memory is what can be tested on any."""
    file = tmp_path / "big.csv"
    with open(file, "w") as f:
        f.write(HEADER)
        f.writelines(f"{i},only,{(i * 7919 % 1000003) / 1000003:.6f},{int(i % 11 > 0)},1\n"
                     for i in range(1_000_000))
    child = subprocess.Popen([BUILD / "taskfit", "tune", "--from", file, "--risk", "0.1", "--json"],
                             stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == OK
    assert usage.ru_maxrss < 1 << 20
