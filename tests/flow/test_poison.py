"""Records that cannot be processed: to dead, told why, and the stream goes on."""
import json
import os
import uuid

import pytest

import wire
from cascade import line, run_cascade
from models import CUT, scored


@pytest.fixture
def fleet_of_one(fleet, model):
    """The whole fleet; its first tier accepts all."""
    fleet.tiny = model(lambda _: scored("CGST_SGST", 0.97))
    run_cascade(fleet, fleet.tiny.url, model(lambda _: CUT).url, limits={"input": "64KiB"})
    return fleet


POISON = {
    "random bytes": (lambda: os.urandom(300), "message.broken"),
    "nothing": (lambda: b"", "message.incomplete"),
    "newer schema": (lambda: wire.job(line(), schema=2), "message.schema"),
    "an attachment": (lambda: wire.Job(id=uuid.uuid4().bytes, path="invoices", input={
        "json": b"{}", "attachments": [{"uri": "https://example.com/a.png"}]}), "message.schema"),
    "unknown path": (lambda: wire.job(line(), path="invoicse"), "path.unknown"),
    "oversized input": (lambda: wire.job({"text": "x" * 70000}), "message.too_large"),
    "input that is not JSON": (lambda: wire.job(b'{"from": '), "message.not_json"),
    "input nested too deeply": (lambda: wire.job(b"[" * 1000 + b"]" * 1000), "message.not_json"),
    "input that is not UTF-8": (lambda: wire.job(b'{"text": "\xff\xfe"}'), "message.not_json"),
    "surrogate in UTF-8": (lambda: wire.job(b'{"text": "\xed\xa0\x80"}'), "message.not_json"),
    "surrogate alone": (lambda: wire.job(b'{"text": "\\ud800"}'), "message.not_json"),
    "escaped NUL, which no table holds": (lambda: wire.job(b'{"text": "\\u0000"}'),
                                          "message.not_json"),
    "path that is not UTF-8": (lambda: wire.job(line()).SerializeToString() + b"\x12\x02\xff\xfe",
                               "message.utf8"),
    "time in microseconds": (lambda: wire.job(line(), created_ms=1795500000000000),
                             "message.broken"),
    "no id": (lambda: wire.Job(path="invoices", input={"json": b"{}"}), "message.incomplete"),
    "short id": (lambda: wire.Job(id=b"abc", path="invoices", input={"json": b"{}"}),
                 "message.incomplete"),
    "no input": (lambda: wire.Job(id=uuid.uuid4().bytes, path="invoices"), "message.incomplete"),
}


def test_each_goes_to_dead_and_the_stream_goes_on(fleet_of_one):
    """Between good jobs, all in one run; what is told holds what came."""
    fleet = fleet_of_one
    values, good = {}, []
    for name, (make, reason) in POISON.items():
        message = make()
        value = message if isinstance(message, bytes) else message.SerializeToString()
        values[value] = (name, reason)
        good.append(wire.job(line()))
        fleet.send(value, good[-1])
    letters = {record.value(): record for record in fleet.read_topic("dead", len(POISON))}
    rows = {bytes(row.value): row for row in fleet.sql("select * from dead_letters")}
    assert set(rows) == set(values)
    for value, (name, reason) in values.items():
        assert (name, rows[value].reason) == (name, reason)
        assert rows[value].topic == fleet.topic("jobs.tiny")
    for record in letters.values():
        letter = wire.DeadLetter.FromString(record.value())
        headers = dict(record.headers())
        assert values[letter.value][1] == letter.reason == headers["reason"].decode()
        assert headers["topic"].decode() == fleet.topic("jobs.tiny")
        assert int(headers["offset"]) == letter.offset
    told = {row.job_id for row in rows.values() if row.job_id}
    outcomes = fleet.outcomes(len(good) + len(told))
    assert all(outcomes[wire.id_of(job)].verdict == "accept" for job in good)
    assert all(outcomes[job].verdict == "dead" for job in told)
    assert fleet.tiny.calls == len(good)


def test_poison_among_results_does_not_stop_the_escalator(fleet_of_one):
    fleet = fleet_of_one
    fleet.producer.produce(fleet.topic("results"), os.urandom(200))
    fleet.producer.produce(fleet.topic("results"), b"")
    jobs = [wire.job(line(n)) for n in range(20)]
    fleet.send(*jobs)
    fleet.outcomes(20)
    assert len(fleet.read_topic("dead", 2)) == 2
    assert fleet.count("dead_letters where topic = %s", fleet.topic("results")) == 2


def test_inputs_that_are_merely_strange_pass(fleet_of_one):
    fleet = fleet_of_one
    inputs = [b'"text alone"', b"null", b'{"from": 1e999, "to": 1e999}',
              json.dumps({"text": "\u0939\u093f\u0928\u094d\u0926\u0940 \U0001f600"}).encode()]
    jobs = [wire.job(document) for document in inputs]
    fleet.send(*jobs)
    outcomes = fleet.outcomes(len(inputs))
    assert {o.verdict for o in outcomes.values()} <= {"accept", "review"}
    assert fleet.tiny.calls == len(inputs)
