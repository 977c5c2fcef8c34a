"""Waves of jobs through one worker and one escalator, with a model that answers at once: what they hold
after each wave. `start`, `programs` and `fleet` are as in tests/chaos/scene.py, so that all can be
replayed (tests/chaos/replay.py)."""
import json
import time

from until import until

TIER = "only"
LABELS = "CGST_SGST,IGST,CGST_UTGST"


def config(url):
    return {"limits": {"in_flight": 256},
            "models": {"stub@1": {"dialect": "scorer", "url": url + "/score", "confidence": "field",
                                  "price": {"call": "0.000001"}}},
            "tiers": {TIER: {"models": [{"use": "stub@1"}]}},
            "paths": {"steady": {"tiers": [TIER], "accept": {TIER: 0.7}, "last": "accept_best",
                                 "answer": {"labels": LABELS.split(",")}, "rules": "rules.jq"}}}


RULES = """\
# rule amount escalate: the amount must be positive
{ amount: (.input.amount <= 0) }
"""


class Steady:
    def __init__(self, fleet):
        self.fleet = fleet
        self.programs = {f"model-{TIER}": fleet.stub("--labels", LABELS)}
        self.waves = self.starts = 0
        fleet.configure(config(self.programs[f"model-{TIER}"].base), RULES)
        fleet.config["kafka"]["partitions"] = 4
        fleet.write_config()
        fleet.init()

    def start(self, name):
        self.starts += 1
        log = f"{name}-{self.starts}"
        self.programs[name] = (self.fleet.escalator(name=log) if name == "escalator" else
                               self.fleet.worker(name, name=log))
        return self.programs[name]

    def stop_all(self):
        for name in (TIER, "escalator"):
            assert self.programs.pop(name).stop() == 0

    def memory(self):
        """MiB resident, by program, at rest: once a second memory is given back."""
        least, until_s = {}, time.monotonic() + 3
        while time.monotonic() < until_s:
            for name in (TIER, "escalator"):
                now = self.programs[name].memory_mib()
                least[name] = min(now, least.get(name, now))
            time.sleep(0.1)
        return least

    def begin(self, count):
        """Starts each with so many jobs before it, so that it soon holds the most that it ever will."""
        batch = self._submit(count)
        self.start(TIER)
        until(lambda: self.fleet.count("attempts") == count, f"{count} attempts", timeout=300)
        self.start("escalator")
        self._reach(batch, count)

    def wave(self, count):
        """Sends so many jobs and waits for their outcomes."""
        self._reach(self._submit(count), count)

    def _submit(self, count):
        self.waves += 1
        file = self.fleet.directory / f"wave-{self.waves}.ndjson"
        with open(file, "w") as out:
            for n in range(count):
                out.write(json.dumps({"id": f"{self.waves}-{n}", "amount": 1 + n % 50, "from": "29",
                                      "to": "27", "text": f"COTTON SAREES, HANDLOOM, LOT {n}; " * 12})
                          + "\n")
        told = self.fleet.command("submit", "--path", "steady", "--json", file.name).stdout
        file.unlink()
        return json.loads(told)["batch_id"]

    def _reach(self, batch, count):
        def done():
            row, = self.fleet.sql("select done from batch_progress where batch_id = %s", batch)
            return row.done == count
        until(done, f"{count} outcomes", timeout=300)
