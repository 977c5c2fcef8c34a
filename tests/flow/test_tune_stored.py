"""From unlabelled lines to a certificate in force: a sample that every tier answers, labels, tune."""
import json
import random

import pytest

from cascade import RULES, cascade, line, run_cascade
from models import scored
from test_quality import Page
from test_reload import hang_up, reloaded
from until import until

OK, REFUSED, USAGE, DATA = 0, 1, 64, 65
LINES = 600


def truth(n):
    return "CGST_SGST" if n % 2 else "IGST"


def answerer(name, edge):
    """Right the more often the surer it is, and says so with too much confidence."""
    def answer(request):
        n = request.body["line"]
        rng = random.Random(f"{name}{n}")
        right = min(0.99, rng.uniform(0.3, 1.2) + edge)
        said = truth(n) if rng.random() < right else truth(n + 1)
        return scored(said, round(right ** 0.5, 6))
    return answer


def start(fleet, model):
    tiny, mid = model(answerer("tiny", 0)), model(answerer("mid", 0.3))
    config = cascade(tiny.url, mid.url)
    del config["paths"]["invoices"]["rules"]
    config["paths"]["invoices"]["accept"] = {"tiny": 0.5, "mid": 0.5}
    fleet.configure(config, RULES)
    fleet.init()
    return [p.ready() for p in (fleet.worker("tiny"), fleet.worker("mid"), fleet.escalator())]


def submit(fleet, name, numbers, *arguments, **more):
    (fleet.directory / name).write_text("".join(
        json.dumps({"custom_id": f"{name}-{n}", **line(n), **more}) + "\n" for n in numbers))
    return fleet.command("submit", name, *arguments)


def label(fleet, name):
    fleet.sql_run("insert into labels (job_id, path, batch_id, answer, labeler, source)"
                  " select job_id, path, batch_id, to_json(case when substring(custom_id from"
                  " '[0-9]+$')::int %% 2 = 1 then 'CGST_SGST' else 'IGST' end), 'anna', 'import'"
                  " from decisions where final and custom_id like %s", f"{name}-%")


def tune(fleet, *arguments):
    return fleet.command("tune", "--path", "invoices", *arguments, check=False)


def test_sample_label_tune_and_in_force(fleet, model):
    programs = start(fleet, model)
    done = tune(fleet)
    assert done.returncode == DATA and "no job of path 'invoices' has a label" in done.stderr

    submit(fleet, "usual.ndjson", range(20))
    fleet.outcomes(20)
    label(fleet, "usual.ndjson")
    done = tune(fleet)
    assert done.returncode == DATA
    assert "20 jobs of path 'invoices' have a label, but none was sent for all tiers" in done.stderr

    submit(fleet, "sample.ndjson", range(1000, 1000 + LINES), "--all-tiers")
    fleet.outcomes(20 + LINES)
    rows = fleet.sql("select count(*) as n, d.verdict from decisions d where final and 'job.all_tiers'"
                     " = any(reasons) group by 2")
    assert [(r.n, r.verdict) for r in rows] == [(LINES, "review")]
    assert fleet.count("reviews where state = 'open' and batch_id ="
                       " (select id from batches where name = 'sample.ndjson')") == LINES
    assert fleet.count("attempts where tier = 'mid'") >= LINES
    label(fleet, "sample.ndjson")

    done = tune(fleet, "--risk", "0.1", "-o", "invoices.json", "--json")
    assert done.returncode == OK, done.stdout + done.stderr
    c = json.loads(done.stdout)
    assert c["labels"] == LINES and c["expected"]["accepted"] > 0.3
    assert {t["tier"]: (t["models"], t["prompts"]) for t in c["tiers"]} == {
        "tiny": (["tiny@1"], []), "mid": (["mid@1"], [])}
    again = json.loads(tune(fleet, "--risk", "0.1", "--json").stdout)
    assert {**again, "created": 0} == {**c, "created": 0}
    of_batch = json.loads(tune(fleet, "--risk", "0.1", "--json", "--batch",
                               "sample.ndjson").stdout)
    assert of_batch["data_sha256"] == c["data_sha256"]
    assert json.loads(tune(fleet, "--all-labels", "--json").stdout)["data_sha256"] \
        != c["data_sha256"]
    curve = json.loads(tune(fleet, "--frontier", "--json").stdout)
    assert curve["data_sha256"] == c["data_sha256"]
    assert [alone["tier"] for alone in curve["alone"]] == ["tiny", "mid"]
    worth = json.loads(fleet.command("quality", "--path", "invoices", "--json").stdout)
    assert worth["items"] == LINES
    assert [t["tier"] for t in worth["tiers"]] == ["tiny", "mid"]
    assert worth["tiers"][0]["calibrated"]["ece"] < worth["tiers"][0]["raw"]["ece"]

    path = fleet.config["paths"]["invoices"]
    del path["accept"]
    path["certificate"] = "invoices.json"
    fleet.write_config()
    for program in programs:
        program.stop()
    for program in fleet.worker("tiny", name="t2"), fleet.worker("mid", name="m2"), \
            fleet.escalator(name="e2"):
        program.ready()
    submit(fleet, "rest.ndjson", range(5000, 5400))
    until(lambda: fleet.count("outcomes where custom_id like 'rest%%'") == 400, "all outcomes")
    rows = fleet.sql("select custom_id, verdict, answer from outcomes where custom_id like 'rest%%'")
    accepted = [r for r in rows if r.verdict == "accept"]
    assert abs(len(accepted) / 400 - c["expected"]["accepted"]) < 0.1
    wrong = sum(r.answer != truth(int(r.custom_id.split("-")[1])) for r in accepted)
    assert wrong / len(accepted) <= 0.12

    # Inputs with words that the sample did not have.
    escalator = fleet.programs[-1]
    used = [t for t in c["tiers"] if t["accepted"] > 0]
    assert used and all(t["unknown_words"] < 0.02 for t in used)
    submit(fleet, "usual2.ndjson", range(6000, 6300))
    until(lambda: 'taskfit_unknown_words{tier="invoices/' in escalator.metrics(), "a share")
    assert escalator.metric("taskfit_unknown_words") < 0.05 > escalator.metric("taskfit_word_drift")
    submit(fleet, "new.ndjson", range(7000, 7600), text="STEEL BOLTS")
    until(lambda: escalator.metric("taskfit_word_drift") > 0.25, "another language")
    assert escalator.said("known and unknown words of \\w+ are not distributed any more as they were")

    # What is in force no more is not told of.
    del path["certificate"]
    path["accept"] = {"tiny": 0.5, "mid": 0.5}
    fleet.write_config()
    hang_up(escalator)
    reloaded(escalator)
    until(lambda: "taskfit_word_drift" not in escalator.metrics(), "gauges to go")
    assert "taskfit_certificate_" not in escalator.metrics()


def test_only_the_models_of_now_count(fleet, model):
    start(fleet, model)
    submit(fleet, "sample.ndjson", range(60), "--all-tiers")
    fleet.outcomes(60)
    label(fleet, "sample.ndjson")
    done = tune(fleet, "--risk", "0.3")
    assert "labels       60 items" in done.stdout
    fleet.config["models"]["mid@2"] = fleet.config["models"].pop("mid@1")
    fleet.config["tiers"]["mid"]["models"] = [{"use": "mid@2"}]
    # One that is for the old model keeps the fleet from starting, and nobody from tuning anew.
    path = fleet.config["paths"]["invoices"]
    del path["accept"]
    path["certificate"] = "old.json"
    fleet.write_config()
    done = tune(fleet)
    assert done.returncode == DATA and "no item has an answer of every tier" in done.stderr
    done = tune(fleet, "--tiers", "tiny", "--risk", "0.3")
    assert done.returncode in (OK, REFUSED), done.stderr
    done = tune(fleet, "--tiers", "mid")
    assert done.returncode == DATA
    assert "all 60 answers are of models or prompts that its tiers have no more" in done.stderr
    done = tune(fleet, "--tiers", "tiny,huge")
    assert done.returncode == USAGE and "its tiers are tiny,mid" in done.stderr
    done = tune(fleet, "--batch", "none.ndjson")
    assert done.returncode != OK and "none.ndjson" in done.stderr


def test_quality_tells_classes_and_rules(fleet, model):
    """tiny takes half of each kind for the other; the rule is broken by whatever is IGST."""
    tiny = model(lambda request: scored("IGST" if request.body["line"] % 4 < 2 else "CGST_SGST",
                                        0.5 + request.body["line"] / 100))
    mid = model(lambda request: scored(truth(request.body["line"]), 0.9))
    run_cascade(fleet, tiny.url, mid.url)
    submit(fleet, "sample.ndjson", range(40), "--all-tiers")
    fleet.outcomes(40)
    label(fleet, "sample.ndjson")
    page = fleet.directory / "quality.html"
    done = fleet.command("quality", "--path", "invoices", "--json", "--html", "quality.html")
    told = json.loads(done.stdout)
    assert told["field"] is None and told["cost_unit"] == "USD" and told["left_out"] == 0
    of_tiny, of_mid = told["tiers"]
    half = {"labelled": 20, "said": 20, "correct": 10, "precision": 0.5, "recall": 0.5}
    assert of_tiny["classes"] == [
        {"class": "CGST_SGST", **half}, {"class": "IGST", **half},
        {"class": None, "labelled": 0, "said": 0, "correct": 0, "precision": None, "recall": None}]
    assert of_tiny["confusions"] == [{"right": "CGST_SGST", "said": "IGST", "count": 10},
                                     {"right": "IGST", "said": "CGST_SGST", "count": 10}]
    assert of_tiny["wrong"] == 20
    rule, = of_tiny["rules"]
    assert rule == {"rule": "tax_type", "severity": "escalate", "hits": 20, "wrong": 10,
                    "later_cost": pytest.approx(20e-6), "later_cost_for_nothing": pytest.approx(10e-6)}
    assert of_mid["confusions"] == [] and of_mid["wrong"] == 0
    assert of_mid["rules"][0]["hits"] == 20 and of_mid["rules"][0]["later_cost"] == 0

    text = fleet.command("quality", "--path", "invoices").stdout
    assert ["tiny", "CGST_SGST", "20", "20", "10", "50.0", "%", "50.0", "%"] in \
        [row.split() for row in text.splitlines()]
    assert ["tiny", "CGST_SGST", "IGST", "10", "50.0", "%"] in \
        [row.split() for row in text.splitlines()]
    assert ["tiny", "tax_type", "escalate", "20", "10", "50.0", "%", "$0.000020", "$0.000010"] in \
        [row.split() for row in text.splitlines()]
    seen = Page(page.read_text())
    assert seen.open == [] and seen.seen["table"] == 4
    assert "What is taken for what?" in seen.text and "tax_type" in seen.text
    done = fleet.command("quality", "--path", "invoices", "--field", "tax", check=False)
    assert done.returncode == USAGE and "no field 'tax' with labels" in done.stderr
