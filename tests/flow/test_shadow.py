"""Shadow models: asked what a tier's own were asked, stored beside, never decided upon."""
import json

import pytest

import wire
from cascade import RULES, cascade, line, scorer
from models import CUT, busy, page, scored
from until import until


def start(fleet, model, rule, share=1, own=lambda _: scored("CGST_SGST", 0.97), **more):
    """The tier tiny with a shadow that answers by rule."""
    fleet.tiny, fleet.shade, fleet.mid = model(own), model(rule), model(own)
    config = cascade(fleet.tiny.url, fleet.mid.url, **more)
    config["models"]["shade@1"] = scorer(fleet.shade.url, price={"call": "0.5"}, timeout="2s")
    config["tiers"]["tiny"]["shadow"] = [{"use": "shade@1", "share": share}]
    fleet.configure(config, RULES)
    fleet.init()
    fleet.escalator().ready()
    return fleet.worker("tiny").ready()


def submit(fleet, count, *more):
    rows = "".join(json.dumps({"id": f"n{n}", **line(n)}) + "\n" for n in range(count))
    return json.loads(fleet.command("submit", "--path", "invoices", "--json", *more,
                                    input=rows).stdout)["batch_id"]


def test_stored_shown_compared_and_counted_apart(fleet, model):
    worker = start(fleet, model, lambda _: scored("IGST", 0.4))
    batch = submit(fleet, 20)
    fleet.outcomes(20)
    until(lambda: fleet.count("shadow_attempts") == 20, "20 shadows")
    assert (fleet.tiny.calls, fleet.shade.calls, fleet.mid.calls) == (20, 20, 0)
    assert fleet.count("shadow_attempts where model = 'shade@1' and answer #>> '{}' = 'IGST'"
                       " and confidence = 0.4 and hop = 0 and tier = 'tiny'"
                       " and batch_id = %s", batch) == 20
    assert not set(fleet.tiny.keys) & set(fleet.shade.keys)
    assert worker.metric("taskfit_shadow_attempts_total") == 20
    assert worker.metric("taskfit_shadows_given_up_total") == 0
    watched = json.loads(fleet.command("watch", batch, "--once", "--json").stdout)
    assert (watched["cost_usd"], watched["shadow_cost_usd"]) == (0.00002, 10)
    assert "shadows $10" in fleet.command("watch", batch, "--once").stdout
    assert fleet.sql("select sum(cost_pico_usd) as n from attempts")[0].n == 20_000_000
    shown = json.loads(fleet.command("show", "n3", "--json").stdout)
    shadow, = shown["hops"][0]["shadows"]
    assert (shadow["model"], shadow["answer"], shadow["cost_usd"]) == ("shade@1", "IGST", 0.5)
    assert (shown["answer"], shown["cost_usd"]) == ("CGST_SGST", 0.000001)
    assert 'shade@1: "IGST", confidence 0.4' in fleet.command("show", "n3").stdout
    right = "custom_id,answer\n" + "".join(f"n{n},CGST_SGST\n" for n in range(20))
    (fleet.directory / "right.csv").write_text(right)
    fleet.command("label", "import", "right.csv", "--batch", batch, "--by", "anna")
    compared = json.loads(fleet.command("compare", "tiny@1", "shade@1", "--json").stdout)
    assert compared["jobs"] == 20 and compared["winner"] == "tiny@1"


def test_a_share_of_jobs_and_the_same_at_a_replay(fleet, model):
    worker = start(fleet, model, lambda _: scored("IGST", 0.4), share=0.3)
    fleet.send(*[wire.job(line(n)) for n in range(200)])
    fleet.outcomes(200)
    until(lambda: fleet.count("shadow_attempts") == fleet.shade.calls > 0, "all shadows stored")
    drawn = fleet.shade.calls
    assert 30 < drawn < 95
    worker.stop()
    again = fleet.set_back("jobs.tiny")
    second = fleet.worker("tiny", name="again").ready()
    until(lambda: second.metric("taskfit_jobs_known_total") == again == 200, "the replay")
    assert (fleet.tiny.calls, fleet.shade.calls) == (200, drawn)


@pytest.mark.parametrize("reply, error", [
    (busy(0), "error.busy"), (page(status=500), "error.server"), (CUT, "error.cut"),
    (page(), "error.reply"),
])
def test_one_that_fails_is_tried_once_and_nobody_minds(fleet, model, reply, error):
    start(fleet, model, lambda _: reply)
    fleet.send(wire.job(line()))
    outcome, = fleet.outcomes(1).values()
    assert (outcome.verdict, outcome.tier, outcome.answer) == ("accept", "tiny", "CGST_SGST")
    until(lambda: fleet.count("shadow_attempts where error = %s", error) == 1, "the error's row")
    assert fleet.shade.calls == 1


def test_one_that_hangs_delays_nothing(fleet, model):
    """No more calls than may be; what comes beyond is not made; a drain does not wait for them."""
    worker = start(fleet, model, lambda _: scored("IGST", 0.4), limits={"shadows": 3})
    fleet.config["models"]["shade@1"]["timeout"] = "1h"
    fleet.write_config()
    worker.stop()
    worker = fleet.worker("tiny", name="patient").ready()
    fleet.shade.hold()
    fleet.send(*[wire.job(line(n)) for n in range(100)])
    fleet.outcomes(100)
    until(lambda: fleet.shade.calls == 3, "3 shadows under way")
    until(lambda: worker.metric("taskfit_shadows_given_up_total") == 94, "94 given up")
    until(lambda: worker.metric("taskfit_hops") == 6, "no hop in hand but 6 shadows")
    assert worker.stop() == 0
    assert fleet.count("shadow_attempts") == 0 and fleet.shade.calls == 3


def test_cancelled_jobs_have_none(fleet, model):
    worker = start(fleet, model, lambda _: scored("IGST", 0.4), limits={"in_flight": 5})
    fleet.shade.hold()
    batch = submit(fleet, 5)
    fleet.outcomes(5)
    until(lambda: fleet.shade.calls == 5, "5 shadows under way")
    fleet.sql_run("update batches set cancelled_at = clock_timestamp() where id = %s", batch)
    until(lambda: worker.metric("taskfit_shadows_given_up_total") == 5, "5 given up")


def test_nor_those_that_are_cancelled_before_the_answer(fleet, model):
    start(fleet, model, lambda _: scored("IGST", 0.4))
    fleet.tiny.hold()
    given_up, answered = wire.job(line(1)), wire.job(line(2))
    fleet.send(given_up)
    until(lambda: fleet.tiny.calls == 1, "a call under way")
    fleet.command("cancel", str(wire.id_of(given_up)))
    assert fleet.outcomes(1)[wire.id_of(given_up)].verdict == "cancelled"
    fleet.tiny.release()
    fleet.send(answered)
    until(lambda: fleet.sql("select from shadow_attempts where job_id = %s", wire.id_of(answered)),
          "the other's shadow")
    assert fleet.shade.calls == fleet.count("shadow_attempts") == 1


def test_one_that_was_switched_to_is_no_shadow(fleet, model):
    worker = start(fleet, model, lambda _: scored("IGST", 0.97))
    fleet.command("switch", "tiny", "shade@1", "--by", "anna")
    worker.said("tier tiny is switched")
    fleet.send(wire.job(line(within=False)))
    fleet.outcomes(1)
    assert (fleet.tiny.calls, fleet.shade.calls) == (0, 1)
    fleet.command("switch", "tiny", "--undo", "--by", "anna")
    worker.said("configuration hold again")
    fleet.send(wire.job(line()))
    until(lambda: fleet.count("shadow_attempts") == 1, "a shadow again")
    assert (fleet.tiny.calls, fleet.shade.calls) == (1, 2)
