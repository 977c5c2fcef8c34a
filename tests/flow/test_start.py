"""What cannot work is said at the start: what, where, what to do; the exit code is of sysexits."""
import os

import pytest

from cascade import RULES, cascade

EX_CONFIG, EX_NOPERM, EX_UNAVAILABLE, EX_USAGE = 78, 77, 69, 64
NOWHERE = "127.0.0.1:9"  # discard: nobody listens


@pytest.fixture
def ready(fleet):
    """A fleet whose programs could start."""
    fleet.configure(cascade("http://127.0.0.1:9/score", "http://127.0.0.1:9/score",
                            limits={"start": "0"}), RULES)
    fleet.init()
    return fleet


def refused(program, code, *words):
    assert program.ended() == code, program.log
    last = program.log.strip().splitlines()[-1]
    for word in words:
        assert word in last, program.log


@pytest.fixture(params=["worker", "escalator"])
def start(ready, request):
    return lambda: ready.worker("tiny") if request.param == "worker" else ready.escalator()


def test_unreachable_broker(ready):
    ready.config["kafka"]["brokers"] = NOWHERE
    ready.write_config()
    refused(ready.worker("tiny"), EX_UNAVAILABLE, NOWHERE, "kafka.brokers")


def test_unreachable_database(ready, start):
    ready.config["postgres"]["url"] = f"postgresql://taskfit:x@{NOWHERE}/taskfit"
    ready.write_config()
    refused(start(), EX_UNAVAILABLE, "127.0.0.1", "postgres.url")


@pytest.mark.parametrize("role, server", [("escalator", "kafka"), ("worker", "postgres")])
def test_servers_that_come_later_are_waited_for(ready, role, server):
    ready.config["limits"]["start"] = "5m"
    ready.write_config()
    with ready.stack.without(server):
        program = ready.worker("tiny") if role == "worker" else ready.escalator()
        program.said(r"waiting for \d+ s at most")
    program.ready()


def test_the_wait_is_bounded(ready):
    ready.config["limits"]["start"] = "1ms"
    ready.config["postgres"]["url"] = f"postgresql://taskfit:x@{NOWHERE}/taskfit"
    ready.write_config()
    program = ready.escalator()
    refused(program, EX_UNAVAILABLE, "127.0.0.1")
    assert program.log.count("waiting for") <= 1


def test_a_signal_ends_the_wait(ready, start):
    ready.config["limits"]["start"] = "5m"
    ready.config["postgres"]["url"] = f"postgresql://taskfit:x@{NOWHERE}/taskfit"
    ready.write_config()
    program = start()
    program.said("waiting for")
    assert program.stop() == 0 and "leaving before the start" in program.log


def test_wrong_password(ready, start):
    ready.config["postgres"]["url"] = ready.database_url.replace("@", "-wrong@")
    ready.write_config()
    program = start()
    refused(program, EX_NOPERM, "password", "postgres.url")
    assert "-wrong" not in program.log


def test_missing_topic(ready, start):
    ready.config["kafka"]["prefix"] = ready.prefix + "x"
    ready.write_config()
    refused(start(), EX_CONFIG, ready.prefix + "x.", "taskfit init")


def test_missing_schema(ready, start):
    ready.sql_run(f"drop schema {ready.prefix} cascade")
    refused(start(), EX_CONFIG, "taskfit init")


def test_credentials_that_the_broker_does_not_want(ready, start):
    ready.config["kafka"].update(security="sasl_plaintext", sasl_mechanism="PLAIN",
                                 sasl_username="me", sasl_password="secret-word")
    ready.write_config()
    program = start()
    program.ended()
    assert program.child.returncode in (EX_NOPERM, EX_UNAVAILABLE)
    assert "kafka.s" in program.log and "secret-word" not in program.log


def test_unknown_tier(ready):
    refused(ready.worker("huge"), EX_CONFIG, "no tier 'huge'")


def test_unknown_key_has_file_line_and_the_nearest(ready, start):
    ready.config["kafka"]["broker"] = ready.config["kafka"].pop("brokers")
    ready.write_config()
    refused(start(), EX_CONFIG, "taskfit.yaml:", "broker", "brokers")


def test_no_configuration(ready, start):
    os.remove(ready.directory / "taskfit.yaml")
    refused(start(), 66, "taskfit.yaml")


def test_port_of_metrics_is_taken(ready, model):
    busy = model(None)
    refused(ready.escalator("--listen", f"127.0.0.1:{busy.port}"), EX_UNAVAILABLE, str(busy.port))


@pytest.mark.parametrize("options, words", [
    (["--tear", "tiny"], ["--tear", "--help"]),
    (["--log-level", "loud"], ["loud", "debug"]),
    (["more"], ["more", "--help"]),
])
def test_wrong_options(ready, options, words):
    refused(ready.escalator(*options), EX_USAGE, *words)
