"""What a model takes, found out; and models that are away."""
import threading

import wire
from cascade import cascade, line, run_cascade, scorer, RULES
from models import page, scored
from until import until


def answer(_):
    return scored("CGST_SGST", 0.97)


def test_jobs_wait_for_a_model_that_is_away(fleet, model):
    """Nothing is passed on, nothing is lost, and all is answered when it is there."""
    gone = model(answer)
    url, port = gone.url, gone.port
    gone.close()
    tiny, _, _ = run_cascade(fleet, url, model(answer).url)
    jobs = [wire.job(line(n)) for n in range(200)]
    fleet.send(*jobs)
    tiny.said("tiny@1 is away: it cannot be reached; its jobs wait")
    until(lambda: tiny.metric("taskfit_model_state") > 0, "a model that is away")
    assert fleet.count("attempts") == 0
    back = model(answer, port=port)
    outcomes = fleet.outcomes(len(jobs))
    assert {o.tier for o in outcomes.values()} == {"tiny"}
    assert fleet.count("attempts where error is not null") == 0
    tiny.said("tiny@1 answers again")
    assert back.calls == len(jobs)


def test_a_deadline_does_not_wait(fleet, model):
    gone = model(answer)
    gone.close()
    config = cascade(gone.url, model(answer).url)
    config["paths"]["invoices"]["limits"] = {"deadline": "3s"}
    fleet.configure(config, RULES)
    fleet.init()
    fleet.worker("tiny").ready(), fleet.escalator().ready()
    fleet.send(*[wire.job(line(n)) for n in range(20)])
    outcomes = fleet.outcomes(20)
    assert {o.verdict for o in outcomes.values()} == {"expired"}


def test_credentials_that_are_refused(fleet, model):
    """Who was refused moves on at once, the rest waits; when the key is good all go on."""
    good = []
    tiny_model = model(lambda _: answer(_) if good else page(status=401))
    tiny, _, _ = run_cascade(fleet, tiny_model.url, model(answer).url)
    jobs = [wire.job(line(n)) for n in range(100)]
    fleet.send(*jobs)
    tiny.said("tiny@1 refuses the credentials")
    good.append(True)
    outcomes = fleet.outcomes(len(jobs))
    refused = fleet.count("attempts where error = 'error.auth'")
    assert 1 <= refused <= 20
    assert sum(o.tier == "mid" for o in outcomes.values()) == refused


def test_another_model_stands_in(fleet, model):
    """The tier's other model has all jobs while the first is away."""
    gone = model(answer)
    gone.close()
    other = model(answer)
    config = cascade(gone.url, model(answer).url)
    config["models"]["tiny@2"] = scorer(other.url)
    config["tiers"]["tiny"]["models"] = [{"use": "tiny@1", "weight": 9}, "tiny@2"]
    fleet.configure(config, RULES)
    fleet.init()
    fleet.worker("tiny").ready(), fleet.escalator().ready()
    jobs = [wire.job(line(n)) for n in range(50)]
    fleet.send(*jobs)
    assert {o.tier for o in fleet.outcomes(len(jobs)).values()} == {"tiny"}
    assert {a.model for a in fleet.sql("select model from attempts")} == {"tiny@2"}


def test_a_hidden_limit_is_found(fleet, model):
    """300 jobs at a server that takes 5 at a time and tells nobody: few calls are refused."""
    stub = fleet.stub("--latency", "20", "--labels", "CGST_SGST")
    stub.limit(places=5)
    tiny, _, _ = run_cascade(fleet, stub.base + "/score", model(answer).url)
    fleet.send(*[wire.job(line(n)) for n in range(300)])
    fleet.outcomes(300)
    stats = stub.stats()
    assert stats["most_in_flight"] == 5
    assert stats["calls"] - stats["refused"] >= 300
    assert stats["refused"] == tiny.metric("taskfit_calls_refused_total") < 100
    assert fleet.count("attempts where error is not null") == 0


def test_a_rate_is_shared_by_partitions(fleet, model):
    """Two workers with a partition each: each may have half of the requests a minute."""
    tiny = model(answer)
    mine = scorer(tiny.url)
    mine["limits"] = {"rpm": 60}
    fleet.configure(cascade(mine, tiny.url), RULES)
    fleet.init()
    workers = [fleet.worker("tiny", name=f"worker-{n}") for n in range(2)]
    for worker in workers:
        until(lambda: worker.metric("taskfit_partitions") == 1, "a partition for each")
    fleet.send(*[wire.job(line(n)) for n in range(40)])
    until(lambda: tiny.calls >= 4, "calls")
    for worker in workers:
        until(lambda: worker.metric("taskfit_held_seconds_total") > 0, "a rate that holds back")
    assert tiny.calls < 30


def test_a_share_is_of_the_topic_as_it_is(fleet, model):
    """The configuration says two partitions, the brokers have four: each worker has half, not all."""
    mine = scorer(model(answer).url)
    mine["limits"] = {"in_flight": 10, "in_flight_least": 10}
    fleet.configure(cascade(mine, mine), RULES)
    fleet.config["kafka"]["partitions"] = 4
    fleet.write_config()
    fleet.init()
    fleet.config["kafka"]["partitions"] = 2
    fleet.write_config()
    workers = [fleet.worker("tiny", name=f"worker-{n}") for n in range(2)]
    for worker in workers:
        until(lambda: worker.metric("taskfit_partitions") == 2, "two partitions for each")
        until(lambda: worker.metric("taskfit_model_calls_most") == 5, "half of the calls", timeout=60)


def test_a_slow_call_is_made_a_second_time(fleet, model):
    """The first reply does not come; the second call, with a key of its own, is answered; both are paid for."""
    over = threading.Event()

    def rule(request):
        if request.body["line"] == 1000 and not request.key.endswith("-second"):
            over.wait()
        return answer(request)
    tiny_model = model(rule)
    mine = {**scorer(tiny_model.url), "hedge": True}
    tiny, _, _ = run_cascade(fleet, mine, tiny_model.url)
    fleet.send(*[wire.job(line(n)) for n in range(100)])
    fleet.outcomes(100)
    slow = wire.job(line(1000))
    fleet.send(slow)
    assert fleet.outcomes(101)[wire.id_of(slow)].tier == "tiny"
    over.set()
    attempt, = fleet.attempts(slow)
    assert (attempt.calls, attempt.cost_pico_usd) == (2, 2_000_000)
    assert 1 <= tiny.metric("taskfit_calls_hedged_total") <= 5 + 101 / 20
