"""taskfit init and check: what is made once, and what is said when something is not there."""
import json
import re
import socket
import time

import confluent_kafka.admin
import psycopg
import pytest

import models
from cascade import RULES, cascade

OK, USAGE, UNAVAILABLE, NOPERM, CONFIG = 0, 64, 69, 77, 78
TOPICS = ["jobs.tiny", "jobs.mid", "results", "decisions", "dead"]


@pytest.fixture
def configured(fleet, model):
    """A fleet whose models answer and whose topics and tables are not made yet."""
    server = model(lambda request: models.scored("IGST", 0.99))
    fleet.configure(cascade(server.url, server.url), RULES)
    fleet.model = server
    return fleet


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def change(fleet, part, **more):
    fleet.config[part].update(more)
    fleet.write_config()


def fails(fleet, command, status, *words):
    """Runs it: ends with status, quickly, and says words."""
    begun = time.monotonic()
    done = fleet.command(command, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert time.monotonic() - begun < 10
    for word in words:
        assert re.search(word, said), said
    return done


def test_init_twice_is_init_once(configured):
    first = json.loads(configured.command("init", "--json").stdout)
    assert [(t["name"], t["made"], t["partitions"]) for t in first["topics"]] == \
        [(configured.topic(name), True, 2) for name in TOPICS]
    assert first["migrations"] >= 1
    second = json.loads(configured.command("init", "--json").stdout)
    assert not any(t["made"] for t in second["topics"])
    assert second["migrations"] == 0
    assert configured.count("schema_migrations") == first["migrations"]
    assert "was there" in configured.command("init").stdout


def test_topics_are_as_configured(configured):
    change(configured, "kafka", partitions=3, retention="2h")
    configured.init()
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": configured.stack.brokers})
    name = configured.topic("jobs.tiny")
    assert len(admin.list_topics(name, timeout=10).topics[name].partitions) == 3
    resource = confluent_kafka.admin.ConfigResource("topic", name)
    settings = admin.describe_configs([resource])[resource].result(10)
    assert settings["retention.ms"].value == str(2 * 3600 * 1000)
    assert int(settings["max.message.bytes"].value) > 4 << 20


def test_fewer_partitions_than_configured_are_told(configured):
    configured.init()
    change(configured, "kafka", partitions=4)
    done = configured.command("init")
    assert "has 2 partitions, fewer than the 4" in done.stderr
    assert "fewer than kafka.partitions" in configured.command("check").stdout


def test_check_says_ok_and_calls_no_model(configured):
    configured.init()
    done = configured.command("check")
    assert "failed" not in done.stdout and "all is well" in done.stdout
    assert json.loads(configured.command("check", "--json").stdout)["ok"]
    assert configured.model.calls == 0


def test_newer_schema_is_refused(configured):
    configured.init()
    with psycopg.connect(configured.database_url) as db:
        db.execute("insert into schema_migrations (number, name) values (999, 'later')")
    words = "version 999", "use a newer taskfit"
    fails(configured, "init", CONFIG, *words)
    fails(configured, "check", CONFIG, *words)
    fails(configured, "watch", CONFIG, *words)


def test_missing_topics_and_tables(configured):
    done = fails(configured, "check", CONFIG, "taskfit init")
    assert all(f"{configured.topic(name)}: there is none" in done.stdout for name in TOPICS)
    assert "it has no tables of taskfit" in done.stdout
    fails(configured, "watch", CONFIG, "it has no tables of taskfit")


def test_failed_migration_leaves_nothing(configured):
    with psycopg.connect(configured.database_url) as db:
        db.execute("create table attempts (mine integer)")
    fails(configured, "init", CONFIG, "attempts.* already exists")
    with psycopg.connect(configured.database_url) as db:
        assert db.execute("select to_regclass('batches')").fetchone()[0] is None
        assert db.execute("select count(*) from schema_migrations").fetchone()[0] == 0
        db.execute("drop table attempts")
    configured.init()


def test_wrong_credentials(configured):
    configured.init()
    url = re.sub(r"//[^@/]*@", "//", configured.database_url)
    change(configured, "postgres", url=url.replace("//", "//nobody:hush@"))
    done = fails(configured, "check", NOPERM, "nobody", "postgres.url")
    assert "hush" not in done.stdout + done.stderr
    fails(configured, "init", NOPERM, "nobody", "postgres.url")


def test_database_that_is_not_there(configured):
    configured.init()
    change(configured, "postgres", url=configured.database_url + "x")
    fails(configured, "check", CONFIG, r'database "\w+x" does not exist', "createdb")


@pytest.mark.parametrize("command", ["init", "check"])
def test_no_database_server(configured, command):
    configured.init()
    port = free_port()
    change(configured, "postgres", url=f"postgresql://taskfit:x@127.0.0.1:{port}/taskfit")
    fails(configured, command, UNAVAILABLE, str(port), "Connection refused", "postgres.url")


@pytest.mark.parametrize("command", ["init", "check"])
def test_no_broker(configured, command):
    port = free_port()
    change(configured, "kafka", brokers=f"127.0.0.1:{port}")
    fails(configured, command, UNAVAILABLE, f"127.0.0.1:{port}", "Connection refused",
          "kafka.brokers")


def test_no_model(configured):
    configured.init()
    port = free_port()
    configured.config["models"]["mid@1"]["url"] = f"http://127.0.0.1:{port}/score?key=hush"
    configured.write_config()
    done = fails(configured, "check", UNAVAILABLE, f"failed +model +mid@1: http://127.0.0.1:{port}",
                 "is it running there")
    assert "hush" not in done.stdout


def test_replication_beyond_the_brokers(configured):
    change(configured, "kafka", replication=3)
    fails(configured, "init", CONFIG, "replication 3", "kafka.replication")


def test_usage(configured):
    done = configured.command("chekc", check=False)
    assert done.returncode == USAGE and "did you mean check?" in done.stderr
    done = configured.command("check", "--ofline", check=False)
    assert done.returncode == USAGE and "did you mean --offline?" in done.stderr
    assert configured.command("check", "--offline").returncode == OK
    assert "usage: taskfit check" in configured.command("check", "--help").stdout
