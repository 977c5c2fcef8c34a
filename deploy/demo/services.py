"""Long-running programs of the demo, looked after by s6: what dies is started again.

A program of the demo is known by its working directory, a service's: there is no file of pids that
could be stale after a kill -9.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

SUPERVISORS = ("s6-svscan", "s6-supervise")


class Services:
    def __init__(self, folder: Path):
        self.folder = folder / "service"
        self.logs = folder / "log"

    def start(self, commands: dict[str, list[str]]) -> None:
        self.stop()
        self.logs.mkdir(parents=True, exist_ok=True)
        for name, command in commands.items():
            place = self.folder / name
            place.mkdir(parents=True, exist_ok=True)
            run = place / "run"
            log = shlex.quote(str(self.logs / f"{name}.log"))
            run.write_text(f"#!/bin/sh\nexec {shlex.join(command)} >>{log} 2>&1 </dev/null\n")
            run.chmod(0o755)
            (self.logs / f"{name}.log").write_text("")
        self.supervise()

    def supervise(self) -> None:
        """Does nothing when the supervisor runs."""
        if supervised(self.folder):
            return
        with open(self.logs / "supervisor.log", "a") as log:
            subprocess.Popen(
                ["s6-svscan", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Programs get 20 s to bring to an end what they have in hand."""
        for tenths in range(200):
            found = processes(self.folder)
            if not found:
                return
            if tenths % 20 == 0:
                signal_all(first_to_stop(found), signal.SIGTERM)
            time.sleep(0.1)
        while found := processes(self.folder):
            signal_all(first_to_stop(found), signal.SIGKILL)
            time.sleep(0.1)


def processes(folder: Path) -> dict[int, str]:
    """Pid and name of those that work in the folder."""
    found = {}
    for proc in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            place = Path(os.readlink(proc / "cwd"))
            if place == folder or folder in place.parents:
                found[int(proc.name)] = (proc / "comm").read_text().strip()
    return found


def supervised(folder: Path) -> bool:
    return "s6-svscan" in processes(folder).values()


def first_to_stop(found: dict[int, str]) -> list[int]:
    """The supervisor, for it would start again what ends; without it its helpers; then the rest."""
    for name in SUPERVISORS:
        pids = [pid for pid, comm in found.items() if comm == name]
        if pids:
            return pids
    return list(found)


def signal_all(pids: list[int], which: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, which)
