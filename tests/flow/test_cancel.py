"""taskfit cancel: calls are given up, none is made any more, and each job has its outcome."""
import json
import time
import uuid

import pytest

import wire
from cascade import line, run_cascade, scorer
from models import CUT, busy, scored
from until import until


def submit(fleet, count, *more):
    rows = "".join(json.dumps({"id": f"n{n}", **line(n)}) + "\n" for n in range(count))
    return json.loads(fleet.command("submit", "--path", "invoices", "--json", "--key", str(count),
                                    *more, input=rows).stdout)["batch_id"]


def cancel(fleet, name, *more):
    return json.loads(fleet.command("cancel", name, "--json", *more).stdout)


def batch_row(fleet, batch):
    return fleet.sql("select * from batch_progress where batch_id = %s", batch)[0]


@pytest.fixture
def held(fleet, model):
    """A fleet whose model answers nothing until it is let go; 10 calls at a time."""
    fleet.tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.tiny.hold()
    fleet.worker_tiny, _, _ = run_cascade(fleet, fleet.tiny.url, fleet.tiny.url,
                                          limits={"in_flight": 10})
    return fleet


def test_a_batch_in_flight(held):
    batch = submit(held, 200)
    other = submit(held, 5)
    until(lambda: held.tiny.calls == 10, "10 calls under way")
    before = cancel(held, batch, "--dry-run")
    assert before["open"] == 200 and batch_row(held, batch).cancelled_at is None
    told = cancel(held, batch)
    assert (told["open"], told["before"]) == (200, False)
    until(lambda: batch_row(held, batch).done == 200, "end of the batch")
    row = batch_row(held, batch)
    assert (row.cancelled, row.accepted, row.total) == (200, 0, 200)
    assert held.count("attempts where batch_id = %s and error = 'job.cancelled'", batch) == 200
    assert held.count("attempts where batch_id = %s and calls = 1 and model = 'tiny@1'",
                      batch) == held.worker_tiny.metric("taskfit_calls_given_up_total") > 0
    until(lambda: held.count("attempts where batch_id = %s", other) + held.worker_tiny.metric(
        'taskfit_hops') >= 5, "the other batch")
    held.tiny.release()
    until(lambda: batch_row(held, other).done == 5, "end of the other batch")
    assert batch_row(held, other).accepted == 5
    again = cancel(held, batch)
    assert again["before"] is False and again["cancelled_at"] is None and again["open"] == 0
    watched = held.command("watch", batch).stdout
    assert "cancelled 200" in watched


def test_idempotent_and_in_words(held):
    batch = submit(held, 20)
    until(lambda: held.tiny.calls == 10, "calls")
    held.worker_tiny.child.terminate()
    held.worker_tiny.said("draining")
    assert held.worker_tiny.stop() == 0  # at once: it stays open
    first = cancel(held, batch)
    text = held.command("cancel", batch[:13]).stdout
    assert "was cancelled before" in text and "20 of 20 jobs are open" in text
    assert cancel(held, batch)["cancelled_at"] == first["cancelled_at"]
    calls = held.tiny.calls
    held.worker("tiny", name="second").ready()
    until(lambda: batch_row(held, batch).done == 20, "end of the batch")
    assert held.tiny.calls == calls
    assert "nothing to cancel" in held.command("cancel", batch).stdout


def test_a_job_by_id_and_by_custom_id(held):
    jobs = [wire.job(line(n)) for n in range(3)]
    held.send(*jobs)
    batch = submit(held, 3)
    until(lambda: held.tiny.calls == 6, "calls")
    cancel(held, str(wire.id_of(jobs[1])))
    told = cancel(held, f"{batch}/n2")
    until(lambda: held.count("outcomes where verdict = 'cancelled'") == 2, "two outcomes")
    held.tiny.release()
    outcomes = held.outcomes(6)
    assert outcomes[wire.id_of(jobs[1])].verdict == "cancelled"
    assert outcomes[uuid.UUID(told["job_id"])].custom_id == "n2"
    assert sum(o.verdict == "accept" for o in outcomes.values()) == 4
    done = held.command("cancel", str(wire.id_of(jobs[0]))).stdout
    assert "has its outcome, accept" in done
    assert "cancelled" in held.command("show", str(wire.id_of(jobs[1]))).stdout


def test_a_job_that_waits_for_a_retry(fleet, model):
    """What it has cost stays with it, and it is not tried again."""
    tiny = model(lambda _: busy(15))
    mine = scorer(tiny.url)
    mine["retry"] = {"attempts": 5, "for": "60s"}
    run_cascade(fleet, mine, model(lambda _: CUT).url)
    job = wire.job(line())
    fleet.send(job)
    until(lambda: tiny.calls == 1, "the first call")
    cancel(fleet, str(wire.id_of(job)))
    outcome, = fleet.outcomes(1, timeout=10).values()
    attempt, = fleet.attempts(job)
    assert outcome.verdict == "cancelled"
    assert (attempt.error, attempt.calls, attempt.http_status) == ("job.cancelled", 1, 429)


def test_a_job_that_is_not_there_yet(held):
    held.tiny.release()
    job = wire.job(line())
    text = held.command("cancel", str(wire.id_of(job))).stdout
    assert "nothing is stored of it yet" in text
    held.send(job)
    assert held.outcomes(1)[wire.id_of(job)].verdict == "cancelled" and held.tiny.calls == 0


def test_nothing_of_that_name(held):
    done = held.command("cancel", "nope", check=False)
    assert done.returncode == 66 and "nope" in done.stderr


def test_expired_while_it_waits_for_room(held):
    """Jobs behind a full model end at their deadline, uncalled."""
    blockers = [wire.job(line(n)) for n in range(10)]
    held.send(*blockers)
    until(lambda: held.tiny.calls == 10, "10 calls under way")
    late = [wire.job(line(n), deadline_ms=int(time.time() * 1000) + 1500) for n in range(5)]
    held.send(*late)
    until(lambda: held.count("outcomes where verdict = 'expired'") == 5, "five that expired")
    assert held.tiny.calls == 10
    held.tiny.release()
    outcomes = held.outcomes(15)
    assert all(outcomes[wire.id_of(job)].verdict == "accept" for job in blockers)
    assert all(held.attempts(job)[0].calls == 0 for job in late)
