"""Who is right more often on the same jobs: `taskfit compare`."""
import json

from cascade import RULES, cascade
from models import scored

JOBS = 60


def truth(n):
    return "IGST" if n % 2 else "CGST_SGST"


def wrong(n):
    return "CGST_SGST" if n % 2 else "IGST"


def run_both(fleet, model):
    """Jobs that all tiers answer: tiny is wrong on every third, mid on every twentieth."""
    tiny = model(lambda r: scored((wrong if r.body["n"] % 3 == 0 else truth)(r.body["n"]), 0.95))
    mid = model(lambda r: scored((wrong if r.body["n"] % 20 == 0 else truth)(r.body["n"]), 0.95))
    config = cascade(tiny.url, mid.url)
    config["paths"]["invoices"].pop("rules")
    fleet.configure(config, RULES)
    fleet.init()
    for program in (fleet.worker("tiny"), fleet.worker("mid"), fleet.escalator()):
        program.ready()
    (fleet.directory / "lines.ndjson").write_text("".join(
        json.dumps({"id": f"L{n}", "n": n}) + "\n" for n in range(JOBS)))
    fleet.command("submit", "lines.ndjson", "--all-tiers")
    fleet.command("watch")


def label(fleet, numbers):
    (fleet.directory / "labels.ndjson").write_text("".join(
        json.dumps({"custom_id": f"L{n}", "answer": truth(n), "labeler": "anna"}) + "\n"
        for n in numbers))
    fleet.command("label", "import", "labels.ndjson", "--batch", "lines.ndjson")


def compared(fleet, *arguments):
    return json.loads(fleet.command("compare", *arguments, "--json").stdout)


def test_a_winner_only_with_significance(fleet, model):
    run_both(fleet, model)
    found = compared(fleet, "tiny", "mid")
    assert (found["jobs"], found["labelled"], found["winner"]) == (JOBS, 0, None)
    assert found["agreement"] == 1 - 21 / JOBS  # 20 thirds and 3 twentieths, 2 of them both wrong
    assert "no job of these has a label" in fleet.command("compare", "tiny", "mid").stdout

    label(fleet, range(21))  # 7 that only mid has right, 1 that neither, 1 that only tiny
    found = compared(fleet, "tiny", "mid")
    assert (found["labelled"], found["winner"]) == (21, None)
    assert (found["only_b_right"], found["only_a_right"], found["neither_right"]) == (6, 1, 1)
    text = fleet.command("compare", "tiny", "mid").stdout
    assert "mid is ahead; if it goes on so, about" in text and "winner       none" in text

    label(fleet, range(JOBS))
    found = compared(fleet, "tiny@1", "mid@1")
    assert found["winner"] == "mid@1" and found["unsure"] == 0
    assert (found["a"]["accuracy"], found["b"]["accuracy"]) == (40 / JOBS, 57 / JOBS)
    assert (found["both_right"], found["only_a_right"], found["only_b_right"],
            found["neither_right"]) == (38, 2, 19, 1)
    assert abs(found["p_once"] - 2 * sum(c for c in (1, 21, 210)) / 2 ** 21) < 1e-12
    assert found["p_always"] > found["p_once"]
    assert sorted((d["label"], d["a"], d["b"], d["jobs"]) for d in found["differences"]) == [
        ("CGST_SGST", "CGST_SGST", "IGST", 2), ("CGST_SGST", "IGST", "CGST_SGST", 9),
        ("IGST", "CGST_SGST", "IGST", 10)]
    assert found["a"]["cost_usd"] == 0.00006 and found["b"]["latency_p95_ms"] >= 0
    text = fleet.command("compare", "tiny", "mid", "--path", "invoices").stdout
    for words in ("winner       mid", "where they differ most", "only B was right, for example",
                  "60 that both answered, 60 of them labelled"):
        assert words in text


def test_what_jobs_came_to_against_a_tier_and_a_batch_against_another(fleet, model):
    run_both(fleet, model)
    label(fleet, range(JOBS))
    fleet.command("submit", "lines.ndjson", "--key", "plain")
    fleet.command("watch")
    every, plain = [str(r.id) for r in fleet.sql("select id from batches order by id")]
    outcomes = compared(fleet, "tiny", "outcomes", "--batch", plain)
    assert outcomes["agreement"] == 1 and outcomes["labelled"] == 0  # tiny was sure of all
    # Jobs that all tiers answered wait for people, and so have no answer yet.
    found = compared(fleet, every, plain)
    assert (found["jobs"], found["labelled"], found["agreement"]) == (JOBS, JOBS, 0)
    assert (found["only_b_right"], found["winner"]) == (40, plain)
    assert found["a"]["kind"] == found["b"]["kind"] == "batch"


def test_prompts_and_policies_of_the_same_lines(fleet, model):
    """Another prompt, and with it another policy, answers the same lines in another batch."""
    def answer(request):
        n = request.body["n"]
        bad = n % 4 == 0 if request.body["hint"] == "short" else n % 40 == 0
        return scored((wrong if bad else truth)(n), 0.95)
    server = model(answer)
    config = cascade(server.url, server.url)
    config["paths"]["invoices"].pop("rules")
    batches = []
    for hint in ("short", "long"):
        config["models"]["tiny@1"]["prompt"] = '{n: .n, hint: "%s"}' % hint
        config["paths"]["invoices"]["accept"]["tiny"] = 0.9 if hint == "short" else 0.91
        fleet.configure(config, RULES)
        fleet.init()
        programs = fleet.worker("tiny", name=f"tiny-{hint}"), fleet.escalator(name=f"e-{hint}")
        for program in programs:
            program.ready()
        (fleet.directory / "lines.ndjson").write_text("".join(
            json.dumps({"id": f"L{n}", "n": n}) + "\n" for n in range(JOBS)))
        fleet.command("submit", "lines.ndjson", "--key", hint)
        fleet.command("watch")
        batches.append(str(fleet.sql("select id from batches where key = %s", hint)[0].id))
        for program in programs:
            program.stop()
    rows = fleet.sql("select prompt, policy from attempts a join decisions d using (job_id, hop)"
                     " group by 1, 2 order by min(a.started_at)")
    (short, old), (long, new) = rows
    assert short != long and old != new
    (fleet.directory / "labels.ndjson").write_text("".join(
        json.dumps({"custom_id": f"L{n}", "answer": truth(n), "labeler": "anna"}) + "\n"
        for n in range(JOBS)))
    fleet.command("label", "import", "labels.ndjson", "--batch", batches[0])
    for kind, a, b in (("prompt", short, long), ("policy", old, new)):
        found = compared(fleet, a, b)
        assert (found["a"]["kind"], found["b"]["name"], found["by_custom_id"]) == (kind, b, True)
        assert (found["jobs"], found["labelled"], found["only_b_right"], found["only_a_right"],
                found["neither_right"]) == (JOBS, JOBS, 13, 0, 2)
        assert found["winner"] == b
    # Every fourth is even, so its right answer is CGST_SGST, and the short prompt said IGST.
    assert found["differences"] == [
        {"label": "CGST_SGST", "a": "IGST", "b": "CGST_SGST", "jobs": 13}]
    text = fleet.command("compare", short, long).stdout
    for words in ("60 of them labelled; the same by their custom ids", "what they say differently",
                  "100.0 %"):
        assert words in text, text


def test_names_that_mean_nothing(fleet, model):
    run_both(fleet, model)
    done = fleet.command("compare", "tiny", "huge", check=False)
    assert done.returncode == 66 and "'huge' is no model, tier or version of a prompt" in done.stderr
    done = fleet.command("compare", "tiny", "mid", "--path", "other", check=False)
    assert done.returncode == 66 and "no job that both" in done.stderr
