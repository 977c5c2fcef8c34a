"""A worker that stood still for longer than its group waits: others did its work meanwhile."""
import signal

import wire
from cascade import RULES, cascade, line
from models import CUT, scored
from until import until

JOBS = 20


def test_what_others_stored_meanwhile_is_not_called(fleet, model):
    """It wakes with admitted jobs in hand, and acts before it can hear that they are no longer its."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.configure(cascade(tiny.url, model(lambda _: CUT).url), RULES)
    fleet.config["tiers"]["tiny"]["in_flight"] = 1
    fleet.config["kafka"]["session_timeout"] = "6s"
    fleet.write_config()
    fleet.init()
    fleet.escalator()
    sleeper = fleet.worker("tiny", name="sleeper").ready()
    tiny.hold()
    fleet.send(*[wire.job(line(n)) for n in range(JOBS)])
    until(lambda: sleeper.metric('taskfit_hops{step="ready"}') == JOBS - 1, "jobs ready for a call")
    sleeper.child.send_signal(signal.SIGSTOP)
    tiny.release()
    fleet.worker("tiny", name="other")
    fleet.outcomes(JOBS)
    assert tiny.repeats == 1  # the call that was under way when the worker stood still
    sleeper.child.send_signal(signal.SIGCONT)
    sleeper.said(r"partitions are going \(lost\)")
    assert sleeper.stop() == 0
    assert tiny.repeats == 1
    assert fleet.count("attempts") == JOBS
