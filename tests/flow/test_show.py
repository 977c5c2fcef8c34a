"""The story of a job: `taskfit show`; and models tried and probed without a topic."""
import itertools
import json
import time

import wire
from cascade import RULES, cascade, line, run_cascade
from models import CUT, scored


def write(fleet, name, value):
    (fleet.directory / name).write_text(value if isinstance(value, str) else json.dumps(value))


def keep_inputs(fleet, tiny, mid):
    config = cascade(tiny, mid)
    config["paths"]["invoices"]["keep"] = "all"
    fleet.configure(config, RULES)
    fleet.init()
    for program in (fleet.worker("tiny"), fleet.worker("mid"), fleet.escalator()):
        program.ready()


def test_the_story_of_a_job_that_a_rule_moved_up(fleet, model):
    keep_inputs(fleet, model(lambda _: scored("CGST_SGST", 0.97)).url,
                model(lambda _: scored("IGST", 0.9)).url)
    write(fleet, "lines.ndjson", '{"id":"INV/7","from":"29","to":"27"}\n')
    fleet.command("submit", "lines.ndjson")
    fleet.command("watch")
    story = json.loads(fleet.command("show", "lines.ndjson/INV/7", "--json").stdout)
    first, second = story["hops"]
    assert story["input"]["to"] == "27" and story["outcome"] == "accept"
    assert (story["answer"], story["outcome_tier"], story["line"]) == ("IGST", "mid", 1)
    assert first["decision"]["reasons"] == ["rule.tax_type"]
    assert first["decision"]["next_tier"] == "mid" and second["decision"]["final"]
    assert story["cost_usd"] == first["cost_usd"] + second["cost_usd"]

    text = fleet.command("show", "--batch", "lines.ndjson", "INV/7").stdout
    assert text == fleet.command("show", story["job_id"]).stdout
    for words in ("custom id    INV/7", "hop 0: tiny, by tiny@1", "escalate to mid",
                  "rule.tax_type  the tax type contradicts the states",
                  "outcome: accept at mid"):
        assert words in text


def test_the_story_of_a_dead_letter(fleet, model):
    run_cascade(fleet, model(lambda _: CUT).url, model(lambda _: CUT).url)
    job = wire.job(line(), path="nowhere", custom_id="x")
    fleet.send(job)
    fleet.outcomes(1)
    text = fleet.command("show", str(wire.id_of(job))).stdout
    assert "dead letter" in text and "path.unknown" in text and "outcome: dead" in text


def test_a_job_that_is_not_there(fleet, model):
    run_cascade(fleet, model(lambda _: CUT).url, model(lambda _: CUT).url)
    done = fleet.command("show", "0198a3c2-5e1f-8000-b1c3-2f0b6d1a77e0", check=False)
    assert done.returncode == 66 and "nothing is stored of a job" in done.stderr


def test_try_shows_tiers_side_by_side(fleet, model):
    tiny, mid = model(lambda _: scored("CGST_SGST", 0.97)), model(lambda _: scored("IGST", 0.9))
    fleet.configure(cascade(tiny.url, mid.url), RULES)
    write(fleet, "line.json", json.dumps(line(1, within=False), indent=1))
    dry = json.loads(fleet.command("try", "line.json", "--dry", "--json").stdout)
    assert [t["request"] for t in dry["tiers"]] == [line(1, within=False)] * 2
    assert tiny.calls == mid.calls == 0 and "decision" not in dry["tiers"][0]

    first, second = json.loads(fleet.command("try", "line.json", "--json").stdout)["tiers"]
    assert (first["answer"], first["decision"]["verdict"]) == ("CGST_SGST", "escalate")
    assert first["decision"]["reasons"][0]["code"] == "rule.tax_type"
    assert (second["answer"], second["decision"]["verdict"]) == ("IGST", "accept")
    text = fleet.command("try", "line.json", "--tier", "mid").stdout
    assert "rules       kept" in text and "tiny@1" not in text
    assert json.loads(tiny.requests[0].text) == line(1, within=False)


def test_try_when_no_model_answers(fleet):
    dead = {"retry": {"attempts": 1}}
    config = cascade("http://127.0.0.1:1/", "http://127.0.0.1:1/")
    for entry in config["models"].values():
        entry.update(dead)
    fleet.configure(config, RULES)
    write(fleet, "line.json", line())
    done = fleet.command("try", "line.json", check=False)
    assert done.returncode == 69 and "error.connect" in done.stdout


def test_probe_counts(fleet, model):
    def every_fifth_fails(request):
        return CUT if len(tiny.requests) % 5 == 0 else scored(
            "CGST_SGST", 0.97, usage={"input_tokens": 3, "output_tokens": 2})
    tiny = model(every_fifth_fails)
    fleet.configure(cascade(tiny.url, tiny.url), RULES)
    write(fleet, "line.json", line())
    found = json.loads(fleet.command("probe", "tiny", "-n", "20", "--concurrency", "1", "--input",
                                     "line.json", "--json").stdout)
    assert (found["calls"], found["answered"], found["errors"]) == (20, 16, {"error.cut": 4})
    assert tiny.calls == 20 and found["input_tokens"] == 48
    assert found["latency_p50_ms"] <= found["latency_p95_ms"] <= found["latency_most_ms"]
    assert "16 of 20" in fleet.command("probe", "tiny@1", "-n", "20", "-j", "1").stdout
    done = fleet.command("probe", "nope", check=False)
    assert done.returncode == 64 and "no tier and no model" in done.stderr


def test_probe_compares_two(fleet, model):
    """One of which waits: it is slower by that, and fails now and then."""
    turn = itertools.count()

    def late(request):
        time.sleep(0.2)
        return CUT if next(turn) % 4 == 0 else scored("CGST_SGST", 0.97)
    fast = model(lambda _: scored("CGST_SGST", 0.97, usage={"output_tokens": 5}))
    slow = model(late)
    fleet.configure(cascade(fast.url, slow.url), RULES)
    write(fleet, "line.json", line())
    asked = ("probe", "tiny@1", "--compare", "mid", "-n", "40", "-j", "8", "--input", "line.json")
    found = json.loads(fleet.command(*asked, "--seed", "7", "--json").stdout)
    assert (fast.calls, slow.calls) == (40, 40) and found["seed"] == 7
    assert (found["a"]["answered"], found["b"]["answered"]) == (40, 30)
    assert found["median_ms"]["low"] <= found["median_ms"]["difference"] <= found["median_ms"]["high"]
    assert found["failed"]["difference"] == 0.25 and found["failed"]["low"] > 0
    assert found["faster"] == "tiny@1" and found["a"]["output_tokens_per_second"] > 0
    turns = [server for server, _ in sorted(((s, r.at) for s, server in (("a", fast), ("b", slow))
                                             for r in server.requests), key=lambda t: t[1])]
    assert "".join(turns) not in ("a" * 40 + "b" * 40, "ab" * 40)
    text = fleet.command(*asked).stdout
    assert "faster" in text and "tiny@1" in text and "with 95 % certainty" in text
