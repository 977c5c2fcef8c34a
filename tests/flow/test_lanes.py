"""Lanes and tenants: who comes late and is in a hurry does not wait behind a backlog. Told by the
order of the rows that are stored, which no clock has a part in."""
import json
import urllib.request

import wire
from cascade import RULES, cascade, line
from models import scored
from until import until

AT_A_TIME = 4  # calls


def start(fleet, model, answer=scored("CGST_SGST", 0.97), **limits):
    """A held model behind a worker with lanes; the paths `now` and `later` name one each."""
    tiny = model(lambda _: answer)
    config = cascade(tiny.url, tiny.url, lanes={"interactive": 8, "bulk": 1},
                     limits={"in_flight": AT_A_TIME, "hops": 2400, "store_rows": 10, **limits})
    config["paths"]["now"] = {**config["paths"]["invoices"], "lane": "interactive"}
    config["paths"]["later"] = {**config["paths"]["invoices"], "lane": "bulk"}
    fleet.configure(config, RULES)
    fleet.init()
    tiny.hold()
    return tiny, fleet.worker("tiny").ready()


def jobs(count, path="invoices", **fields):
    return [wire.job(line(n), path, **fields) for n in range(count)]


def waiting(worker, count):
    until(lambda: worker.metric("taskfit_hops") and
          f'taskfit_hops{{step="ready"}} {count}\n' in worker._get("/metrics"), f"{count} ready")


def places(fleet, count, these):
    """Of these jobs among the rows of all, as they were stored."""
    until(lambda: fleet.count("attempts") == count, f"{count} rows")
    stored = [row.job_id for row in fleet.sql("select job_id from attempts order by ctid")]
    return sorted(stored.index(wire.id_of(job)) for job in these)


def test_who_is_in_a_hurry_overtakes_a_backlog(fleet, model):
    tiny, worker = start(fleet, model)
    backlog, hurried = jobs(1500, "later"), jobs(20, "now")
    fleet.send(*backlog, tier="tiny.bulk")
    waiting(worker, 1500 - AT_A_TIME)
    fleet.send(*hurried, tier="tiny.interactive")
    waiting(worker, 1520 - AT_A_TIME)
    tiny.release()
    # Behind what was called already, and one of the others' for each eight of theirs.
    assert places(fleet, 1520, hurried)[-1] <= AT_A_TIME + 20 + 3 + 2 * AT_A_TIME


def test_nobody_is_left_out(fleet, model):
    tiny, worker = start(fleet, model)
    hurried, backlog = jobs(1500, "now"), jobs(20, "later")
    fleet.send(*hurried, tier="tiny.interactive")
    waiting(worker, 1500 - AT_A_TIME)
    fleet.send(*backlog, tier="tiny.bulk")
    waiting(worker, 1520 - AT_A_TIME)
    tiny.release()
    assert places(fleet, 1520, backlog)[-1] <= AT_A_TIME + 20 * 9 + 2 * AT_A_TIME


def test_a_backlog_leaves_room_in_memory(fleet, model):
    """240 hops, of which the bulk of 500 may not have what is kept for the two other lanes."""
    tiny, worker = start(fleet, model, hops=240)
    backlog, hurried = jobs(500, "later"), jobs(20, "now")
    fleet.send(*backlog, tier="tiny.bulk")
    waiting(worker, 160 - AT_A_TIME)
    fleet.send(*hurried, tier="tiny.interactive")
    waiting(worker, 180 - AT_A_TIME)
    until(lambda: 'taskfit_lane_backlog_jobs{lane="bulk"} 340\n' in worker._get("/metrics"),
          "the bulk that waits in its topic")
    assert worker.metric("taskfit_backlog_jobs") == 340
    tiny.release()
    assert places(fleet, 520, hurried)[-1] <= AT_A_TIME + 20 + 3 + 2 * AT_A_TIME


def test_tenants_take_turns(fleet, model):
    tiny, worker = start(fleet, model)
    backlog, small = jobs(1200, tenant="large"), jobs(20, tenant="small")
    fleet.send(*backlog)
    waiting(worker, 1200 - AT_A_TIME)
    fleet.send(*small)
    waiting(worker, 1220 - AT_A_TIME)
    tiny.release()
    assert places(fleet, 1220, small)[-1] <= AT_A_TIME + 2 * 20 + 2 * AT_A_TIME


def test_a_tenant_leaves_room_for_others(fleet, model):
    """Of 160 places that a lane may have, one tenant has 140; its partition waits, the other not."""
    tiny, worker = start(fleet, model, hops=240)
    small = jobs(15, tenant="small")
    fleet.send(*jobs(300, tenant="large"), partition=0)
    waiting(worker, 140 - AT_A_TIME)
    fleet.send(*small, partition=1)
    waiting(worker, 155 - AT_A_TIME)
    tiny.release()
    assert places(fleet, 315, small)[-1] <= AT_A_TIME + 2 * 15 + 2 * AT_A_TIME


def test_all_producers_know_the_lane(fleet, model):
    """submit, the gateway, the escalator, and a replay."""
    tiny, _ = start(fleet, model, answer=scored("CGST_SGST", 0.5))
    tiny.release()
    fleet.config["gateway"] = {"listen": "127.0.0.1:0", "files": str(fleet.directory)}
    fleet.write_config()
    fleet.escalator()
    (fleet.directory / "lines.ndjson").write_text("".join(
        json.dumps({"custom_id": f"n{n}", "input": line(n)}) + "\n" for n in range(3)))
    fleet.command("submit", "--path", "later", "lines.ndjson")
    request = urllib.request.Request(
        fleet.gateway().api + "/taskfit/jobs", method="POST",
        data=json.dumps({"path": "now", "input": line(7)}).encode(),
        headers={"Content-Type": "application/json"})
    assert urllib.request.urlopen(request, timeout=10).status == 202
    for tier in "tiny", "mid":
        fleet.read_topic(f"jobs.{tier}.bulk", 3)
        fleet.read_topic(f"jobs.{tier}.interactive", 1)
    fleet.send(jobs(1, "nowhere")[0], tier="tiny.bulk")
    until(lambda: fleet.count("dead_letters") == 1, "a letter")
    assert fleet.sql("select topic from dead_letters")[0].topic == fleet.topic("jobs.tiny.bulk")
    fleet.command("dead", "replay", "--all")
    fleet.read_topic("jobs.tiny.bulk", 5)


def test_a_large_job_does_not_hold_back_small_ones(fleet, model):
    """It waits for a call of the one model, as the other has too little left for it."""
    told = {"x-ratelimit-remaining-tokens": "300", "x-ratelimit-reset-tokens": "60s"}
    status, headers, text = scored("CGST_SGST", 0.97)
    counted = model(lambda _: (status, {**headers, **told}, text))
    narrow = model(lambda _: scored("CGST_SGST", 0.97))
    narrow.hold()
    config = cascade(counted.url, narrow.url)
    config["models"]["mid@1"]["limits"] = {"in_flight": 1}
    config["tiers"]["tiny"]["models"] = ["tiny@1", "mid@1"]
    fleet.configure(config, RULES)
    fleet.init()
    worker = fleet.worker("tiny").ready()
    fleet.send(*jobs(10))
    until(lambda: fleet.count("attempts") == 9 and narrow.calls == 1, "nine rows, one call")
    large = wire.job({**line(0), "text": "x" * 20000})
    fleet.send(large)
    waiting(worker, 1)
    fleet.send(*jobs(5))
    until(lambda: fleet.count("attempts") == 14, "the rows of the small ones")
    assert narrow.calls == 1 and not fleet.attempts(large)
    narrow.release()
    until(lambda: fleet.attempts(large), "the large one")
