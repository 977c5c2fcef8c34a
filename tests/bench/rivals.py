"""A Taskfit worker, and what a user would write otherwise: a Go and a Python program that do the same
work. Each reads the jobs of a fleet's tier `only`, calls its model, and stores a row a job."""
import json
import os
import pathlib
import shutil
import subprocess
import time

import fleet as fleet_module
from until import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "tests" / "bench"
TIER = "only"
LABELS = ["CGST_SGST", "IGST", "CGST_UTGST"]

RULES = """\
# rule amount escalate: the amount must be positive
# rule states escalate: both states must be named
# rule rate note: the rate is not one of the usual ones
(.input.messages[1].content | fromjson) as $line
| { amount: ($line.amount <= 0),
    states: (($line.from | length) == 0 or ($line.to | length) == 0),
    rate: ([0, 5, 12, 18, 28] | index($line.rate) | not) }
"""

PEER_TABLE = """create table peer_attempts (job_id uuid primary key, answer text, confidence float8,
    latency_ms int, error text, stored_at timestamptz not null default clock_timestamp())"""


def body(n):
    """An OpenAI request of about 700 bytes."""
    system = ("Which tax applies to this invoice line under the Indian goods and services tax? "
              f"Answer with exactly one of {', '.join(LABELS)} and nothing else. " * 2)
    line = {"id": n, "from": f"{n % 37 + 1:02}", "to": f"{n * 7 % 37 + 1:02}", "rate": 18,
            "amount": 100 + n, "text": f"COTTON SAREES, HANDLOOM, LOT {n}"}
    return {"model": "bench", "logprobs": True,
            "messages": [{"role": "system", "content": system},
                         {"role": "user", "content": json.dumps(line)}]}


def compact(document):
    return json.dumps(document, separators=(",", ":"))


def set_up(stack, directory, latency_ms, in_flight):
    """A fleet with a model that takes so long, of which so many calls may be in flight."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    fleet = fleet_module.Fleet(stack, directory)
    stub = fleet.stub("--latency", str(latency_ms))
    fleet.url = stub.base + "/v1/chat/completions"
    fleet.configure({
        "limits": {"in_flight": in_flight, "hops": max(8192, 2 * in_flight)},
        "models": {"stub@1": {
            "dialect": "openai_chat", "url": fleet.url, "model": "stub", "confidence": "logprob",
            "price": {"input": "0.25", "output": "2"}, "timeout": "30s",
            # as the peers: nothing to find out
            "limits": {"in_flight": in_flight, "in_flight_least": in_flight}}},
        "tiers": {TIER: {"models": ["stub@1"]}},
        "paths": {"bench": {"tiers": [TIER], "accept": {TIER: 0.5}, "answer": {"labels": LABELS},
                            "rules": "rules.jq", "last": "accept_best"}}}, RULES)
    fleet.config["kafka"]["partitions"] = 4
    fleet.write_config()
    fleet.init()
    fleet.sql_run(PEER_TABLE)
    return fleet


class Taskfit:
    name = "Taskfit"
    table = "attempts"

    def start(self, fleet, in_flight):
        return fleet.worker(TIER)


class Peer:
    table = "peer_attempts"

    def start(self, fleet, in_flight):
        fleet.sql_run("truncate peer_attempts")
        argv = [*self.command(), "-brokers", fleet.stack.brokers, "-topic", fleet.topic(f"jobs.{TIER}"),
                "-database", fleet.database_url, "-url", fleet.url, "-in-flight", in_flight]
        return fleet._start(fleet_module.Program, self.name, argv)


class Go(Peer):
    name = "Go"

    def command(self):
        return [fleet_module.BUILD / "bench-peer"]

    @staticmethod
    def there():
        go = shutil.which("go")
        if go is None:
            print("bench: no go here, so that peer is left out (1.23 or newer is wanted)")
            return False
        subprocess.run([go, "build", "-o", fleet_module.BUILD / "bench-peer", "."], check=True,
                       cwd=BENCH / "peer_go")
        return True


class Python(Peer):
    name = "Python"
    environment = {**os.environ, "REQUIREMENTS": str(BENCH / "peer_python" / "requirements.txt")}
    python = None

    def command(self):
        return [self.python, BENCH / "peer_python" / "peer.py"]

    @classmethod
    def there(cls):
        told = subprocess.run([ROOT / "tests/flow/python", "-c", "import sys; print(sys.executable)"],
                              check=True, env=cls.environment, capture_output=True, text=True)
        cls.python = told.stdout.strip()
        return True


def systems(names):
    """Those that can run here, of these names."""
    return [kind() for kind in (Taskfit, Go, Python)
            if kind.name in names and (kind is Taskfit or kind.there())]


def wait_for(fleet, program, table, jobs, timeout=300):
    """Until it has stored so many rows."""
    def stored():
        assert program.running, program.end()
        return fleet.count(table) >= jobs
    until(stored, f"{jobs} rows in {table} from {program.name}", timeout)


def stop(program):
    """Its end does not count: one that does not end by itself is killed."""
    program.expected_end = True
    program.child.terminate()
    end_s = time.monotonic() + 20
    while program.running and time.monotonic() < end_s:
        time.sleep(0.05)
    if program.running:
        program.kill()
