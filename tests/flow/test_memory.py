"""What a worker holds is bounded, and given back."""
import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import wire
from cascade import RULES, cascade
from steady import Steady
from until import until

# Of the most, 313 MiB are the inputs.
CALLS, INPUT_BYTES, MOST_MIB, LEFT_MIB = 5000, 64 << 10, 650, 250


def jobs(count):
    """Of inputs that no compression makes small."""
    chance = random.Random(1)
    for n in range(count):
        text = chance.randbytes(INPUT_BYTES // 2).hex()
        yield wire.job({"line": n, "from": "29", "to": "29", "text": text})


@pytest.mark.timeout(240)
def test_many_calls_with_large_inputs(fleet):
    """All 5,000 are in flight at once."""
    stub = fleet.stub("--latency", "20000", "--labels", "CGST_SGST")
    config = cascade(stub.base + "/score", stub.base + "/score",
                     limits={"in_flight": CALLS, "hops": CALLS})
    config["models"]["tiny@1"].update(timeout="2m",  # and nothing is found out about the model
                                      limits={"in_flight": CALLS, "in_flight_least": CALLS})
    fleet.configure(config, RULES)
    fleet.init()
    fleet.send(*jobs(CALLS))
    worker = fleet.worker("tiny")
    until(lambda: stub.stats()["in_flight"] == CALLS, f"{CALLS} calls in flight", timeout=60)
    held = worker.memory_mib()
    until(lambda: fleet.count("attempts") == CALLS, "attempts", timeout=120)
    peak = worker.memory_mib("VmHWM")
    print(f"\nresident: {held:.0f} MiB with all in flight, {peak:.0f} at most")
    assert peak < MOST_MIB
    until(lambda: worker.memory_mib() < LEFT_MIB, f"less than {LEFT_MIB} MiB left")


@pytest.mark.timeout(240)
def test_finished_jobs_leave_nothing_behind(fleet):
    """`make bench-million` in short: less than 210 bytes a job."""
    steady = Steady(fleet)
    steady.begin(10_000)
    before = steady.memory()
    for _ in range(4):
        steady.wave(10_000)
    after = steady.memory()
    print(f"\nresident: {before} MiB after 10,000 jobs, {after} after 50,000")
    assert all(after[name] - before[name] < 8 for name in before)
