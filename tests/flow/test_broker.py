"""What brokers and those who run them do to topics: nothing is lost but what they removed, nothing is
called twice."""
import os
import signal

import confluent_kafka
import pytest
from confluent_kafka import TopicPartition, admin

import wire
from cascade import line, run_cascade
from models import scored
from until import until


@pytest.fixture
def running(fleet, model):
    """The whole fleet; its first tier accepts all."""
    fleet.tiny = model(lambda _: scored("CGST_SGST", 0.97))
    fleet.up = run_cascade(fleet, fleet.tiny.url, fleet.tiny.url)
    fleet.admin = admin.AdminClient({"bootstrap.servers": fleet.stack.brokers})
    return fleet


def done(futures):
    for future in futures.values():
        future.result(30)


def set_limit(fleet, topic, limit):
    """max.message.bytes, "" for the default; waits until the broker obeys."""
    resource = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, fleet.topic(topic))
    entry = admin.ConfigEntry("max.message.bytes", limit)
    entry.incremental_operation = admin.AlterConfigOpType[("SET" if limit else "DELETE")]
    resource.add_incremental_config(entry)
    done(fleet.admin.incremental_alter_configs([resource]))


def committed(fleet, topic):
    """Of the group that reads it, and where its partitions end: {partition: (offset, end)}."""
    name = fleet.topic(topic)
    consumer = fleet.consumer(group=name)
    places = [TopicPartition(name, p) for p in consumer.list_topics(name, 20).topics[name].partitions]
    found = {place.partition: (place.offset, consumer.get_watermark_offsets(place, 20)[1])
             for place in consumer.committed(places, 20)}
    consumer.close()
    return found


def jobs(count, first=0):
    return [wire.job(line(first + n)) for n in range(count)]


def whole(fleet, count, calls=None):
    outcomes = fleet.outcomes(count)
    assert {o.verdict for o in outcomes.values()} == {"accept"}
    assert fleet.count("attempts") == count and fleet.tiny.repeats == 0
    assert fleet.tiny.calls == (count if calls is None else calls)
    assert all(program.running for program in fleet.up)


def test_retention_beyond_the_committed_offset(running):
    """What was removed unread is gone, and the log says so; the rest is worked off."""
    fleet = running
    fleet.send(*jobs(10))
    whole(fleet, 10)
    assert fleet.up[0].stop() == 0
    fleet.send(*jobs(20, first=10))
    ends = {p: end for p, (_, end) in committed(fleet, "jobs.tiny").items()}
    done(fleet.admin.delete_records([TopicPartition(fleet.topic("jobs.tiny"), 0, ends[0])]))
    fleet.send(*(more := jobs(10, first=30)))
    worker = fleet.worker("tiny", name="again")
    fleet.up = [worker, *fleet.up[1:]]
    until(lambda: fleet.count("outcomes where job_id = any(%s)", [wire.id_of(j) for j in more]) == 10,
          "outcomes of those that came after")
    until(lambda: all(at == end for at, end in committed(fleet, "jobs.tiny").values()), "commits")
    whole(fleet, fleet.count("attempts"))
    assert 20 <= fleet.count("attempts") < 40
    worker.said(r"\[0\]: offset reset .* records were removed before they were read")
    assert not any("records were removed" in program.log for program in fleet.programs[:-1])


def test_transactions_of_another_producer(running):
    """Their markers are gaps; what was aborted is no job."""
    fleet = running
    producer = confluent_kafka.Producer({"bootstrap.servers": fleet.stack.brokers,
                                         "transactional.id": fleet.prefix})
    producer.init_transactions(30)
    good, aborted = jobs(20), jobs(20, first=20)
    for n in range(4):
        for fate, group in ((producer.commit_transaction, good), (producer.abort_transaction, aborted)):
            producer.begin_transaction()
            for job in group[5 * n:5 * n + 5]:
                producer.produce(fleet.topic("jobs.tiny"), job.SerializeToString(), job.id)
            fate(30)
    whole(fleet, 20)
    assert set(fleet.outcomes(20)) == {wire.id_of(job) for job in good}
    assert fleet.up[0].stop() == 0
    places = committed(fleet, "jobs.tiny")
    fleet.up[0] = fleet.worker("tiny", name="again")
    fleet.send(*jobs(10, first=40))
    whole(fleet, 30)
    assert all(at > 0 for at, _ in places.values())


def test_topic_made_anew(running):
    """Its offsets begin at 0 again while workers run: their ledgers begin anew, too."""
    fleet = running
    fleet.send(*jobs(30))
    whole(fleet, 30)
    until(lambda: all(at == end for at, end in committed(fleet, "jobs.tiny").values()), "commits")
    done(fleet.admin.delete_topics([fleet.topic("jobs.tiny")]))
    fleet.up[0].said("UNKNOWN_TOPIC_OR_PART|let go")
    until(lambda: fleet.topic("jobs.tiny") not in fleet.admin.list_topics(timeout=20).topics, "its end")
    fleet.init()
    fleet.send(*jobs(10, first=30))
    whole(fleet, 40)


def test_partition_added(running):
    """Workers have it within seconds, without a restart."""
    fleet = running
    fleet.send(*jobs(10))
    done(fleet.admin.create_partitions([admin.NewPartitions(fleet.topic("jobs.tiny"), 3)]))
    fleet.up[0].said(r"assigned \S+jobs.tiny \[2\]", timeout=60)
    producer = confluent_kafka.Producer({"bootstrap.servers": fleet.stack.brokers})
    for job in jobs(10, first=10):
        producer.produce(fleet.topic("jobs.tiny"), job.SerializeToString(), job.id, partition=2)
    producer.flush(30)
    whole(fleet, 20)


def test_result_above_the_limit_of_its_topic(running):
    """The attempt is stored; the record that would tell of it never gets in: a letter does. When there
    is room, a replay goes on from the row."""
    fleet = running
    job = wire.job({**line(), "text": os.urandom(5000).hex()})
    set_limit(fleet, "results", "3000")
    fleet.send(job)
    assert fleet.outcomes(1)[wire.id_of(job)].verdict == "dead"
    fleet.send(*jobs(5))
    until(lambda: fleet.count("outcomes where verdict = 'accept'") == 5, "outcomes of all others")
    letter, = fleet.sql("select reason, topic from dead_letters")
    assert letter == ("message.too_large", fleet.topic("jobs.tiny"))
    set_limit(fleet, "results", "")
    fleet.command("dead", "replay", "--all")
    until(lambda: fleet.count("outcomes where verdict = 'accept'") == 6, "the outcome")
    whole(fleet, 6)


def test_broker_that_says_nothing(running):
    """It hangs, its connections stay: answers wait in rows, and are published once."""
    fleet, broker = running, running.stack.pid("kafka")
    fleet.tiny.hold()
    fleet.send(*jobs(20))
    until(lambda: fleet.tiny.calls == 20, "20 calls under way")
    os.kill(broker, signal.SIGSTOP)
    try:
        fleet.tiny.release()
        until(lambda: fleet.count("attempts") == 20, "attempts")
        assert fleet.count("outcomes") == 0
    finally:
        os.kill(broker, signal.SIGCONT)
    whole(fleet, 20)
