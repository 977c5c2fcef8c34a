"""Each limit is reached: what happens then is a reason code, or a wait, never a crash or a stall."""
import json
import signal
import threading
import time

import pytest

import wire
from cascade import RULES, cascade, line, run_cascade, scorer
from models import page, scored
from until import until

SURE, UNSURE = 0.97, 0.5


def sure(_):
    return scored("CGST_SGST", SURE)


def unsure(_):
    return scored("CGST_SGST", UNSURE)


def start(fleet, tiny, mid, limits=None, **tier):
    """Two tiers; limits: the path's, tier: of mid."""
    fleet.configure(cascade(tiny, mid), RULES)
    fleet.config["paths"]["invoices"]["limits"] = limits or {}
    fleet.config["tiers"]["mid"].update(tier)
    fleet.write_config()
    fleet.init()
    fleet.worker("tiny")
    fleet.worker("mid")
    fleet.escalator()


def send_to_one_partition(fleet, count):
    for n in range(count):
        job = wire.job(line(n))
        fleet.producer.produce(fleet.topic("jobs.tiny"), job.SerializeToString(), job.id, partition=0)
    assert fleet.producer.flush(30) == 0


@pytest.mark.parametrize("limits, reason", [
    ({"hops": 1}, "limit.hops"),
    ({"spend": "0.000001"}, "limit.spend"),
    ({}, "limit.tiers"),
], ids=["hops", "spend", "tiers"])
def test_a_job_that_may_not_move_on(fleet, model, limits, reason):
    """An answer that is unsure goes to people when the path's limits let it go no further."""
    tiny, mid = model(unsure), model(unsure)
    start(fleet, tiny.url, mid.url, limits)
    job = wire.job(line())
    fleet.send(job)
    outcome = fleet.outcomes(1)[wire.id_of(job)]
    assert (outcome.verdict, outcome.reasons) == ("review", ["confidence.low", reason])
    assert (tiny.calls, mid.calls) == (1, 1 if reason == "limit.tiers" else 0)


def test_a_deadline(fleet, model):
    """Passed while the job waited: no model is called."""
    tiny = model(sure)
    run_cascade(fleet, tiny.url, tiny.url)
    late = wire.job(line(), created_ms=1, deadline_ms=2)
    fleet.send(late)
    outcome = fleet.outcomes(1)[wire.id_of(late)]
    assert (outcome.verdict, outcome.reasons) == ("expired", ["job.expired"])
    assert tiny.calls == 0 and fleet.attempts(late)[0].error == "job.expired"


def test_a_deadline_that_the_next_tier_would_miss(fleet, model):
    tiny, mid = model(unsure), model(sure)
    start(fleet, tiny.url, mid.url, usual="1h")
    job = wire.job(line(), deadline_ms=int((time.time() + 600) * 1000))
    fleet.send(job)
    outcome = fleet.outcomes(1)[wire.id_of(job)]
    assert (outcome.verdict, outcome.reasons) == ("review", ["confidence.low", "limit.deadline"])
    assert mid.calls == 0


def start_config(fleet, config):
    fleet.configure(config, RULES)
    fleet.init()
    return fleet.worker("tiny").ready(), fleet.worker("mid").ready(), fleet.escalator().ready()


def by_tier(fleet, job):
    return [(a.tier, a.error, a.calls) for a in fleet.attempts(job)]


@pytest.mark.parametrize("mid_usual, outcome", [
    ("1s", ("accept", [])), ("1h", ("review", ["deadline.near", "limit.deadline"]))])
def test_a_deadline_that_this_tier_would_miss(fleet, model, mid_usual, outcome):
    """It is not called, and goes to where there is time enough; or nowhere, if that is nowhere."""
    tiny, mid = model(sure), model(sure)
    config = cascade(tiny.url, mid.url)
    config["tiers"]["tiny"]["usual"] = "1h"
    config["tiers"]["mid"]["usual"] = mid_usual
    start_config(fleet, config)
    job = wire.job(line(), deadline_ms=int((time.time() + 600) * 1000))
    fleet.send(job)
    got = fleet.outcomes(1)[wire.id_of(job)]
    assert (got.verdict, got.reasons) == outcome and tiny.calls == 0
    assert by_tier(fleet, job)[0] == ("tiny", "deadline.near", 0)
    assert fleet.decisions(job)[0].reasons[0] == "deadline.near"


def test_a_deadline_that_this_tier_would_miss_as_measured(fleet, model):
    tiny, mid = fleet.stub("--latency", "4000", "--labels", "CGST_SGST"), model(sure)
    config = cascade(tiny.base + "/score", mid.url)
    config["paths"]["invoices"]["accept"]["tiny"] = 0
    start_config(fleet, config)
    fleet.send(*[wire.job(line(n)) for n in range(60)])
    fleet.outcomes(60)
    job = wire.job(line(), deadline_ms=int((time.time() + 3.5) * 1000))
    fleet.send(job)
    fleet.outcomes(61)
    assert by_tier(fleet, job) == [("tiny", "deadline.near", 0), ("mid", None, 1)]


def test_the_latency_of_a_tier(fleet, model):
    """A call is cut short at it, which is nothing against the model."""
    tiny, mid = model(sure), model(sure)
    tiny.hold()
    config = cascade(tiny.url, mid.url)
    config["tiers"]["tiny"]["latency"] = "500ms"
    worker = start_config(fleet, config)[0]
    job = wire.job(line())
    fleet.send(job)
    assert fleet.outcomes(1)[wire.id_of(job)].verdict == "accept" and tiny.calls == 1
    assert by_tier(fleet, job) == [("tiny", "limit.latency", 1), ("mid", None, 1)]
    assert worker.metric("taskfit_model_state") == 0


def test_the_latency_of_a_tier_without_room(fleet, model):
    """The call before it began without that limit, and has all the room there is."""
    tiny, mid = model(sure), model(sure)
    tiny.hold()
    config = cascade(tiny.url, mid.url)
    config["tiers"]["tiny"]["in_flight"] = 1
    worker = start_config(fleet, config)[0]
    fleet.send(wire.job(line()))
    until(lambda: tiny.calls == 1, "a call")
    fleet.config["tiers"]["tiny"]["latency"] = "500ms"
    fleet.write_config()
    worker.child.send_signal(signal.SIGHUP)
    worker.said("holds for what is taken")
    job = wire.job(line())
    fleet.send(job)
    fleet.outcomes(1)
    assert by_tier(fleet, job) == [("tiny", "limit.latency", 0), ("mid", None, 1)]
    assert tiny.calls == 1


def test_a_batch_that_has_spent_its_cap(fleet, model):
    """One job after the other, each for 0.000001: what comes after the cap is not called."""
    tiny = model(sure)
    run_cascade(fleet, tiny.url, tiny.url, limits={"hops": 1, "in_flight": 1})
    rows = "".join(json.dumps({"id": f"n{n}", **line(n)}) + "\n" for n in range(30))
    told = fleet.command("submit", "--json", "--spend-cap", "0.000003", input=rows).stdout
    batch = json.loads(told)["batch_id"]
    outcomes = fleet.outcomes(30).values()
    over = [o for o in outcomes if o.reasons == ["spend.batch"]]
    assert tiny.calls == 3 and {o.verdict for o in over} == {"review"} and len(over) == 27
    assert fleet.sql("select cost_pico_usd from batches where id = %s", batch) == [(3_000_000,)]


def test_a_cap_that_is_reached_while_jobs_wait(fleet, model):
    """What a worker had admitted before is not called either, within a second or two."""
    may_answer = threading.Semaphore(0)
    tiny = model(lambda request: (may_answer.acquire(), sure(request))[1])
    worker, *_ = run_cascade(fleet, tiny.url, tiny.url, limits={"in_flight": 5})
    rows = "".join(json.dumps({"id": f"n{n}", **line(n)}) + "\n" for n in range(40))
    fleet.command("submit", "--spend-cap", "0.000003", input=rows)
    until(lambda: worker.metric('taskfit_hops{step="ready"}') == 35, "35 that wait")
    may_answer.release(5)
    until(lambda: fleet.count("attempts where error = 'spend.batch'") == 30, "the end of the others")
    may_answer.release(5)
    outcomes = fleet.outcomes(40).values()
    assert tiny.calls == 10 and sum(o.verdict == "accept" for o in outcomes) == 10


def test_calls_at_a_time(fleet, model):
    """Of a process, whatever waits: 7 of 40 are called, and the next when one is stored."""
    tiny = model(sure)
    tiny.hold()
    worker, *_ = run_cascade(fleet, tiny.url, tiny.url, limits={"in_flight": 7})
    fleet.send(*[wire.job(line(n)) for n in range(40)])
    until(lambda: worker.metric('taskfit_hops{step="ready"}') == 33, "33 that wait")
    until(lambda: tiny.calls >= 7, "calls on their way")
    assert tiny.calls == 7
    tiny.release()
    fleet.outcomes(40)
    assert tiny.repeats == 0


def test_jobs_in_memory(fleet, model):
    """10 of 40 are taken; the others stay with the brokers."""
    tiny = model(sure)
    tiny.hold()
    worker, *_ = run_cascade(fleet, tiny.url, tiny.url, limits={"hops": 10, "in_flight": 5})
    send_to_one_partition(fleet, 40)
    until(lambda: worker.metric('taskfit_hops{step="ready"}') == 5, "5 that wait")
    until(lambda: worker.metric("taskfit_backlog_jobs") == 30, "the backlog")
    assert worker.metric("taskfit_jobs_taken_total") == 10 and tiny.calls == 5
    tiny.release()
    fleet.outcomes(40)


def test_the_span_of_offsets(fleet, model):
    """One slow job holds back the commit: others overtake it, but not without end."""
    go_on = threading.Event()
    tiny = model(lambda request: (request.body["line"] == 0 and go_on.wait(60), sure(request))[1])
    worker, *_ = run_cascade(fleet, tiny.url, tiny.url, limits={"offset_span": 20})
    send_to_one_partition(fleet, 60)
    until(lambda: fleet.count("attempts") == 19, "those within the span")
    assert worker.metric("taskfit_jobs_taken_total") == 20
    go_on.set()
    fleet.outcomes(60)
    assert tiny.repeats == 0


@pytest.mark.parametrize("retry, calls", [
    ({"attempts": 2, "for": "20s"}, 2), ({"attempts": 9, "for": "0"}, 1)], ids=["attempts", "for"])
def test_retries(fleet, model, retry, calls):
    tiny = model(lambda _: page(status=502))
    mine = scorer(tiny.url)
    mine["retry"] = {**retry, "base": "1ms", "cap": "2ms"}
    run_cascade(fleet, mine, model(sure).url)
    job = wire.job(line())
    fleet.send(job)
    fleet.outcomes(1)
    attempt = fleet.attempts(job)[0]
    assert (attempt.error, attempt.calls, tiny.calls) == ("error.server", calls, calls)


def test_header_lines_of_a_reply(fleet, model):
    many = {f"X-{n}": "x" * 500 for n in range(90)}
    more = {f"X-{n}": "x" * 500 for n in range(140)}
    tiny = model(lambda _: (200, more, '{"answer": "CGST_SGST", "confidence": 0.97}'))
    mid = model(lambda _: (200, many, '{"answer": "CGST_SGST", "confidence": 0.97}'))
    run_cascade(fleet, tiny.url, mid.url)
    job = wire.job(line())
    fleet.send(job)
    outcome = fleet.outcomes(1)[wire.id_of(job)]
    assert fleet.attempts(job)[0].error == "error.too_large"
    assert (outcome.verdict, outcome.tier) == ("accept", "mid")
