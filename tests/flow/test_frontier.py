"""taskfit tune --frontier: the cost-accuracy curve of a file of labels. Needs no stack."""
import csv
import io
import json
import os
import pty
import subprocess
import xml.dom.minidom

import pytest

from fleet import BUILD
from test_tune import DATA, OK, USAGE, answers, tune, write_csv

ITEMS = 3000


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    return write_csv(tmp_path_factory.mktemp("frontier") / "labels.csv", answers(ITEMS))


def frontier(file, *arguments):
    done = tune("--from", file, "--frontier", *arguments)
    assert done.returncode == OK, done.stderr
    return done.stdout


def carry_out(point, items):
    """What anyone would do who has only the raw thresholds: the last tier answers the rest."""
    right = cost = last = 0
    for tiers in items:
        for step in point["tiers"]:
            row = tiers[step["tier"]]
            cost += row["cost"]
            if step is point["tiers"][-1] or row["confidence"] >= step["threshold"]:
                right += row["correct"]
                break
        last += tiers["large"]["cost"]
    return right / len(items), cost / last


def test_the_curve_is_what_its_policies_do(labels):
    told = json.loads(frontier(labels, "--json"))
    assert told["goal"] == "frontier" and told["level"] == 0.95 and told["labels"] == ITEMS
    assert told["fitted_on"] + told["tested_on"] == ITEMS
    points = told["points"]
    assert len(points) > 10
    assert [p["cost_ratio"] for p in points] == sorted(p["cost_ratio"] for p in points)
    assert points[0]["tiers"][0]["tier"] == "tiny"
    assert points[-1]["accuracy"] > told["alone"][1]["accuracy"] + 0.05
    fresh, rows = [], list(answers(10000, seed=2))
    for i in range(0, len(rows), 3):
        fresh.append({row["tier"]: row for row in rows[i:i + 3]})
    held = 0
    for point in points:
        accuracy, cost = carry_out(point, fresh)
        assert point["accuracy_low"] < point["accuracy"] < point["accuracy_high"]
        assert point["cost_ratio_low"] - 1e-9 <= point["cost_ratio"] <= point["cost_ratio_high"] + 1e-9
        assert abs(accuracy - point["accuracy"]) < 0.03 and abs(cost - point["cost_ratio"]) < 0.03
        assert sum(tier["answers"] for tier in point["tiers"]) == pytest.approx(1)
        held += point["accuracy_low"] <= accuracy <= point["accuracy_high"]
    assert held > 0.5 * len(points)  # one draw of items for all: they hold or miss together
    assert [tier["tier"] for tier in told["alone"]] == ["tiny", "mid", "large"]
    assert told["alone"][2]["cost_ratio"] == pytest.approx(1)


def test_it_repeats_with_a_seed(labels):
    once = frontier(labels)
    assert once == frontier(labels, "--seed", 1)
    assert once != frontier(labels, "--seed", 2)


def test_every_form_says_the_same(labels, tmp_path):
    points = json.loads(frontier(labels, "--json"))["points"]
    text = frontier(labels)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["accuracy_low"]) for row in rows] == [p["accuracy_low"] for p in points]
    assert [float(row["cost_ratio"]) for row in rows] == [p["cost_ratio"] for p in points]
    for row, point in zip(rows, points):
        steps = [step.split(">=") for step in row["policy"].split(";")]
        assert [step[0] for step in steps] == [tier["tier"] for tier in point["tiers"]]
        assert [float(step[1]) for step in steps[:-1]] == \
            [tier["threshold"] for tier in point["tiers"][:-1]]
    for name in "f.csv", "f.json", "f.svg":
        assert frontier(labels, "-o", tmp_path / name) == ""
    assert (tmp_path / "f.csv").read_text() == text
    assert json.loads((tmp_path / "f.json").read_text())["points"] == points
    svg = xml.dom.minidom.parse(str(tmp_path / "f.svg"))
    assert len(svg.getElementsByTagName("circle")) == len(points) + 3
    assert len(svg.getElementsByTagName("polyline")) == 1


def test_a_terminal_gets_a_plot(labels):
    here, there = pty.openpty()
    child = subprocess.Popen([BUILD / "taskfit", "tune", "--from", labels, "--frontier"],
                             stdout=there)
    os.close(there)
    text = b""
    try:
        while piece := os.read(here, 65536):
            text += piece
    except OSError:  # how Linux ends a terminal
        pass
    os.close(here)
    assert child.wait() == OK
    lines = text.decode().replace("\r", "").splitlines()
    plot = [line for line in lines if "|" in line]
    assert sum(line.count("*") for line in plot) > 8
    assert any("tiny" in line for line in plot) and any("large" in line for line in plot)
    assert any(line.split() == ["COST", "RIGHT", "95", "%", "POLICY"] for line in lines)
    assert max(len(line) for line in lines) <= 100


def test_a_tier_of_a_strange_name_and_one_that_is_always_right(tmp_path):
    rows = [{"item": i, "tier": tier, "confidence": 0.9, "correct": 1, "cost": 1}
            for i in range(60) for tier in ('a,"<b>\x1b[31m', "b")]
    file = write_csv(tmp_path / "labels.csv", rows)
    plot = frontier(file, "--format", "plot")
    assert "\x1b" not in plot
    assert list(csv.DictReader(io.StringIO(frontier(file))))[0]["policy"] == 'a,"<b>\x1b[31m'
    assert json.loads(frontier(file, "--json"))["points"][0]["accuracy"] == 1


def test_slips(labels, tmp_path):
    for bad in ("--frontier", "--match"), ("--frontier", "--risk", ".1"), ("--format", "csv"), \
            ("--frontier", "-o", tmp_path / "f.txt"), \
            ("--frontier", "--format", "plot", "-o", tmp_path / "f.csv"):
        assert tune("--from", labels, *bad).returncode == USAGE, bad
    free = [dict(row, cost=0) for row in answers(50)]
    done = tune("--from", write_csv(tmp_path / "free.csv", free), "--frontier")
    assert done.returncode == DATA and "cost nothing" in done.stderr
