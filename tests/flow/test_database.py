"""The database goes away in ways of its own."""
import os
import pathlib
import signal
import struct
import time

import psycopg
import pytest

import wire
from cascade import RULES, cascade, line, run_cascade
from models import CUT, scored
from proxy import Proxy
from until import until


def farewell(text):
    """PostgreSQL's FATAL error, as it is on the wire."""
    fields = b"SFATAL\0VFATAL\0C57P02\0M" + text.encode() + b"\0\0"
    return b"E" + struct.pack("!i", len(fields) + 4) + fields


@pytest.fixture
def proxy(fleet):
    host, port = fleet.database_url.split("@")[1].split("/")[0].split(":")
    proxy = Proxy(host, port)
    yield proxy
    proxy.close()


def test_a_farewell_and_a_reset_at_once_are_noticed(fleet, model, proxy):
    """A backend that dies with our words unread says FATAL and resets: both are there at once."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.configure(cascade(tiny.url, model(lambda _: CUT).url,
                            limits={"database_timeout": "100s"}), RULES)
    fleet.init()
    fleet.escalator().ready()
    port = fleet.database_url.split(":")[-1].split("/")[0]
    fleet.config["postgres"]["url"] = fleet.database_url.replace(f":{port}/", f":{proxy.port}/")
    fleet.write_config()
    worker = fleet.worker("tiny").ready()
    proxy.hold()
    fleet.send(wire.job(line()))
    until(lambda: proxy.holds, "answer to the worker's question")
    worker.child.send_signal(signal.SIGSTOP)
    until(lambda: ") T " in (pathlib.Path("/proc") / str(worker.child.pid) / "stat").read_text(),
          "standstill of the worker")
    proxy.reset(farewell("terminating connection"))
    worker.child.send_signal(signal.SIGCONT)
    fleet.outcomes(1, timeout=20)


def test_a_statement_without_an_answer(fleet, model, proxy):
    """The server hangs: after limits.database_timeout its connection is given up for a new one."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.configure(cascade(tiny.url, tiny.url, limits={"database_timeout": "300ms"}), RULES)
    fleet.init()
    fleet.escalator()
    port = fleet.database_url.split(":")[-1].split("/")[0]
    fleet.config["postgres"]["url"] = fleet.database_url.replace(f":{port}/", f":{proxy.port}/")
    fleet.write_config()
    worker = fleet.worker("tiny").ready()
    proxy.hold()
    fleet.send(wire.job(line()))
    worker.said("no answer within 300 ms")  # to the job, or to what is asked once a second
    proxy.let_go()
    fleet.outcomes(1)
    assert tiny.calls == 1 and worker.running


def test_policies_that_cannot_be_stored_are_tried_again_in_peace(fleet, model):
    """A database without room, say: no decision is made before there is."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.configure(cascade(tiny.url, model(lambda _: CUT).url), RULES)
    fleet.init()
    fleet.sql_run("create sequence tries")
    fleet.sql_run("create function full_up() returns trigger language plpgsql as $$ begin "
                  "perform nextval('tries'); "
                  "raise exception 'no room' using errcode = 'disk_full'; end $$")
    fleet.sql_run("create trigger full_up before insert on policies "
                  "for each row execute function full_up()")
    fleet.worker("tiny").ready()
    escalator = fleet.escalator()
    fleet.send(wire.job(line()))
    escalator.said("no room.*again in")
    time.sleep(1)
    assert not escalator.is_ready()
    assert fleet.sql("select last_value from tries")[0].last_value < 20
    fleet.sql_run("drop trigger full_up on policies")
    fleet.outcomes(1)
    escalator.ready()


@pytest.fixture
def calling(fleet, model):
    """The whole fleet, and 20 calls under way: while they are, the database gets into trouble."""
    fleet.tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.up = run_cascade(fleet, fleet.tiny.url, fleet.tiny.url)
    fleet.tiny.hold()
    fleet.send(*[wire.job(line(n)) for n in range(20)])
    until(lambda: fleet.tiny.calls == 20, "20 calls under way")
    return fleet


def whole(fleet, count):
    outcomes = fleet.outcomes(count)
    assert {o.verdict for o in outcomes.values()} == {"accept"}
    assert fleet.count("attempts") == count and fleet.count("decisions") == count
    assert fleet.count("dead_letters") == 0
    assert fleet.tiny.calls == count and fleet.tiny.repeats == 0
    assert all(program.running for program in fleet.up)


def alter_user(fleet, how, end_sessions=False):
    with psycopg.connect(fleet.stack.database_url, autocommit=True) as db:
        db.execute(f"alter role {fleet.prefix} {how}")
        if end_sessions:
            db.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s",
                       [fleet.prefix])


def test_read_only(calling):
    """As after a failover, when a connection is left to what is a standby now: it is given up for a
    new one."""
    fleet = calling
    alter_user(fleet, "set default_transaction_read_only = on", end_sessions=True)
    fleet.tiny.release()
    fleet.up[0].said("store_attempts: .*25006")
    alter_user(fleet, "reset default_transaction_read_only")
    whole(fleet, 20)


def test_out_of_connections(calling):
    fleet = calling
    alter_user(fleet, "connection limit 0", end_sessions=True)
    fleet.tiny.release()
    fleet.up[0].said("too many connections.*waiting for it")
    alter_user(fleet, "connection limit -1")
    whole(fleet, 20)


def test_restarted(calling):
    """An operator's restart: the server says good-bye to all its sessions."""
    fleet = calling
    os.kill(fleet.stack.pid("postgres"), signal.SIGINT)
    fleet.tiny.release()
    fleet.up[0].said("waiting for it")
    fleet.stack.up()
    whole(fleet, 20)


def test_what_is_no_bad_row(calling):
    """Statements that fail for want of something: room, memory, time, a lock, a disk that reads."""
    fleet = calling
    fleet.tiny.release()
    whole(fleet, 20)
    fleet.sql_run("create table trouble (code text)")
    fleet.sql_run("create function trouble() returns trigger language plpgsql as $$ "
                  "declare c text; begin select code into c from trouble; if c is not null then "
                  "raise exception 'as the test says' using errcode = c; end if; return null; end $$")
    for table in "attempts", "decisions":
        fleet.sql_run(f"create trigger trouble before insert on {table} execute function trouble()")
    codes = "53100", "53200", "57014", "40P01", "55P03", "58030"
    for n, code in enumerate(codes, 1):
        fleet.sql_run("insert into trouble values (%s)", code)
        fleet.send(*[wire.job(line(20 * n + i)) for i in range(20)])
        fleet.up[0].said(rf"store_attempts: as the test says \({code}\); \d+ rows wait")
        fleet.sql_run("delete from trouble")
        fleet.outcomes(20 * (n + 1))
    whole(fleet, 20 * (len(codes) + 1))
