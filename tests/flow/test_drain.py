"""SIGTERM: what is in hand is brought to its end, then exit 0; nothing lost, nothing repeated."""
import signal

import pytest

import wire
from cascade import RULES, cascade, line, scorer
from models import CUT, busy, scored
from until import until


def test_calls_under_way_are_finished(fleet, model):
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    tiny.hold()
    fleet.configure(cascade(tiny.url, model(lambda _: CUT).url, limits={"in_flight": 20}), RULES)
    fleet.init()
    worker, escalator = fleet.worker("tiny"), fleet.escalator()
    fleet.send(*[wire.job(line(n)) for n in range(100)])
    until(lambda: tiny.calls == 20, "20 calls under way")
    worker.child.send_signal(signal.SIGTERM)
    worker.said("draining")
    tiny.release()
    assert worker.ended() == 0, worker.log
    assert fleet.count("attempts") == 20 and tiny.calls == 20
    fleet.worker("tiny")
    fleet.outcomes(100)
    assert tiny.calls == 100 and tiny.repeats == 0
    assert escalator.stop() == 0, escalator.log


def test_restarts_under_load_repeat_nothing(fleet, model):
    stub = fleet.stub("--latency", "20", "--labels", "CGST_SGST")
    fleet.configure(cascade(stub.base + "/score", stub.base + "/score",
                            limits={"in_flight": 50}), RULES)
    fleet.init()
    fleet.worker("mid")
    fleet.send(*[wire.job(line(n)) for n in range(2000)])
    for n in range(3):
        worker, escalator = fleet.worker("tiny"), fleet.escalator()
        until(lambda: fleet.count("attempts where hop = 0") >= 400 * (n + 1), "more attempts")
        assert worker.stop() == 0, worker.log
        assert escalator.stop() == 0, escalator.log
    fleet.worker("tiny")
    fleet.escalator()
    fleet.outcomes(2000)
    assert stub.stats()["repeats"] == 0


def test_a_second_signal_leaves_at_once(fleet, model):
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    tiny.hold()
    fleet.configure(cascade(tiny.url, model(lambda _: CUT).url), RULES)
    fleet.init()
    worker = fleet.worker("tiny")
    fleet.escalator()
    fleet.send(wire.job(line()))
    until(lambda: tiny.calls == 1, "the call")
    worker.child.send_signal(signal.SIGTERM)
    worker.said("draining")
    worker.child.send_signal(signal.SIGTERM)
    assert worker.ended() == 0
    tiny.release()
    fleet.worker("tiny")
    fleet.outcomes(1)
    assert tiny.calls == 2


def test_drain_deadline(fleet, model):
    """A call that outlasts the deadline is left to the next start."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    tiny.hold()
    fleet.configure(cascade(tiny.url, model(lambda _: CUT).url, limits={"drain": "300ms"}), RULES)
    fleet.init()
    worker = fleet.worker("tiny")
    fleet.send(wire.job(line()))
    until(lambda: tiny.calls == 1, "the call")
    assert worker.stop() == 0
    assert "drain deadline" in worker.log
    tiny.release()
    fleet.worker("tiny")
    fleet.escalator()
    fleet.outcomes(1)


def test_what_waits_for_a_retry_goes_back(fleet, model):
    """Neither a hop that waits nor one whose call ends in a refusal holds up the drain."""
    tiny = model(lambda request: busy(15) if len(tiny.requests) <= 2
                 else scored("CGST_SGST", 0.97))
    mine = scorer(tiny.url)
    mine["retry"] = {"attempts": 5, "for": "60s"}
    fleet.configure(cascade(mine, model(lambda _: CUT).url), RULES)
    fleet.init()
    worker = fleet.worker("tiny").ready()
    fleet.escalator()
    fleet.send(wire.job(line(0)))
    until(lambda: worker.metric("taskfit_retries_total") == 1, "the wait for a retry")
    tiny.hold()
    fleet.send(wire.job(line(1)))
    until(lambda: tiny.calls == 2, "the call")
    worker.child.send_signal(signal.SIGTERM)
    worker.said("draining")
    tiny.release()
    assert worker.ended() == 0, worker.log  # long before either wait is over
    assert fleet.count("attempts") == 0
    fleet.worker("tiny", name="second")
    fleet.outcomes(2)
    assert tiny.calls == 4


@pytest.fixture
def holding(fleet, model):
    """Worker and escalator, and a model that holds its answers."""
    fleet.tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.tiny.hold()
    fleet.configure(cascade(fleet.tiny.url, fleet.tiny.url, limits={"drain": "5m"}), RULES)
    fleet.init()
    fleet.up = fleet.worker("tiny").ready(), fleet.escalator().ready()
    return fleet


def answers_that_wait(fleet, count):
    """Within an outage of the database: answers that were paid for and cannot be stored."""
    fleet.up[0].said("waiting for it")
    fleet.tiny.release()
    until(lambda: f'taskfit_hops{{step="storing"}} {count}' in fleet.up[0]._get("/metrics"),
          "rows that cannot be stored")


def test_answers_wait_for_the_database(holding):
    """They were paid for: the drain waits as long as it may, and the database is soon back."""
    fleet, worker = holding, holding.up[0]
    fleet.send(*[wire.job(line(n)) for n in range(10)])
    until(lambda: fleet.tiny.calls == 10, "10 calls under way")
    with fleet.stack.without("postgres"):
        answers_that_wait(fleet, 10)
        worker.child.send_signal(signal.SIGTERM)
        worker.said("10 answers that were paid for wait for the database")
    assert worker.ended(60) == 0, worker.log
    assert fleet.count("attempts") == 10
    fleet.worker("tiny", name="again")
    fleet.outcomes(10)
    assert fleet.tiny.repeats == 0


def test_the_deadline_ends_an_outage(holding):
    """With 0, and the next start goes on."""
    fleet = holding
    fleet.up[0].kill()
    fleet.config["limits"]["drain"] = "1s"
    fleet.write_config()
    worker = fleet.worker("tiny", name="brief").ready()
    fleet.up = worker, fleet.up[1]
    fleet.send(*[wire.job(line(n)) for n in range(10)])
    until(lambda: fleet.tiny.calls == 10, "10 calls under way")
    with fleet.stack.without("postgres"):
        answers_that_wait(fleet, 10)
        assert worker.stop() == 0, worker.log
        assert "drain deadline" in worker.log
    fleet.worker("tiny", name="again")
    outcomes = fleet.outcomes(10)
    assert {o.verdict for o in outcomes.values()} == {"accept"}
    assert fleet.tiny.repeats <= 10


@pytest.mark.parametrize("role", ["worker", "escalator"])
def test_what_cost_nothing_does_not_wait_for_the_database(holding, role):
    """Jobs not called yet, and results: their records come again."""
    fleet = holding
    program = fleet.up[role == "escalator"]
    program.child.send_signal(signal.SIGSTOP)
    if role == "escalator":
        fleet.tiny.release()
        fleet.send(*[wire.job(line(n)) for n in range(10)])
        fleet.read_topic("results", 10)
    with fleet.stack.without("postgres"):
        if role == "worker":
            fleet.send(*[wire.job(line(n)) for n in range(10)])
        program.child.send_signal(signal.SIGCONT)
        until(lambda: 'taskfit_hops{step="all"} 10' in program._get("/metrics"), "10 in hand")
        assert program.stop() == 0, program.log
        assert "drain deadline" not in program.log
    fleet.tiny.release()
    (fleet.worker("tiny", name="again") if role == "worker" else fleet.escalator(name="again"))
    fleet.outcomes(10)
    assert fleet.tiny.repeats == 0


def test_while_the_brokers_are_away(fleet, model):
    """What is stored and cannot be published is published by the next start, uncalled."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    tiny.hold()
    fleet.configure(cascade(tiny.url, tiny.url, limits={"drain": "1s"}), RULES)
    fleet.init()
    worker = fleet.worker("tiny").ready()
    fleet.send(*[wire.job(line(n)) for n in range(10)])
    until(lambda: tiny.calls == 10, "10 calls under way")
    with fleet.stack.without("kafka"):
        tiny.release()
        until(lambda: fleet.count("attempts") == 10, "attempts")
        assert worker.stop(timeout=15) == 0, worker.log  # not as long as a request may take
    fleet.worker("tiny", name="again")
    fleet.escalator()
    fleet.outcomes(10)
    assert tiny.calls == 10
