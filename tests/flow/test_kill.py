"""kill -9 of anything: each job has one outcome, and no call is repeated but what was in flight."""
import pytest

import wire
from cascade import cascade, line, RULES
from until import until

JOBS, IN_FLIGHT, LATENCY_MS = 2000, 100, 50
KILL_AT = (300, 800, 1300)  # attempts stored


def start(fleet, name):
    """A static member of its group: started again, it has its partitions back at once."""
    if name == "escalator":
        return fleet.escalator("--instance", name)
    return fleet.worker(name.removeprefix("worker-"), "--instance", name)


def start_all(fleet):
    return {name: start(fleet, name) for name in ("worker-tiny", "worker-mid", "escalator")}


@pytest.fixture
def run(fleet):
    """2,000 jobs on their way through two tiers of a model that takes its time."""
    stub = fleet.stub("--latency", LATENCY_MS, "--labels", "CGST_SGST,IGST")
    fleet.stub_server = stub
    config = cascade(stub.base + "/score", stub.base + "/score",
                     limits={"in_flight": IN_FLIGHT, "drain": "10s"})
    fleet.configure(config, RULES)
    fleet.init()
    fleet.jobs = [wire.job(line(n, within=n % 2 == 0)) for n in range(JOBS)]
    return fleet


def check_whole(fleet, kills):
    """What must hold when all is quiet. kills: of processes that may have had calls in flight."""
    outcomes = fleet.outcomes(JOBS, timeout=90)
    assert set(outcomes) == {wire.id_of(job) for job in fleet.jobs}
    assert fleet.count("dead_letters") == 0
    assert fleet.count("decisions where final") == JOBS
    attempts = fleet.count("attempts")
    assert attempts == fleet.count("decisions")
    moved_on = fleet.count("decisions where verdict = 'escalate'")
    assert attempts == JOBS + moved_on and 0 < moved_on < JOBS
    stats = fleet.stub_server.stats()
    assert stats["distinct_keys"] == attempts
    assert stats["repeats"] <= kills * IN_FLIGHT, stats


def reach(fleet, rows, what="attempts"):
    """Waits until so many rows are stored, while work is still under way."""
    until(lambda: fleet.count(what) >= rows, f"{rows} {what}")
    assert fleet.count("outcomes") < JOBS


@pytest.mark.parametrize("victim, rows", [
    ("worker-tiny", "attempts where hop = 0"), ("worker-mid", "attempts where hop = 1"),
    ("escalator", "decisions")])
def test_program_killed(run, victim, rows):
    programs = start_all(run)
    run.send(*run.jobs)
    for stored in KILL_AT:
        reach(run, stored, rows)
        programs[victim].kill()
        programs[victim] = start(run, victim)
    check_whole(run, kills=0 if victim == "escalator" else len(KILL_AT))


@pytest.mark.parametrize("victim", ["kafka", "postgres"])
def test_server_killed(run, victim):
    """The fleet waits for it: nobody exits, no call is repeated."""
    programs = run.worker("tiny"), run.worker("mid"), run.escalator()
    run.send(*run.jobs)
    for stored in (KILL_AT[1],) if victim == "kafka" else KILL_AT[::2]:  # a broker takes its time
        reach(run, stored)
        run.stack.kill(victim)
        run.stack.up()
    check_whole(run, kills=0)
    assert all(program.running for program in programs)


def test_all_killed_at_once(run):
    programs = start_all(run)
    run.send(*run.jobs)
    reach(run, 500)
    for program in programs.values():
        program.kill()
    run.stack.kill("kafka")
    run.stack.kill("postgres")
    run.stack.up()
    for name in programs:
        start(run, name)
    check_whole(run, kills=2)
    before = run.stub_server.stats()["calls"]
    run.send(*run.jobs[:200])  # a replay costs no call
    run.send(last := wire.job(line(JOBS)))
    until(lambda: wire.id_of(last) in run.outcomes(JOBS + 1), "outcome of the last")
    assert run.stub_server.stats()["calls"] <= before + 2


def test_another_worker_takes_over(run):
    """Without static membership: the group lets the dead one's partitions go to the living."""
    run.config["kafka"]["session_timeout"] = "6s"
    run.write_config()
    first, second = (run.worker("tiny", name=f"worker-tiny-{n}") for n in (1, 2))
    run.worker("mid")
    run.escalator()
    first.ready()
    second.ready()
    run.send(*run.jobs)
    reach(run, 500)
    first.kill()
    check_whole(run, kills=1)
