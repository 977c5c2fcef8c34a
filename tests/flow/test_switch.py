"""taskfit switch: another model for a tier's jobs, at once, recorded, over restarts and reloads."""
import json
import signal

import wire
from cascade import RULES, cascade, line, scorer
from models import scored
from until import until


def start(fleet, model, **more):
    """Two models of one tier, of which the configuration lets the first be called, and a third."""
    fleet.models = [model(lambda _: scored("CGST_SGST", 0.97)) for _ in range(3)]
    first, second, third = (m.url for m in fleet.models)
    config = cascade(first, third, **more)
    config["models"]["tiny@2"] = scorer(second)
    config["tiers"]["tiny"]["models"].append({"use": "tiny@2", "weight": 0})
    fleet.configure(config, RULES)
    fleet.init()
    fleet.escalator().ready()
    return fleet.worker("tiny").ready()


def switch(fleet, *arguments):
    return json.loads(fleet.command("switch", "tiny", *arguments, "--by", "anna", "--json").stdout)


def done(fleet, count):
    fleet.send(*[wire.job(line(n)) for n in range(count)])
    fleet.outcomes(fleet.sent + count)
    fleet.sent += count
    return [m.calls for m in fleet.models]


def test_live_recorded_and_undone(fleet, model):
    worker = start(fleet, model)
    fleet.sent = 0
    assert done(fleet, 20) == [20, 0, 0]
    told = switch(fleet, "tiny@2")
    assert told["weights"] == {"tiny@1": 0, "tiny@2": 1}
    worker.said("tier tiny is switched")
    assert done(fleet, 20) == [20, 20, 0]
    worker.child.send_signal(signal.SIGHUP)  # a reload keeps it
    worker.said("holds for what is taken")
    assert done(fleet, 20) == [20, 40, 0]
    worker.stop()
    fleet.worker("tiny", name="second").ready()  # and so does a restart
    assert done(fleet, 20) == [20, 60, 0]
    switch(fleet, "mid@1", "--weight", "1")  # of another tier: half of the jobs each
    fleet.programs[-1].said("mid@1")
    calls = done(fleet, 100)
    # What a model has no room for at first goes to the other.
    assert calls[0] == 20 and calls[1] + calls[2] == 160 and 0 < calls[2] < 100
    by_model = fleet.sql("select model, count(*) as n from attempts group by 1 order by 1")
    assert [(row.model, row.n) for row in by_model] == [
        ("mid@1", calls[2]), ("tiny@1", 20), ("tiny@2", calls[1])]
    switch(fleet, "--undo")
    fleet.programs[-1].said("weights of the configuration hold again")
    assert done(fleet, 20) == [40, calls[1], calls[2]]
    rows = fleet.sql("select model, weight, made_by from switches order by id")
    assert [tuple(row) for row in rows] == [
        ("tiny@2", None, "anna"), ("mid@1", 1, "anna"), (None, None, "anna")]
    shown = fleet.command("switch", "tiny").stdout
    assert "anna: all to tiny@2" in shown and "mid@1 gets weight 1" in shown
    assert [s["model"] for s in switch(fleet)["switches"]] == [None, "mid@1", "tiny@2"]


def test_jobs_that_wait_go_to_the_other(fleet, model):
    """Also those that were admitted, and a try that is to be made again."""
    worker = start(fleet, model, limits={"in_flight": 5})
    fleet.models[0].hold()
    fleet.send(*[wire.job(line(n)) for n in range(50)])
    until(lambda: fleet.models[0].calls == 5, "5 calls under way")
    switch(fleet, "tiny@2")
    worker.said("tier tiny is switched")
    fleet.models[0].release()
    fleet.outcomes(50)
    assert [m.calls for m in fleet.models] == [5, 45, 0]


def test_refused(fleet, model):
    start(fleet, model)

    def says(*arguments):
        done = fleet.command("switch", *arguments, "--by", "anna", check=False)
        assert done.returncode in (64, 78) and fleet.count("switches") == 0
        return done.stderr
    assert "no model 'tiny@3'; did you mean 'tiny@" in says("tiny", "tiny@3")
    assert "no tier 'tinny'" in says("tinny", "tiny@1")
    assert "all weights of tier 'tiny' would be 0" in says("tiny", "tiny@1", "--weight", "0")
    assert "--weight" in says("tiny", "tiny@1", "--weight", "-1")
    assert "--weight" in says("tiny", "--weight", "1")
    fleet.config["models"]["mute@1"] = {**scorer("http://127.0.0.1:9/"), "confidence": "none"}
    fleet.write_config()
    assert "path invoices: model 'mute@1' has confidence none" in says("tiny", "mute@1")
