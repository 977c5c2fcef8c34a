"""The database goes away in ways of its own."""
import pathlib
import signal
import struct
import time

import pytest

import wire
from cascade import RULES, cascade, line
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
