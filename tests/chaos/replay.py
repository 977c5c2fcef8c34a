"""All offsets set back to the start when all is finished: no call, no row, only time."""
import time

from scene import TIERS
from until import until

TABLES = ("attempts", "decisions", "dead_letters", "batches", "batch_tiers")


def read_again(scene, name, records):
    """Records a second, from the first that is finished to the last, and µs of CPU for each."""
    program = scene.start(name)
    until(lambda: program.metric("taskfit_jobs_finished_total") > 0, f"a finished job of {name}")
    begin, first = time.monotonic(), program.metric("taskfit_jobs_finished_total")
    until(lambda: program.metric("taskfit_jobs_finished_total") >= records,
          f"end of the replay of {name}", timeout=300)
    seconds = time.monotonic() - begin
    assert program.metric("taskfit_jobs_finished_total") == records
    assert program.metric("taskfit_calls_total") == 0
    assert program.metric("taskfit_rows_stored_total") == 0
    cpu_us = program.cpu_seconds() / records * 1e6
    assert program.stop() == 0
    del scene.programs[name]
    return (records - first) / seconds if seconds > 0.1 else None, cpu_us


def contents(scene):
    """Of the tables, as digests of their rows."""
    return {table: scene.fleet.sql(f"select count(*), sum(hashtextextended(t::text, 0)) from {table} t")
            for table in TABLES}


def replay(scene, tiers=TIERS):
    """One program after the other: {name: (records, records/s, µs)}. All must have been stopped."""
    before = contents(scene)
    calls = sum(scene.programs[f"model-{tier}"].stats()["calls"] for tier in tiers)
    found = {}
    for name in (*tiers, "escalator"):
        records = scene.fleet.set_back("results" if name == "escalator" else f"jobs.{name}")
        found[name] = records, *read_again(scene, name, records)
    assert contents(scene) == before, "a replay changed what is stored"
    assert calls == sum(scene.programs[f"model-{tier}"].stats()["calls"] for tier in tiers)
    return found
