"""Three tiers of models, their workers, an escalator, a broker and a database, all to be killed.

Whatever could have a model called twice is a Shock: the accounts excuse a repeated call by one alone.
"""
import collections
import dataclasses
import json
import os
import random
import signal
import time

import psycopg

from until import until

TIERS = ("tiny", "mid", "large")
ACCEPT = 0.7  # of confidences that are even between 0.5 and 1: three of five stop at each tier
LATENCY_MS = {"tiny": 150, "mid": 200, "large": 300}
IN_FLIGHT = 200
SESSION_S = 6  # the least that brokers allow
LABELS = "CGST_SGST,IGST,CGST_UTGST"

RULES = """\
# rule amount escalate: the amount must be positive
{ amount: (.input.amount <= 0) }
"""


@dataclasses.dataclass
class Shock:
    """From begin to end the calls of a tier that were not stored might be made again."""
    kind: str
    tier: str
    begin: float
    end: float


@dataclasses.dataclass
class Round:
    """All that is done for one kind of fault."""
    kind: str
    batches: list = dataclasses.field(default_factory=list)  # their ids
    sent: int = 0
    kills: int = 0
    pauses: int = 0
    done: int = 0
    seconds: float = 0


def config(urls):
    def model(tier):
        return {"dialect": "scorer", "url": urls[tier] + "/score", "confidence": "field",
                "price": {"call": "0.000001"}, "timeout": "30s",
                # A model that was killed is back within seconds: no job fails for it.
                "retry": {"attempts": 100, "for": "5m", "base": "50ms", "cap": "500ms"}}
    return {"limits": {"in_flight": IN_FLIGHT, "hops": 2000, "drain": "15s"},
            "models": {f"{tier}@1": model(tier) for tier in TIERS},
            "tiers": {tier: {"models": [{"use": f"{tier}@1"}]} for tier in TIERS},
            "paths": {"invoices": {"tiers": list(TIERS), "accept": dict.fromkeys(TIERS, ACCEPT),
                                   "answer": {"labels": LABELS.split(",")}, "rules": "rules.jq",
                                   "last": "review"}}}


def free_port():
    """Below those that outgoing connections take: a model that was killed must find its own."""
    import socket
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Scene:
    """The programs by name: tiny, mid, large and escalator, and model-tiny, model-mid, model-large.
    `fleet` is the flow tests'; the stack is its own."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.stack = fleet.stack
        self.journals = {tier: fleet.directory / f"calls-{tier}" for tier in TIERS}
        self.ports = {tier: free_port() for tier in TIERS}
        self.starts = collections.Counter()
        self.programs = {}
        self.shocks = []
        self.rounds = []

    # --- programs

    def configure(self, **kafka):
        for tier in TIERS:
            self.start(f"model-{tier}")
        self.fleet.configure(config({tier: self.programs[f"model-{tier}"].base for tier in TIERS}),
                             RULES)
        self.fleet.config["kafka"].update(session_timeout=f"{SESSION_S}s", **kafka)
        self.fleet.write_config()
        self.fleet.init()

    def start(self, name, instance=True):
        """A worker or escalator has the name as its instance: it is a static member."""
        self.starts[name] += 1
        log = f"{name}-{self.starts[name]}"
        as_instance = ("--instance", name) if instance else ()
        if name.startswith("model-"):
            tier = name.removeprefix("model-")
            program = self.fleet.stub("--port", self.ports[tier], "--latency", LATENCY_MS[tier],
                                      "--jitter", LATENCY_MS[tier] // 2, "--labels", LABELS,
                                      "--seed", TIERS.index(tier), "--journal",
                                      self.journals[tier])
            program.said("http://")
        elif name.startswith("escalator"):
            program = self.fleet.escalator(*as_instance, name=log)
        else:
            program = self.fleet.worker(name.split("-")[0], *as_instance, name=log)
        self.programs[name] = program
        return program

    def start_all(self):
        for name in (*TIERS, "escalator"):
            self.start(name)

    def stop_all(self):
        """SIGTERM to workers and escalators, once started: the exit statuses by name."""
        names = [name for name in self.programs if not name.startswith("model-")]
        for name in names:
            self.programs[name].said("started as")
            self.programs[name].child.send_signal(signal.SIGTERM)
        return {name: self.programs.pop(name).stop() for name in names}

    # --- faults

    def tier_of(self, name):
        return name.split("-")[0] if name.split("-")[0] in TIERS else None

    def kill(self, *names):
        """kill -9 of programs; what a worker had in flight may be called again."""
        begin = time.time()
        for name in names:
            self.programs[name].child.kill()
        for name in names:
            self.programs[name].kill()
        self.round.kills += len(names)
        for name in names:
            if self.tier_of(name):
                self.shock(self.tier_of(name), begin)

    def shock(self, tier, begin):
        """What was sent before is counted by the model before the shock is over."""
        model = self.programs[f"model-{tier}"]
        if model.running:
            model.stats()
        self.shocks.append(Shock(self.round.kind, tier, begin, time.time()))

    def kill_server(self, name):
        self.stack.kill(name)
        self.round.kills += 1

    def kill_backend(self):
        """One of the database's processes: it ends all sessions and recovers."""
        row, = self.fleet.sql("select pid from pg_stat_activity where usename = %s"
                              " and application_name like 'taskfit-%%' order by random() limit 1",
                              self.fleet.prefix)
        os.kill(row.pid, signal.SIGKILL)
        self.round.kills += 1

    def pause(self, seconds, *pids):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)  # the fault itself, no waiting for something
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        self.round.pauses += len(pids)

    # --- work

    def begin(self, kind):
        self.round = Round(kind)
        self.rounds.append(self.round)
        return self.round

    def submit(self, count):
        """One more batch."""
        name = f"{len(self.rounds)}-{len(self.round.batches)}.ndjson"
        with open(self.fleet.directory / name, "w") as out:
            for n in range(count):
                out.write(json.dumps({"id": f"{name}-{n}", "amount": n % 50,
                                      "text": f"COTTON SAREES, HANDLOOM, LOT {n}"}) + "\n")
        told = json.loads(self.fleet.command("submit", "--path", "invoices", "--json", name).stdout)
        self.round.batches.append(told["batch_id"])
        self.round.sent += told["jobs"]

    def done(self):
        """Outcomes of the round; what was known last while the database is away."""
        try:
            row, = self.fleet.sql("select sum(done)::int as done from batch_progress"
                                  " where batch_id = any(%s::uuid[])", self.round.batches)
            self.round.done = row.done
        except psycopg.OperationalError:
            pass
        return self.round.done

    def reach(self, count):
        until(lambda: self.done() >= count, f"outcome number {count} of {self.round.kind}",
              timeout=120)

    def finish(self, patience=60):
        """Waits for the round's end. A job that is lost shows by nothing moving any more."""
        seen, since = -1, time.monotonic()
        while self.done() < self.round.sent and time.monotonic() - since < patience:
            if self.round.done != seen:
                seen, since = self.round.done, time.monotonic()
            time.sleep(0.05)
