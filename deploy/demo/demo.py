"""Invoice lines through three tiers of real models: everything from the wheel to the table.

Usage: demo.py N WHEEL, started by `run`; demo.py --stop.
"""

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from services import Services, supervised

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build"
FOLDER = BUILD / "demo"
MODELS = FOLDER / "models"
CONFIG = FOLDER / "taskfit.yaml"
TIERS = ("tiny", "mid", "large")
# USD a call: made up, in the ratio of a model of one's own to a large one over an API.
PRICES = {"tiny": "0.000001", "mid": "0.00003", "large": "0.001"}
STACK = {**os.environ, "TASKFIT_STACK_DIR": str(FOLDER / "stack")}
EX_UNAVAILABLE, EX_TEMPFAIL = 69, 75


def say(text: str) -> None:
    print(f"demo: {text}", file=sys.stderr, flush=True)


class Failed(Exception):
    """With what to tell."""


@contextlib.contextmanager
def lap(text: str):
    began = time.monotonic()
    yield
    say(f"{text} ({time.monotonic() - began:.1f} s)")


# --- data and models


def fingerprint(wheel: Path) -> str:
    state = hashlib.sha256(f"{wheel.name} {PRICES}".encode())
    for name in ("data.py", "tiers.py", "requirements.txt"):
        state.update((HERE / name).read_bytes())
    return state.hexdigest()


def train(tiers: tuple[str, ...], command: list[str], tries: int = 2) -> None:
    """All at the same time; once more those that were killed."""
    running = {tier: subprocess.Popen([*command, tier]) for tier in tiers}
    failed = tuple(tier for tier, process in running.items() if process.wait() != 0)
    if failed and tries == 1:
        raise Failed(f"no model for {', '.join(failed)}: see above")
    if failed:
        train(failed, command, tries - 1)


def prepare_models(wheel: Path, lines: list) -> dict:
    """Trains each tier in a process of its own. Gives the thresholds; nothing is done when the
    models are there already."""
    from tiers import DEV_LINES, Tier, choose, judge

    made = MODELS / "made.json"
    if made.exists():
        known = json.loads(made.read_text())
        if known["of"] == fingerprint(wheel):
            return known["accept"]
    shutil.rmtree(MODELS, ignore_errors=True)
    MODELS.mkdir(parents=True)
    with lap("models are trained on the training split"):
        train(TIERS[::-1], [sys.executable, str(HERE / "tiers.py"), str(wheel), str(MODELS)])
    with lap("thresholds are chosen on the dev split"):
        from data import invoices

        dev = list(invoices(lines, "dev", DEV_LINES))
        verdicts = [judge(Tier(MODELS, tier), dev) for tier in TIERS]
        accept = choose(verdicts, [float(PRICES[tier]) for tier in TIERS])
    made.write_text(json.dumps({"of": fingerprint(wheel), "accept": accept}))
    return accept


def write_invoices(known: list) -> None:
    """The jobs for `taskfit submit`, and what is right, which no program of the fleet sees."""
    with open(FOLDER / "invoices.ndjson", "w") as jobs, open(FOLDER / "truth.csv", "w") as truth:
        for n, (fields, right) in enumerate(known, 1):
            jobs.write(json.dumps({"id": f"inv-{n:06}", **fields}) + "\n")
            truth.write(f"inv-{n:06},{right['section']},{right['tax_type']}\n")


# --- stack, configuration, services


def stack(command: str) -> dict[str, str]:
    """Again when it was killed: whatever it had begun, it goes on from there."""
    program = ROOT / "deploy/local/stack"
    for _ in range(3):
        done = subprocess.run([program, command], env=STACK, stdout=subprocess.PIPE, text=True)
        if done.returncode == 0:
            return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        if done.returncode > 0 and done.returncode != EX_UNAVAILABLE:
            break
    raise Failed(f"deploy/local/stack {command} ended with {done.returncode}")


def model_ports() -> dict[str, int]:
    """Below 32768, where outgoing connections take theirs from: a server that was killed must find
    its port free."""
    import socket

    ports: dict[str, int] = {}
    for tier in TIERS:
        while tier not in ports:
            port = random.randrange(20000, 32000)
            with socket.socket() as s:
                if port not in ports.values() and s.connect_ex(("127.0.0.1", port)):
                    ports[tier] = port
    return ports


def write_config(settings: dict[str, str], ports: dict[str, int], accept: dict) -> None:
    values = {"brokers": settings["TASKFIT_BROKERS"], "here": str(HERE)}
    for tier in TIERS:
        values[f"port.{tier}"] = str(ports[tier])
        values[f"price.{tier}"] = PRICES[tier]
        values[f"accept.{tier}"] = str(accept[tier])
    text = (HERE / "taskfit.yaml").read_text()
    text = re.sub(r"^#.*\n#.*\n", "# Written by `make demo`.\n", text, count=1)
    CONFIG.write_text(re.sub(r"@([a-z.]+)@", lambda match: values[match[1]], text))
    secret = FOLDER / "database.url"
    secret.touch(mode=0o600)
    secret.write_text(settings["TASKFIT_DATABASE_URL"] + "\n")


def start_services(services: Services, ports: dict[str, int]) -> None:
    fleet = ["--config", str(CONFIG)]
    commands = {}
    for tier in TIERS:
        python = [sys.executable, str(HERE / "serve.py")]
        commands[f"model-{tier}"] = [*python, tier, str(ports[tier]), str(MODELS)]
    for tier in TIERS:
        worker = [str(BUILD / "taskfit-worker"), "--tier", tier, "--instance", f"worker-{tier}"]
        commands[f"worker-{tier}"] = [*worker, *fleet]
    escalator = [str(BUILD / "taskfit-escalator"), "--instance", "escalator"]
    commands["escalator"] = [*escalator, *fleet]
    services.start(commands)
    for tier in TIERS:
        wait_for_model(tier, ports[tier])


def wait_for_model(tier: str, port: int) -> None:
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise Failed(f"the model of {tier} does not answer: {FOLDER}/log/model-{tier}.log")


def look_after(services: Services) -> None:
    """A supervisor that was killed starts nothing again."""
    services.supervise()
    if not supervised(FOLDER / "stack/service"):
        stack("up")


def wait(process: subprocess.Popen) -> int | None:
    """None: it still runs after two seconds."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(timeout=2)
    return None


def taskfit(*arguments: str, services: Services | None = None, tries: int = 100) -> None:
    """Runs a command of the fleet; again when it was killed or something was away for a moment.
    All of them may be run again: the same submit is once the work. `services` are looked after."""
    command = [str(BUILD / "taskfit"), arguments[0], "--config", str(CONFIG), *arguments[1:]]
    for _ in range(tries):
        process = subprocess.Popen(command)
        while (code := wait(process)) is None:
            if services:
                look_after(services)
        if code == 0:
            return
        if code > 0 and code not in (EX_UNAVAILABLE, EX_TEMPFAIL):
            raise Failed(f"taskfit {arguments[0]} failed")
        say(f"taskfit {arguments[0]} ended with {code}: again")
        time.sleep(1)
    raise Failed(f"taskfit {arguments[0]} failed {tries} times")


# --- the whole


def show(job: str) -> None:
    taskfit("show", job)


def run(count: int, wheel: Path) -> int:
    from data import invoices, tariff_lines
    from report import Report, call_alone, print_report, tell_story
    from tiers import Tier

    with lap("tariff lines are read"):
        lines = tariff_lines(wheel)
    accept = prepare_models(wheel, lines)
    with lap(f"{count:,} invoice lines of the test split are written"):
        known = list(invoices(lines, "test", count))
        write_invoices(known)
    services = Services(FOLDER)
    with lap("Kafka and PostgreSQL are up"):
        services.stop()
        settings = stack("up")
    ports = model_ports()
    write_config(settings, ports, accept)
    taskfit("init")
    report = Report(settings["TASKFIT_DATABASE_URL"])
    report.cancel_unfinished()
    report.load_truth(FOLDER / "truth.csv")
    with lap("models, workers and escalator are up"):
        start_services(services, ports)
    key = f"demo-{time.time_ns()}"
    taskfit("submit", "--path", "invoices", "--key", key, str(FOLDER / "invoices.ndjson"))
    batch = report.find_batch(key)
    taskfit("watch", batch, services=services)
    with lap("each model is called alone over the same lines"):
        alone = call_alone([Tier(MODELS, tier) for tier in TIERS], known, PRICES)
    good = print_report(report, batch, known, accept, alone)
    tell_story(report, batch, show)
    print_what_stays(batch)
    return 0 if good else 1


def print_what_stays(batch: str) -> None:
    config = CONFIG.relative_to(ROOT)
    print(f"""
Stack, models and workers still run, to be looked at:
  export TASKFIT_CONFIG={config}
  build/taskfit results {batch} --in-order
  build/taskfit show JOB
  build/taskfit watch {batch}
`make demo-stop` ends them and removes what they stored.""")


def stop() -> int:
    Services(FOLDER).stop()
    stack("reset")
    for path in FOLDER.glob("*"):
        if path != MODELS:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    say("stopped; its results are removed")
    return 0


def main(arguments: list[str]) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "demo.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed("another demo of this checkout runs right now") from None
        if arguments == ["--stop"]:
            return stop()
        return run(int(arguments[0]), Path(arguments[1]))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failed as e:
        say(str(e))
        sys.exit(EX_UNAVAILABLE)
    except KeyboardInterrupt:
        say("interrupted; what was submitted goes on. `make demo` begins anew, demo-stop ends it")
        sys.exit(130)
