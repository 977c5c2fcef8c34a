"""/healthz says that the process lives, /readyz that it can work."""
import signal
import urllib.error

import pytest

import wire
from cascade import RULES, cascade, line
from models import scored
from until import until


def is_alive(program):
    return program._get("/healthz") == "alive\n"


def refusal(program):
    """What /readyz says with its 503; None: it is ready."""
    try:
        program._get("/readyz")
    except urllib.error.HTTPError as reply:
        assert reply.code == 503
        return reply.read().decode()
    return None


@pytest.mark.parametrize("role", ["worker", "escalator"])
def test_without_a_database_none_is_ready(fleet, model, role):
    """Also an idle one, which asks it nothing."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.configure(cascade(tiny.url, tiny.url), RULES)
    fleet.init()
    program = (fleet.worker("tiny") if role == "worker" else fleet.escalator()).ready()
    with fleet.stack.without("postgres"):
        until(lambda: "database" in (refusal(program) or ""), "not being ready")
        assert is_alive(program)
    program.ready()


def test_who_drains_takes_nothing(fleet, model):
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    tiny.hold()
    fleet.configure(cascade(tiny.url, tiny.url), RULES)
    fleet.init()
    worker = fleet.worker("tiny").ready()
    fleet.send(wire.job(line()))
    until(lambda: tiny.calls == 1, "the call")
    worker.child.send_signal(signal.SIGTERM)
    until(lambda: refusal(worker), "not being ready")
    assert is_alive(worker)
    tiny.release()
    assert worker.ended() == 0
