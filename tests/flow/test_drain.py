"""SIGTERM: what is in hand is brought to its end, then exit 0; nothing lost, nothing repeated."""
import signal

import wire
from cascade import RULES, cascade, line
from models import CUT, scored
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
