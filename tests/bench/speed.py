"""Throughput: a backlog of jobs, read by one process. Rates are taken between the first and the last fifth
of the rows stored, so that start and end do not count; CPU is user and system time of the measured process
over all its jobs; RSS is the peak."""
import rivals

# what it is called, model latency in ms, calls in flight, jobs
SCENARIOS = [("0 ms, 256", 0, 256, 100_000), ("100 ms, 2,000", 100, 2_000, 100_000),
             ("1 s, 5,000", 1_000, 5_000, 50_000)]
HEAD = """\
| model latency, in flight | | jobs/s | of ideal | CPU µs a job | RSS MiB | Taskfit's jobs/s to it | Taskfit's CPU to it |
|---|---|---|---|---|---|---|---|"""


def submit(fleet, jobs):
    with open(fleet.directory / "jobs.jsonl", "w") as out:
        for n in range(jobs):
            row = {"custom_id": str(n), "method": "POST", "url": "/v1/chat/completions",
                   "body": rivals.body(n)}
            out.write(rivals.compact(row) + "\n")
    fleet.command("submit", "jobs.jsonl", "--path", "bench", "--format", "openai", "--json")


def figures(fleet, program, table, column, jobs):
    """Rows/s in the middle, CPU and memory of the process that has stored them."""
    rate, = fleet.sql(f"""
        select count(*) / extract(epoch from max(t) - min(t)) as a_second from (
            select {column} as t, row_number() over (order by {column}) as n from {table}) x
        where n between {jobs * 0.2} and {jobs * 0.8}""")
    return {"rate": float(rate.a_second), "cpu_us": program.cpu_seconds() / jobs * 1e6,
            "mib": program.memory_mib("VmHWM")}


def row(what, name, latency_ms, in_flight, it, ours):
    ideal = f"{it['rate'] * latency_ms / 1000 / in_flight:.2f}" if latency_ms else "–"
    ratios = ("– | –" if it is ours else
              f"{ours['rate'] / it['rate']:.2f} | {ours['cpu_us'] / it['cpu_us']:.2f}")
    print(f"| {what} | {name} | {it['rate']:,.0f} | {ideal} | {it['cpu_us']:.0f} | {it['mib']:.0f} | {ratios} |",
          flush=True)


def escalator(fleet, jobs):
    """Over the results that the worker has published."""
    program = fleet.escalator()
    rivals.wait_for(fleet, program, "decisions", jobs)
    return figures(fleet, program, "decisions", "decided_at", jobs)


def run(stack, directory, systems, share):
    print(HEAD, flush=True)
    decided = None
    for n, (what, latency_ms, in_flight, jobs) in enumerate(SCENARIOS):
        jobs = int(jobs * share)
        fleet = rivals.set_up(stack, directory / f"speed-{n}", latency_ms, in_flight)
        submit(fleet, jobs)
        ours = None
        for system in systems:
            program = system.start(fleet, in_flight)
            rivals.wait_for(fleet, program, system.table, jobs)
            it = figures(fleet, program, system.table, "stored_at", jobs)
            ours = ours or it
            row(what, system.name, latency_ms, in_flight, it, ours)
            rivals.stop(program)
        if n == 0 and isinstance(systems[0], rivals.Taskfit):
            decided = escalator(fleet, jobs)
        fleet.close()
    if decided:
        print(f"\nEscalator, three rules: {decided['rate']:,.0f} decisions/s, {decided['cpu_us']:.0f} µs CPU "
              f"a decision, {decided['mib']:.0f} MiB.")
