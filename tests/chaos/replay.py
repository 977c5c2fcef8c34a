"""All offsets set back to the start when all is finished: no call, no row, only time."""
import time

import confluent_kafka

from scene import TIERS
from until import until

TABLES = ("attempts", "decisions", "dead_letters", "batches", "batch_tiers")


def set_back(scene, topic):
    """Of the group that reads it, which bears its name. How many records lie before its end."""
    consumer = scene.fleet.consumer(group=topic)
    partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    starts, records = [], 0
    for p in partitions:
        low, high = consumer.get_watermark_offsets(
            confluent_kafka.TopicPartition(topic, p), timeout=20)
        starts.append(confluent_kafka.TopicPartition(topic, p, low))
        records += high - low

    def commit():  # refused until the session of the static member that left is over
        try:
            return consumer.commit(offsets=starts, asynchronous=False)
        except confluent_kafka.KafkaException:
            return None
    until(commit, f"group {topic} without members")
    consumer.close()
    return records


def read_again(scene, name, records):
    """Records a second, from the first that is finished to the last."""
    program = scene.start(name)
    until(lambda: program.metric("taskfit_jobs_finished_total") > 0, f"a finished job of {name}")
    begin, first = time.monotonic(), program.metric("taskfit_jobs_finished_total")
    until(lambda: program.metric("taskfit_jobs_finished_total") >= records,
          f"end of the replay of {name}", timeout=300)
    seconds = time.monotonic() - begin
    assert program.metric("taskfit_jobs_finished_total") == records
    assert program.metric("taskfit_calls_total") == 0
    assert program.metric("taskfit_rows_stored_total") == 0
    assert program.stop() == 0
    del scene.programs[name]
    return (records - first) / seconds if seconds > 0.1 else None


def contents(scene):
    """Of the tables, as digests of their rows."""
    return {table: scene.fleet.sql(f"select count(*), sum(hashtextextended(t::text, 0)) from {table} t")
            for table in TABLES}


def replay(scene):
    """One program after the other: {name: (records, records/s)}. All must have been stopped."""
    before = contents(scene)
    calls = sum(scene.programs[f"model-{tier}"].stats()["calls"] for tier in TIERS)
    found = {}
    for name in (*TIERS, "escalator"):
        topic = scene.fleet.topic("results" if name == "escalator" else f"jobs.{name}")
        records = set_back(scene, topic)
        found[name] = records, read_again(scene, name, records)
    assert contents(scene) == before, "a replay changed what is stored"
    assert calls == sum(scene.programs[f"model-{tier}"].stats()["calls"] for tier in TIERS)
    return found
