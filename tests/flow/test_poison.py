"""Records that cannot be processed: to dead, told why, and the stream goes on."""
import json
import os
import types
import uuid

import pytest

import fleet as fleet_module
import models
import wire
from cascade import line, run_cascade
from models import CUT, scored

HEADERS = [("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]


def one(fleet, tiny, nobody):
    """The whole fleet; its first tier accepts all."""
    fleet.tiny = tiny
    run_cascade(fleet, tiny.url, nobody.url, limits={"input": "64KiB"})
    return fleet


def accepts(_):
    return scored("CGST_SGST", 0.97)


@pytest.fixture
def fleet_of_one(fleet, model):
    return one(fleet, model(accepts), model(lambda _: CUT))


def attached():
    job = wire.job(line())
    job.input.attachments.add(content=b"x")
    return job


POISON = {
    "random bytes": (lambda: os.urandom(300), "message.broken"),
    "nothing": (lambda: b"", "message.incomplete"),
    "newer schema": (lambda: wire.job(line(), schema=2), "message.schema"),
    "an attachment by an address that nobody allowed": (lambda: wire.Job(
        id=uuid.uuid4().bytes, path="invoices", input={
            "json": b"{}", "attachments": [{"uri": "https://example.com/a.png"}]}),
        "attachment.uri"),
    "unknown path": (lambda: wire.job(line(), path="invoicse"), "path.unknown"),
    "oversized input": (lambda: wire.job({"text": "x" * 70000}), "message.too_large"),
    "input that is not JSON": (lambda: wire.job(b'{"from": '), "message.not_json"),
    "input nested absurdly": (lambda: wire.job(b"[" * 30000 + b"]" * 30000), "message.not_json"),
    "input nested one too deep": (lambda: wire.job(b"[" * 65 + b"]" * 65), "message.not_json"),
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
    "an attachment without its media type": (lambda: attached(), "message.incomplete"),
    "a hop that no job has": (lambda: wire.job(line(), hop=99), "message.broken"),
    "a time that is none": (lambda: wire.job(line(), created_ms=-1), "message.broken"),
    "a text above its limit": (lambda: wire.job(line(), custom_id="x" * 513), "message.too_large"),
    "no input": (lambda: wire.Job(id=uuid.uuid4().bytes, path="invoices"), "message.incomplete"),
}


def value_of(message):
    return message if isinstance(message, bytes) else message.SerializeToString()


def send(fleet, value, records):
    def sent(error, record):
        assert not error, error
        records[value] = record
    fleet.producer.produce(fleet.topic("jobs.tiny"), value, b"the key", headers=HEADERS,
                           on_delivery=sent)


@pytest.fixture(scope="module")
def buried(stack, tmp_path_factory):
    """All of them in one run, between good jobs: what was sent, and what came of it."""
    fleet = fleet_module.Fleet(stack, tmp_path_factory.mktemp("poison"))
    servers = models.Model(accepts), models.Model(lambda _: CUT)
    one(fleet, *servers)
    it = types.SimpleNamespace(fleet=fleet, good=[], records={},
                               values={name: value_of(make()) for name, (make, _) in POISON.items()})
    for value in it.values.values():
        it.good.append(wire.job(line()))
        fleet.send(it.good[-1])
        send(fleet, value, it.records)
    assert fleet.producer.flush(30) == 0
    it.letters = {wire.DeadLetter.FromString(record.value()).value: record
                  for record in fleet.read_topic("dead", len(POISON))}
    it.rows = {bytes(row.value): row for row in fleet.sql("select * from dead_letters")}
    yield it
    bad = fleet.close()
    for server in servers:
        server.close()
    assert not bad, bad


@pytest.mark.parametrize("name", POISON)
def test_goes_to_dead_as_it_came(buried, name):
    """Bytes, key and headers of the record, its place and time, and why: in letter and row."""
    value, reason, fleet = buried.values[name], POISON[name][1], buried.fleet
    record, row = buried.records[value], buried.rows[value]
    letter = wire.DeadLetter.FromString(buried.letters[value].value())
    headers = {key: text.decode() for key, text in buried.letters[value].headers()}
    place = fleet.topic("jobs.tiny"), record.partition(), record.offset()
    timestamp = record.timestamp()[1]
    assert (headers["topic"], int(headers["partition"]), int(headers["offset"])) == place
    assert (int(headers["timestamp"]), headers["reason"], headers["attempts"]) == (timestamp, reason, "0")
    assert headers["text"] == letter.text == (row.text or "") and headers["ce_type"] == "taskfit.dead"
    assert (letter.topic, letter.partition, letter.offset) == place
    assert (letter.timestamp_ms, letter.reason, letter.attempts) == (timestamp, reason, 0)
    assert letter.key == buried.letters[value].key() == bytes(row.key) == b"the key"
    assert [(h.name, h.value) for h in letter.headers.headers] == HEADERS
    assert (row.topic, row.partition, row.offset) == place
    assert (row.recorded_at.timestamp(), row.reason, row.attempts) == (timestamp / 1000, reason, 0)


def test_the_stream_goes_on(buried):
    fleet = buried.fleet
    told = {row.job_id for row in buried.rows.values() if row.job_id}
    outcomes = fleet.outcomes(len(buried.good) + len(told))
    assert all(outcomes[wire.id_of(job)].verdict == "accept" for job in buried.good)
    assert all(outcomes[job].verdict == "dead" for job in told)
    assert set(buried.rows) == set(buried.letters) == set(buried.values.values())
    assert fleet.tiny.calls == len(buried.good)


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
