"""taskfit dead: letters are listed, shown, replayed and dropped; counters and outcomes stay right."""
import json
import signal
import subprocess

import pytest

import wire
from cascade import cascade, line, run_cascade
from fleet import BUILD
from models import scored
from until import until


def dead(fleet, *arguments, **more):
    return fleet.command("dead", *arguments, **more)


def letters(fleet, *arguments):
    return [json.loads(row) for row in
            dead(fleet, "list", "--json", *arguments).stdout.splitlines()]


def batch_row(fleet, batch):
    return fleet.sql("select * from batch_progress where batch_id = %s", batch)[0]


@pytest.fixture
def up(fleet, model):
    """A fleet whose file on disk has a path, `late`, that the programs have not loaded."""
    fleet.tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.up = run_cascade(fleet, fleet.tiny.url, fleet.tiny.url)
    fleet.config["paths"]["late"] = fleet.config["paths"]["invoices"]
    fleet.write_config()
    return fleet


def reload(fleet):
    for program in fleet.up:
        program.child.send_signal(signal.SIGHUP)
        program.said("path late: policy")


def submit_late(fleet, count):
    rows = "".join(json.dumps({"id": f"n{n}", **line(n)}) + "\n" for n in range(count))
    told = fleet.command("submit", "--path", "late", "--json", input=rows).stdout
    batch = json.loads(told)["batch_id"]
    until(lambda: batch_row(fleet, batch).dead == count, "dead letters")
    return batch


def test_replay_does_the_work_once(up):
    batch = submit_late(up, 5)
    assert batch_row(up, batch).done == 5
    listed = letters(up, "--batch", batch)
    assert {row["reason"] for row in listed} == {"path.unknown"} and len(listed) == 5
    assert {row["custom_id"] for row in listed} == {f"n{n}" for n in range(5)}
    before = {(r.key(), r.value()) for r in up.read_topic("jobs.tiny", 5)}
    reload(up)
    assert "would be replayed" in dead(up, "replay", "--batch", batch, "--dry-run").stdout
    assert "5 letters were replayed" in dead(up, "replay", "--batch", batch).stdout
    until(lambda: batch_row(up, batch).accepted == 5, "outcomes")
    row = batch_row(up, batch)
    assert (row.dead, row.done, row.total) == (0, 5, 5)
    assert {o.verdict for o in up.outcomes(5).values()} == {"accept"}
    assert {(r.key(), r.value()) for r in up.read_topic("jobs.tiny", 10)} == before
    assert "0 letters" in dead(up, "replay", "--batch", batch).stdout
    assert "1 letter was" in dead(up, "replay", listed[0]["letter"]).stdout
    assert "1 letter was" in dead(up, "replay", listed[0]["job_id"]).stdout
    until(lambda: up.up[0].metric("taskfit_jobs_known_total") == 2, "the copies")
    assert up.tiny.calls == 5 and up.count("outcomes") == 5
    replayed = {row["letter"]: row["replays"] for row in letters(up, "--all")}
    assert sorted(replayed.values()) == [1, 1, 1, 1, 3] and letters(up) == []
    row = batch_row(up, batch)
    assert (row.dead, row.accepted, row.done) == (0, 5, 5)


def test_what_dies_again_is_counted_once(up):
    """A replay before the mistake is mended: the new letter tells, the old one is replayed."""
    batch = submit_late(up, 3)
    for round in (1, 2):
        dead(up, "replay", "--all")
        until(lambda: up.count("dead_letters") == 3 * (round + 1), "new letters")
        until(lambda: batch_row(up, batch).dead == 3, "three dead")
        assert len(letters(up)) == 3 and up.count("outcomes") == 3
    reload(up)
    dead(up, "replay", "--all")
    until(lambda: batch_row(up, batch).accepted == 3, "outcomes")
    assert batch_row(up, batch).dead == 0 and up.tiny.calls == 3


def test_headers_are_kept(up):
    """A trace goes on, and what a producer's own tools put there: in letter, list and replay."""
    headers = [("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
               ("note", b"\xff\x00"), ("note", b"twice"), ("empty", b""), ("none", None)]
    job = wire.job(line(), path="late")
    for value in (job.SerializeToString(), b"no job"):
        up.producer.produce(up.topic("jobs.tiny"), value, job.id, headers=headers)
    up.producer.flush(30)
    for record in up.read_topic("dead", 2):
        letter = wire.DeadLetter.FromString(record.value())
        assert [(h.name, h.value if h.HasField("value") else None)
                for h in letter.headers.headers] == headers
    shown = dead(up, "show", str(wire.id_of(job))).stdout
    assert "traceparent: 00-0af7" in shown and r"note: \xff\x00" in shown
    reload(up)
    dead(up, "replay", "--all")
    dead(up, "replay", str(wire.id_of(job)))
    first, second = [record.headers() for record in up.read_topic("jobs.tiny", 5)
                     if record.value() == job.SerializeToString()][1:]
    assert first == [("replay", b"1"), *headers] and second == [("replay", b"2"), *headers]
    assert up.outcomes(1)[wire.id_of(job)].verdict == "accept"


def test_a_replay_that_died(up):
    """Between its two marks: the letters are met again."""
    batch = submit_late(up, 2)
    reload(up)
    with up.stack.without("kafka"):
        child = subprocess.Popen([BUILD / "taskfit", "dead", "replay", "--all"], cwd=up.directory)
        until(lambda: up.count("dead_letters where replaying") == 2, "first mark")
        assert batch_row(up, batch).dead == 0
        child.kill()
        child.wait()
    assert {row["state"] for row in letters(up)} == {"replaying"}
    assert "2 letters were replayed" in dead(up, "replay", "--all").stdout
    until(lambda: batch_row(up, batch).accepted == 2, "outcomes")
    assert batch_row(up, batch).done == 2 and letters(up) == []


def test_a_good_copy_outlives_a_dead_one(up):
    """The outcome by a decision takes the place of that by a letter, in the counters too."""
    batch = submit_late(up, 1)
    record, = up.read_topic("jobs.tiny", 1)
    job = wire.Job.FromString(record.value())
    job.path = "invoices"
    up.send(job)
    until(lambda: batch_row(up, batch).accepted == 1, "the outcome")
    row = batch_row(up, batch)
    assert (row.dead, row.done) == (0, 1)
    dead(up, "replay", "--all")
    row = batch_row(up, batch)
    assert (row.dead, row.done) == (0, 1)


def test_poison_is_shown_as_it_came(up):
    value = bytes(range(256))
    up.send(value)
    up.read_topic("dead", 1)
    listed, = letters(up, "--reason", "message")
    place = listed["letter"]
    assert (listed["reason"], listed["bytes"]) == ("message.broken", 256)
    assert listed["job_id"] is None and listed["state"] == "open"
    assert letters(up, "--reason", "mess") == letters(up, "--older-than", "1h") == []
    raw = subprocess.run([BUILD / "taskfit", "dead", "show", place, "--raw"], cwd=up.directory,
                         capture_output=True, check=True)
    assert raw.stdout == value
    shown = dead(up, "show", place).stdout
    assert "message.broken" in shown and r"\x00\x01" in shown
    assert place in dead(up, "list").stdout
    dead(up, "replay", place)
    until(lambda: len(letters(up)) == 1 and letters(up)[0]["letter"] != place, "the next letter")
    assert "1 letter was dropped" in dead(up, "drop", "--all").stdout
    assert letters(up) == [] and len(letters(up, "--all")) == 2
    dropped, = [row for row in letters(up, "--all") if row["state"] == "dropped"]
    again = json.loads(dead(up, "replay", dropped["letter"], "--json").stdout)
    assert (again["replayed"], again["passed_over_dropped"]) == (0, 1)


def test_decided_dead_is_an_outcome(up, model):
    up.config["paths"]["late"] = {**up.config["paths"]["invoices"], "last": "dead", "limits":
                                  {"hops": 1}, "accept": {"tiny": 0.99, "mid": 0.8}}
    up.write_config()
    reload(up)
    job = wire.job(line(), path="late")
    up.send(job)
    assert up.outcomes(1)[wire.id_of(job)].verdict == "dead"
    letter, = letters(up)
    assert letter["state"] == "decided" and letter["reason"] == "confidence.low"
    assert "job of path late" in dead(up, "show", str(wire.id_of(job))).stdout
    text = dead(up, "replay", "--all").stdout
    assert "0 letters were replayed; 1 decided dead passed over" in text


@pytest.mark.parametrize("arguments, status, words", [
    (["replay"], 64, "--all"), (["show"], 64, "which"), (["burn"], 64, "list, show"),
    (["show", "nope"], 64, "TOPIC/PARTITION/OFFSET"), (["drop", "a/0/7"], 66, "no such"),
    (["list", "--older-than", "soon"], 64, "duration"), ([], 64, "missing"),
    (["list", "--batch", "nope"], 66, "nope"),
])
def test_what_cannot_be_done_is_said(fleet, arguments, status, words):
    fleet.configure(cascade("http://127.0.0.1:9/", "http://127.0.0.1:9/"), "{}")
    fleet.init()
    done = dead(fleet, *arguments, check=False)
    assert done.returncode == status and words in done.stderr, done.stderr
