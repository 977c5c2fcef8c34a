"""Delay: jobs that are sent at an even rate, which leaves the process idle at times. What it adds is the
time from a record's sending to its stored row, less the model's own; the first second does not count."""
import time
import uuid

import psycopg

import rivals
import wire

# model latency in ms, and jobs a second; calls in flight are the product
SCENARIOS = [(0, (100, 1_000, 5_000)), (100, (10, 1_000, 5_000)), (1_000, (1_000, 5_000)), (2_000, (5_000,))]
SECONDS = 6
IN_FLIGHT_MOST = 12_000


def send(fleet, rate, seconds):
    """Sends jobs at a rate; when each was sent, by its id."""
    sent, count = [], int(rate * seconds)
    topic = fleet.topic(f"jobs.{rivals.TIER}")
    messages = [wire.job(rivals.compact(rivals.body(n)).encode(), "bench") for n in range(count)]
    values = [(message.id, message.SerializeToString()) for message in messages]
    start = time.time()
    while len(sent) < count:
        due = min(count, int((time.time() - start) * rate) + 1)
        for key, value in values[len(sent):due]:
            sent.append((uuid.UUID(bytes=key), time.time()))
            fleet.producer.produce(topic, value, key)
        fleet.producer.poll(0)
        time.sleep(0.001)
    fleet.producer.flush(10)
    return sent


def added_ms(fleet, system, latency_ms, sent):
    """What half and 99 of 100 jobs had added at most."""
    with psycopg.connect(fleet.database_url, autocommit=True) as db:
        db.execute("create table if not exists sent (job_id uuid primary key, at float8 not null)")
        db.execute("truncate sent")
        with db.cursor().copy("copy sent from stdin") as copy:
            for row in sent:
                copy.write_row(row)
        half, most = db.execute(f"""
            select percentile_cont(array[0.5, 0.99]) within group
                   (order by extract(epoch from stored_at) - at)
            from {system.table} join sent using (job_id) where at > (select min(at) + 1 from sent)
            """).fetchone()[0]
    return half * 1000 - latency_ms, most * 1000 - latency_ms


def measure(stack, directory, system, latency_ms, rates):
    """By rate."""
    fleet = rivals.set_up(stack, directory, latency_ms, IN_FLIGHT_MOST)
    program = system.start(fleet, IN_FLIGHT_MOST)
    found, stored = {}, 0
    for rate in (200, *rates):  # the first one to warm up
        sent = send(fleet, rate, SECONDS if rate in rates else 2)
        stored += len(sent)
        rivals.wait_for(fleet, program, system.table, stored)
        found[rate] = added_ms(fleet, system, latency_ms, sent)
    rivals.stop(program)
    fleet.close()
    return found


def run(stack, directory, systems):
    names = [system.name for system in systems]
    print("| model latency | jobs/s | in flight | " +
          " | ".join(f"{name}: p50, p99 ms added" for name in names) + " |")
    print("|---|---|---|" + "---|" * len(names))
    for n, (latency_ms, rates) in enumerate(SCENARIOS):
        found = [measure(stack, directory / f"delay-{n}-{system.name}", system, latency_ms, rates)
                 for system in systems]
        for rate in rates:
            cells = [f"{it[rate][0]:,.0f}, {it[rate][1]:,.0f}" for it in found]
            print(f"| {latency_ms:,} ms | {rate:,} | {rate * latency_ms // 1000:,} | {' | '.join(cells)} |",
                  flush=True)
