"""What the programs say to systemd, over a socket of the test's own."""
import pathlib
import shutil
import signal
import socket
import subprocess

import pytest

from cascade import RULES, cascade
from fleet import BUILD, ROOT


class Supervisor:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(20)
        self.env = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "600000"}

    def hears(self, word):
        """Waits for it, over words that come again and again; returns all that came with it."""
        while True:
            lines = self.socket.recv(4096).decode().split("\n")
            if word in lines:
                return lines
            assert lines == ["WATCHDOG=1"], lines


@pytest.mark.parametrize("role", ["worker", "escalator"])
def test_ready_alive_reloading_stopping(fleet, role):
    fleet.configure(cascade("http://127.0.0.1:9/score", "http://127.0.0.1:9/score"), RULES)
    fleet.init()
    supervisor = Supervisor(fleet.directory / "notify")
    program = (fleet.worker("tiny", env=supervisor.env) if role == "worker"
               else fleet.escalator(env=supervisor.env))
    assert "STATUS=running" in supervisor.hears("READY=1")
    for _ in range(3):
        supervisor.hears("WATCHDOG=1")
    program.child.send_signal(signal.SIGHUP)
    assert any(row.startswith("MONOTONIC_USEC=") for row in supervisor.hears("RELOADING=1"))
    supervisor.hears("READY=1")
    (fleet.directory / "taskfit.yaml").write_text("kafka: [")
    program.child.send_signal(signal.SIGHUP)
    supervisor.hears("RELOADING=1")
    assert "refused" in supervisor.hears("READY=1")[1]
    program.child.terminate()
    supervisor.hears("STOPPING=1")
    assert program.ended() == 0


def test_a_start_that_waits_is_given_time(fleet):
    """Type=notify would else end it after TimeoutStartSec."""
    fleet.configure(cascade("http://127.0.0.1:9/score", "http://127.0.0.1:9/score"), RULES)
    fleet.config["postgres"]["url"] = "postgresql://taskfit:x@127.0.0.1:9/taskfit"
    fleet.write_config()
    supervisor = Supervisor(fleet.directory / "notify")
    program = fleet.escalator(env=supervisor.env)
    said = supervisor.hears("EXTEND_TIMEOUT_USEC=60000000")
    assert any(row.startswith("STATUS=database: ") for row in said)
    assert program.stop() == 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_units_are_understood(tmp_path):
    for unit in (ROOT / "deploy/systemd").glob("*.service"):
        name = unit.name.replace("@", "@tiny")
        (tmp_path / name).write_text(
            unit.read_text().replace("/usr/local/bin", str(pathlib.Path(BUILD).resolve())))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / name],
                              text=True, capture_output=True)
        assert done.returncode == 0 and name not in done.stderr, done.stderr
