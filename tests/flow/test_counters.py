"""A batch counts each of its jobs once, whatever statements about it run at the same time.

The statements of schema/queries.sql, one of them held open while the next one starts: letters of two
copies, a decision, and a replay, in every order."""
import datetime
import re
import threading
import uuid

import psycopg
import pytest

from cascade import RULES, cascade
from fleet import ROOT
from until import until

UNNEST = re.compile(r"unnest\(([^()]*)\)\s+g \(([^()]*)\)")
NOW = datetime.datetime.now(datetime.timezone.utc)
ROW = {"hop": 0, "tier": "tiny", "verdict": "accept", "reasons": "", "policy": "v", "path": "p",
       "audit": False, "cost": 0, "created_at": NOW, "topic": "t", "value": b"", "reason": "path.unknown",
       "attempts": 0, "recorded_at": NOW}


def statement(name):
    text = (ROOT / "schema/queries.sql").read_text()
    return re.search(rf"^-- name: {name}\n(.*?)(?=\n\n|\Z)", text, re.M | re.S)[1]


def run(db, name, **row):
    """With one row of its first arrays; all others are empty."""
    text = statement(name)
    values = [[] for _ in set(re.findall(r"\$\d+", text))]
    numbers, names = UNNEST.search(text).groups()
    for number, column in zip(re.findall(r"\$(\d+)", numbers), re.findall(r"\w+", names)):
        values[int(number) - 1] = [{**ROW, **row}.get(column)]
    psycopg.RawCursor(db).execute(text, values)


@pytest.fixture
def tables(fleet):
    fleet.configure(cascade("http://127.0.0.1:9/", "http://127.0.0.1:9/"), RULES)
    fleet.init()
    fleet.batch, fleet.job = uuid.uuid4(), uuid.uuid4()
    fleet.sql_run("insert into batches (id, key, name, path, format, total)"
                  " values (%s, 'k', 'n', 'p', 'csv', 1)", fleet.batch)
    fleet.sql_run("insert into policies (version, path, text) values ('v', 'p', '')")
    return fleet


def letter(fleet, db, at):
    run(db, "store_dead_letters", at=at, partition=at, job_id=fleet.job, batch_id=fleet.batch)


STEPS = {
    "letter": lambda fleet, db: letter(fleet, db, 1),
    "copy": lambda fleet, db: letter(fleet, db, 2),
    "decision": lambda fleet, db: run(db, "store_decisions", job_id=fleet.job,
                                      batch_id=fleet.batch),
    "replay": lambda fleet, db: run(db, "dead_replaying", at=0, partition=0),
}


def connect(fleet):
    return psycopg.connect(fleet.database_url)


@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("second", STEPS)
@pytest.mark.parametrize("before", [False, True], ids=["", "one-letter-before"])
def test_counted_once(tables, before, first, second):
    fleet = tables
    if before:
        with connect(fleet) as db:
            letter(fleet, db, 0)
    with connect(fleet) as db, connect(fleet) as other:
        pid = other.info.backend_pid
        STEPS[first](fleet, db)
        thread = threading.Thread(target=lambda: (STEPS[second](fleet, other), other.commit()))
        thread.start()
        until(lambda: not thread.is_alive() or fleet.count(
            "pg_stat_activity where pid = %s and wait_event_type = 'Lock'", pid), "its wait or end")
        db.commit()
        thread.join(30)
        assert not thread.is_alive()
    told = fleet.count("outcomes where verdict = 'dead'"), fleet.count("outcomes where verdict = 'accept'")
    row, = fleet.sql("select dead, accepted from batches")
    assert (row.dead, row.accepted) == told
