"""Order keys: one after the other within a tier, in the order of the topic; others overtake."""
import json

import wire
from cascade import RULES, cascade, line, run_cascade
from models import scored
from until import until


def numbers(model, key):
    """The lines that the model was called with, for one key, in their order."""
    inputs = [json.loads(request.text) for request in model.requests]
    return [document["line"] for document in inputs if document.get("key") == key]


def keyed(key, count):
    return [wire.job({**line(n), "key": key}, order_key=key) for n in range(count)]


def test_one_at_a_time_and_others_overtake(fleet, model):
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    tiny.hold()
    worker, _, _ = run_cascade(fleet, tiny.url, tiny.url)
    first, second = keyed("a", 4), keyed("b", 3)
    others = [wire.job(line(n)) for n in range(5)]
    fleet.send(*first, *second, *others)
    until(lambda: tiny.calls == 7, "a call for each key and each of the others")
    until(lambda: 'taskfit_hops{step="behind"} 5' in worker._get("/metrics"), "five behind")
    assert numbers(tiny, "a") == numbers(tiny, "b") == [0]
    tiny.release()
    fleet.outcomes(12)
    assert numbers(tiny, "a") == [0, 1, 2, 3] and numbers(tiny, "b") == [0, 1, 2]


def test_through_kills_and_tiers(fleet, model):
    """A process that dies repeats the call it was at, and goes on from there."""
    tiny = model(lambda _: scored("CGST_SGST", 0.5))  # unsure: all move on
    mid = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.configure(cascade(tiny.url, mid.url, kafka={"brokers": fleet.stack.brokers,
                                                     "prefix": fleet.prefix, "partitions": 2,
                                                     "session_timeout": "6s"}), RULES)
    fleet.init()
    fleet.worker("mid")
    fleet.escalator()
    fleet.send(*keyed("a", 60))
    worker = fleet.worker("tiny", name="first")
    until(lambda: tiny.calls >= 15, "15 calls")
    worker.kill()
    fleet.worker("tiny", name="second")
    fleet.outcomes(60)
    called = numbers(tiny, "a")
    assert called == sorted(called) and len(called) <= 61
    assert numbers(mid, "a") == list(range(60))


def test_a_long_backlog_of_one_key_does_not_stop_the_others(fleet, model):
    """It may hold an eighth of limits.hops; beyond it its partition waits, the other goes on."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    worker, _, _ = run_cascade(fleet, tiny.url, tiny.url, limits={"in_flight": 16, "hops": 64})
    tiny.hold()
    fleet.send(*keyed("a", 200), partition=0)
    until(lambda: 'taskfit_hops{step="behind"} 7' in worker._get("/metrics"), "seven behind")
    others = [wire.job(line(n)) for n in range(100)]
    fleet.send(*others, partition=1)
    until(lambda: tiny.calls == 16, "a call for the key and fifteen of the others")
    assert numbers(tiny, "a") == [0]
    tiny.release()
    fleet.outcomes(300)
    assert numbers(tiny, "a") == list(range(200))
