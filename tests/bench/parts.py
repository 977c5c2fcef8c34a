"""Parts: where a worker's CPU time goes, by perf (Debian's linux-perf), which looks a thousand times a
second at what the process does. A look counts for the innermost function that PARTS knows."""
import collections
import re
import shutil
import subprocess

import rivals
import speed
from until import until

LATENCY_MS, IN_FLIGHT, JOBS = 100, 2_000, 60_000
HZ = 997
# What a function's name tells. In librdkafka's threads, what is not of a topic's reading or writing is
# its own.
PARTS = [
    ("consume", r"intake_\w+|on_taken|consumer_\w+|LZ4F_decompress|rd_kafka_(consume|fetch|toppar_fetch|broker_fetch|broker_consumer"
                r"|msgset_reader|consumer)\w*"),
    ("admit", r"admission_\w+|on_admission|on_admitted|encode_admission"),
    ("build", r"caller_start|caller_preview|models_choose|dialect_request\w*"),
    ("call", r"http_\w+|shard_\w+|curl_\w+|on_socket_event|on_curl_timer|on_timeout"),
    ("parse", r"replies_\w+|reply_\w+|dialect_reply\w*|on_reply|on_called"),
    ("store", r"rows_\w+|encode_attempts|on_stored|count_attempt"),
    ("ask the database, to admit and to store", r"pg_\w+|PQ\w+|store_\w+"),
    ("publish", r"publisher_\w+|producer_\w+|wire_result_pack|LZ4F_compress\w*|rd_kafka_(produce|msgset_writer|msgset_create|broker_producer"
                r"|toppar_producer|broker_produce|handle_Produce|dr_msgq|ProduceRequest)\w*"),
]
OTHER = "loop, limits, the rest"
KAFKA = "librdkafka's own"


def look(directory, pid, seconds):
    """The stacks of the process for so long: thread's name and functions, the innermost first."""
    data = directory / "perf.data"
    subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", str(HZ), "--call-graph", "dwarf,16384",
                    "-p", str(pid), "-o", data, "--", "sleep", str(seconds)], check=True,
                   stderr=subprocess.DEVNULL)
    told = subprocess.run(["perf", "script", "-i", data, "--no-inline", "-F", "comm,ip,sym"], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    for stack in told.split("\n\n"):
        thread, *frames = stack.strip("\n").split("\n")
        if frames:
            yield thread.strip(), [frame.split()[1].split("@")[0].split(".")[0] for frame in frames]


def part_of(thread, functions):
    for function in functions:
        for part, names in PARTS:
            if re.fullmatch(names, function):
                return part
    return KAFKA if thread.startswith("rdk:") else OTHER


def run(stack, directory):
    if shutil.which("perf") is None:
        print("bench: no perf here, so there is no table of parts (apt-get install linux-perf)")
        return
    fleet = rivals.set_up(stack, directory / "parts", LATENCY_MS, IN_FLIGHT)
    speed.submit(fleet, JOBS)
    program = rivals.Taskfit().start(fleet, IN_FLIGHT)
    until(lambda: fleet.count("attempts") > JOBS / 6, "the first jobs", 60)
    looks = collections.Counter(part_of(*stack) for stack in look(directory, program.child.pid, 3))
    total = sum(looks.values())
    rivals.wait_for(fleet, program, rivals.Taskfit.table, JOBS)
    a_job = program.cpu_seconds() / JOBS * 1e6
    print(f"| {LATENCY_MS} ms, {IN_FLIGHT:,} in flight | share | CPU µs a job |\n|---|---|---|")
    for part in [*(part for part, _ in PARTS), KAFKA, OTHER]:
        print(f"| {part} | {looks[part] / total:.0%} | {looks[part] / total * a_job:.1f} |")
    print(f"| all | 100% | {a_job:.1f} |")
    rivals.stop(program)
    fleet.close()
