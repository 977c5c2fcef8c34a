"""SIGHUP: a new configuration for what is taken from now on; one with a mistake changes nothing."""
import json
import signal

import pytest

import wire
from cascade import RULES, cascade, line, run_cascade, scorer
from models import scored
from until import until


def hang_up(*programs):
    for program in programs:
        program.child.send_signal(signal.SIGHUP)


def reloaded(program, times=1):
    """Waits until it has loaded its file anew so many times."""
    until(lambda: program.log.count("holds for what is taken") == times,
          f"reload of {program.name}")


def test_threshold_and_url_under_load(fleet, model):
    """Two models, two policies, one stream: each job once, by one or the other."""
    old = fleet.stub("--latency", "20", "--labels", "CGST_SGST")
    new = fleet.stub("--latency", "20", "--labels", "CGST_SGST")
    mid = model(lambda _: scored("CGST_SGST", 0.99))
    config = cascade(old.base + "/score", mid.url, limits={"in_flight": 50})
    config["paths"]["invoices"]["accept"]["tiny"] = 0  # all stop here
    fleet.configure(config, RULES)
    fleet.init()
    programs = fleet.worker("tiny"), fleet.worker("mid"), fleet.escalator()
    jobs = [wire.job(line(n)) for n in range(4000)]
    fleet.send(*jobs[:3000])
    until(lambda: fleet.count("decisions") >= 500, "500 decisions")
    before, = fleet.sql("select version from policies")
    fleet.config["models"]["tiny@1"]["url"] = new.base + "/score"
    fleet.config["paths"]["invoices"]["accept"]["tiny"] = 1  # none does
    fleet.write_config()
    hang_up(*programs)
    for program in programs:
        reloaded(program)
    fleet.send(*jobs[3000:])
    outcomes = fleet.outcomes(4000)
    assert {o.verdict for o in outcomes.values()} == {"accept"}
    assert old.stats()["repeats"] == new.stats()["repeats"] == mid.repeats == 0
    assert old.stats()["calls"] + new.stats()["calls"] == 4000
    assert new.stats()["calls"] >= 1000
    by_policy = {row.policy: row for row in fleet.sql(
        "select policy, count(*) filter (where hop = 0 and verdict = 'accept') as accepted,"
        " count(*) filter (where hop = 0 and verdict = 'escalate') as escalated"
        " from decisions group by 1")}
    after, = set(by_policy) - {before.version}
    assert by_policy[before.version].escalated == 0 and by_policy[before.version].accepted >= 500
    assert by_policy[after].accepted == 0 and by_policy[after].escalated >= 1000
    assert fleet.count("policies where version = %s", after) == 1
    assert f"policy {after}, was {before.version}" in programs[2].log
    assert programs[0].metric("taskfit_config_good") == 1


@pytest.fixture
def running(fleet, model):
    """A fleet of which one program takes jobs, and a model that answers."""
    fleet.tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.programs_up = run_cascade(fleet, fleet.tiny.url, fleet.tiny.url)
    return fleet


@pytest.mark.parametrize("change, words", [
    (lambda config: config["paths"]["invoices"]["accept"].update(tiny=1.5),
     ["taskfit.yaml:", "tiny", "1.5"]),
    (lambda config: config["kafka"].update(prefix="other"), ["kafka.prefix", "restart"]),
    (lambda config: config["postgres"].update(url="postgresql://x@nowhere/x"),
     ["postgres.url", "restart"]),
    (lambda config: (config["tiers"].update(tinier=config["tiers"].pop("tiny")),
                     config["paths"]["invoices"].update(tiers=["tinier", "mid"],
                                                        accept={"tinier": 0.5, "mid": 0.5})),
     ["tiers.tiny is gone"]),
    (lambda config: config["tiers"].update(extra=config["tiers"]["tiny"]),
     ["jobs.extra", "taskfit init"]),
])
def test_what_cannot_hold_is_refused_and_the_old_stays(running, change, words):
    worker = running.programs_up[0]
    change(running.config)
    running.write_config()
    hang_up(worker)
    worker.said("the configuration stays as it was")
    refused, = [row for row in worker.log.splitlines() if "stays as it was" in row]
    for word in words:
        assert word in refused
    assert worker.metric("taskfit_config_good") == 0
    running.send(wire.job(line()))
    running.outcomes(1)
    assert running.tiny.calls == 1


def test_a_limit_holds_over_old_and_new_calls(fleet, model):
    """Calls of the old configuration count against the limit of the new one."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    tiny.hold()
    mine = scorer(tiny.url, limits={"in_flight": 4})
    worker, _, _ = run_cascade(fleet, mine, tiny.url)
    fleet.send(*[wire.job(line(n)) for n in range(20)])
    until(lambda: tiny.calls == 4, "4 calls under way")
    fleet.config["models"]["tiny@1"]["limits"]["in_flight"] = 6
    fleet.write_config()
    hang_up(worker)
    reloaded(worker)
    fleet.send(*[wire.job(line(n)) for n in range(20)])
    tiny.release()
    fleet.outcomes(40)
    assert tiny.calls == 40 and tiny.repeats == 0


def test_what_needs_a_restart_is_said_and_the_rest_holds(running):
    worker = running.programs_up[0]
    running.config["listen"] = "127.0.0.1:1"
    running.config["log_level"] = "debug"
    running.write_config()
    hang_up(worker)
    worker.said("listen was changed, which needs a restart")
    reloaded(worker)
    running.send(wire.job(line()))
    worker.said("level=debug .*CALLING")
    running.outcomes(1)


def test_a_path_that_is_gone_can_come_back(fleet, model):
    """Results of a path that a reload took away are set aside, not decided: a replay decides them."""
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    config = cascade(tiny.url, tiny.url)
    config["paths"]["late"] = config["paths"]["invoices"]
    fleet.configure(config, RULES)
    fleet.init()
    escalator = fleet.escalator().ready()
    rows = "".join(json.dumps({"id": f"n{n}", **line(n)}) + "\n" for n in range(5))
    batch = json.loads(fleet.command("submit", "--path", "late", "--json", input=rows)
                       .stdout)["batch_id"]
    late = fleet.config["paths"].pop("late")
    fleet.write_config()
    hang_up(escalator)
    reloaded(escalator)
    fleet.config["paths"]["late"] = late
    fleet.write_config()
    fleet.worker("tiny").ready()  # which has the path
    progress = "select dead, accepted from batch_progress where batch_id = %s"
    until(lambda: tuple(fleet.sql(progress, batch)[0]) == (5, 0), "five letters")
    assert fleet.count("dead_letters where topic = %s and reason = 'path.unknown' and not decided",
                       fleet.topic("results")) == 5
    hang_up(escalator)
    reloaded(escalator, 2)
    fleet.command("dead", "replay", "--all")
    until(lambda: tuple(fleet.sql(progress, batch)[0]) == (0, 5), "five answers that stand")
    assert tiny.calls == 5


def test_old_jobs_do_not_hold_back_new_ones(fleet, model):
    """Jobs that began with a model that has no room wait for it; those after the reload have another."""
    old, new = model(lambda _: scored("CGST_SGST", 0.97)), model(lambda _: scored("CGST_SGST", 0.97))
    old.hold()
    fleet.configure(cascade(scorer(old.url, limits={"in_flight": 1}), old.url), RULES)
    fleet.init()
    worker = fleet.worker("tiny").ready()
    fleet.send(*[wire.job(line(n)) for n in range(40)])
    until(lambda: 'taskfit_hops{step="ready"} 39\n' in worker._get("/metrics"), "39 ready")
    fleet.config["models"]["tiny@2"] = scorer(new.url)
    fleet.config["tiers"]["tiny"]["models"] = ["tiny@2"]
    fleet.write_config()
    hang_up(worker)
    reloaded(worker)
    fleet.send(*[wire.job(line(n)) for n in range(5)])
    until(lambda: fleet.count("attempts where model = 'tiny@2'") == 5, "five rows")
    assert old.calls == 1
    old.release()
    until(lambda: fleet.count("attempts") == 45, "all rows")


def test_lanes_have_other_weights_but_the_same_names(fleet, model):
    tiny = model(lambda _: scored("CGST_SGST", 0.97))
    worker, *_ = run_cascade(fleet, tiny.url, tiny.url, lanes={"bulk": 1, "now": 4})
    fleet.config["lanes"] = {"now": 9, "bulk": 1}
    fleet.write_config()
    hang_up(worker)
    reloaded(worker)
    fleet.config["lanes"] = {"now": 9, "large": 1}
    fleet.write_config()
    hang_up(worker)
    worker.said("the names of lanes were changed, which needs a restart")
    until(lambda: worker.metric("taskfit_config_good") == 0, "the refusal in the metrics")
