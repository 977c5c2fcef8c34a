"""Static members: a name that another has for a moment, and one that two have for good."""
import confluent_kafka

import wire
from cascade import RULES, cascade, line
from models import CUT, scored
from until import until

EX_SOFTWARE = 70


def prepared(fleet, model):
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.configure(cascade(tiny.url, model(lambda _: CUT).url), RULES)
    fleet.init()
    return tiny


def test_fenced_once_joins_anew(fleet, model):
    """As after a broker's crash, when a commit under way bears the old name of the member: calls
    that are under way are finished, stored, and not made again."""
    tiny = prepared(fleet, model)
    tiny.hold()
    worker = fleet.worker("tiny", "--instance", "one").ready()
    fleet.escalator()
    fleet.send(*[wire.job(line(n)) for n in range(20)])
    until(lambda: tiny.calls == 20, "20 calls under way")
    other = confluent_kafka.Consumer({
        "bootstrap.servers": fleet.stack.brokers, "group.id": fleet.topic("jobs.tiny"),
        "group.instance.id": "one", "partition.assignment.strategy": "range,roundrobin",
        "enable.auto.commit": False})
    other.subscribe([fleet.topic("jobs.tiny")])
    until(lambda: (other.poll(0.1), other.assignment())[1], "partitions of the other")
    worker.said("fenced")
    tiny.release()
    fleet.outcomes(20)
    fleet.send(wire.job(line(20)))
    fleet.outcomes(21)
    assert worker.running and tiny.repeats == 0
    other.close()
    assert worker.stop() == 0


def test_two_of_one_name(fleet, model):
    """One of them leaves with the reason; the other works."""
    prepared(fleet, model)
    workers = [fleet.worker("tiny", "--instance", "one", name=f"worker-{n}") for n in (1, 2)]
    fleet.escalator()
    until(lambda: not all(worker.running for worker in workers), "end of one of them")
    gone, stays = sorted(workers, key=lambda worker: worker.running)
    assert gone.ended() == EX_SOFTWARE
    assert "another process run with the same --instance" in gone.log
    fleet.send(wire.job(line()))
    fleet.outcomes(1)
    assert stays.running
