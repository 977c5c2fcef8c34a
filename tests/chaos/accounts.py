"""What must hold when all is quiet, from the tables, the topics and the models' own journals.

A key names a hop: `<job>-<hop>`. A stored attempt says how many requests it took (retries included);
what the journal holds beyond that was paid for twice. It is excused by a shock while the hop was in
flight: called before the shock's end, not stored at its beginning.
"""
import collections
import dataclasses
import uuid

import confluent_kafka

import wire
from scene import TIERS


@dataclasses.dataclass
class Line:
    """Of the table: one kind of fault."""
    kind: str
    sent: int
    kills: int
    pauses: int
    seconds: float
    outcomes: int = 0
    lost: int = 0
    doubled: int = 0
    calls: int = 0
    retried: int = 0
    repeated: int = 0
    bound: int = 0
    unexcused: int = 0
    examples: list = dataclasses.field(default_factory=list)


def read_journals(files):
    """Times of each key's calls."""
    calls = collections.defaultdict(list)
    for file in files:
        with open(file) as lines:
            for line in lines:
                when, key = line.split()
                calls[key].append(float(when))
    return calls


def attempts_of(scene, batches):
    return {f"{row.job_id}-{row.hop}": row for row in scene.fleet.sql(
        "select job_id, hop, tier, calls, extract(epoch from stored_at)::float8 as stored"
        " from attempts where batch_id = any(%s::uuid[])", batches)}


def in_flight(shock, row, times):
    return row.tier == shock.tier and times[0] <= shock.end and row.stored >= shock.begin


def count_calls(scene, line, attempts, calls):
    shocks = [shock for shock in scene.shocks if shock.kind == line.kind]
    for key, row in attempts.items():
        times = calls[key]
        excuses = sum(in_flight(shock, row, times) for shock in shocks) if times else 0
        repeated = max(0, len(times) - row.calls)
        line.calls += len(times)
        line.retried += max(0, len(times) - 1 - repeated)
        line.repeated += repeated
        line.bound += excuses
        line.unexcused += max(0, repeated - excuses)
        if repeated > excuses and len(line.examples) < 5:
            line.examples.append(f"{line.kind}: {key} of {row.tier}, called at {times}, stored at"
                                 f" {row.stored}, calls {row.calls}")


def count_outcomes(scene, line, batches, published):
    """Rows and what was said on the topic: all copies of an outcome say what the row says."""
    rows = scene.fleet.sql("select job_id, hop, verdict from decisions where final"
                           " and batch_id = any(%s::uuid[])", batches)
    said = {str(row.job_id): (row.hop, row.verdict.upper()) for row in rows}
    line.outcomes = sum(1 for job in said if published.get(job))
    line.lost = line.sent - line.outcomes
    line.doubled = len(rows) - len(said)
    line.doubled += sum(1 for job, row in said.items() if published.get(job, {row}) != {row})


def read_decisions(scene):
    """The outcomes on the topic, by job: a set of (hop, verdict)."""
    topic = scene.fleet.topic("decisions")
    verdicts = wire.Decision.DESCRIPTOR.fields_by_name["verdict"].enum_type.values_by_number
    found = collections.defaultdict(set)
    for record in read_all(scene.fleet, topic):
        decision = wire.Decision.FromString(record.value())
        found[str(uuid.UUID(bytes=decision.job_id))].add(
            (decision.hop, verdicts[decision.verdict].name))
    return found


def watermarks(consumer, topic):
    partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    return {p: consumer.get_watermark_offsets(confluent_kafka.TopicPartition(topic, p), timeout=20)
            for p in partitions}


def read_all(fleet, topic):
    consumer = fleet.consumer()
    left = {p: high for p, (low, high) in watermarks(consumer, topic).items() if high > low}
    consumer.assign([confluent_kafka.TopicPartition(topic, p, 0) for p in left])
    while left:
        for record in consumer.consume(10000, 1.0):
            assert not record.error(), record.error()
            yield record
            if record.offset() + 1 >= left.get(record.partition(), record.offset() + 2):
                del left[record.partition()]
    consumer.close()


def table(scene):
    """The lines of the table, one a round; and how many keys were called that have no attempt."""
    calls = read_journals(scene.journals.values())
    published = read_decisions(scene)
    lines, known = [], set()
    for done in scene.rounds:
        line = Line(done.kind, done.sent, done.kills, done.pauses, done.seconds)
        attempts = attempts_of(scene, done.batches)
        count_calls(scene, line, attempts, calls)
        count_outcomes(scene, line, done.batches, published)
        known.update(attempts)
        lines.append(line)
    return lines, len(calls.keys() - known)


# --- what the table does not show

SUMS = """
select b.id from batches b, lateral (
    select count(*) filter (where verdict = 'accept') as accepted,
           count(*) filter (where verdict = 'review') as review,
           count(*) filter (where verdict = 'dead') as dead,
           count(*) filter (where verdict = 'expired') as expired,
           count(*) filter (where verdict = 'cancelled') as cancelled
    from decisions d where d.batch_id = b.id and d.final) s, lateral (
    select coalesce(sum(cost_pico_usd), 0) as cost from attempts a where a.batch_id = b.id) c
where (b.accepted, b.review, b.dead, b.expired, b.cancelled, b.cost_pico_usd)
      is distinct from (s.accepted, s.review, s.dead, s.expired, s.cancelled, c.cost)"""

TIER_SUMS = """
select t.batch_id from batch_tiers t
left join (select batch_id, tier, count(*) as n, count(error) as errors, sum(cost_pico_usd) as cost
           from attempts group by 1, 2) a using (batch_id, tier)
left join (select batch_id, tier, count(*) filter (where verdict = 'accept') as accepted,
                  count(*) filter (where verdict = 'escalate') as escalated,
                  count(*) filter (where final and verdict <> 'accept') as ended
           from decisions group by 1, 2) d using (batch_id, tier)
where (t.attempts, t.errors, t.cost_pico_usd, t.accepted, t.escalated, t.ended)
      is distinct from (a.n, a.errors, a.cost, d.accepted, d.escalated, d.ended)"""

# A job's hops follow each other: each has its attempt and its decision, the last alone is final.
CHAINS = """
select job_id from (
    select a.job_id, count(*) as n, max(a.hop) as last, count(d.hop) as decided,
           count(*) filter (where d.final) as final,
           max(d.hop) filter (where d.final) as final_hop
    from attempts a left join decisions d using (job_id, hop) group by 1) x
where n <> last + 1 or decided <> n or final <> 1 or final_hop <> last"""


def uncommitted(scene):
    """Groups that have not come to the end of their topic, once all have left."""
    found = []
    for name in [f"jobs.{tier}" for tier in TIERS] + ["results"]:
        topic = scene.fleet.topic(name)
        consumer = scene.fleet.consumer(group=topic)
        ends = watermarks(consumer, topic)
        at = consumer.committed([confluent_kafka.TopicPartition(topic, p) for p in ends],
                                timeout=20)
        found += [f"{topic} [{p.partition}]: {p.offset} of {ends[p.partition][1]}" for p in at
                  if p.offset != ends[p.partition][1] and ends[p.partition][1] > 0]
        consumer.close()
    return found


def faults(scene, lines, strangers):
    """What is wrong, in words; nothing: all is well."""
    fleet = scene.fleet
    checks = {
        "jobs lost": sum(line.lost for line in lines),
        "outcomes doubled": sum(line.doubled for line in lines),
        "calls repeated that were not in flight": sum(line.unexcused for line in lines),
        "keys called that have no attempt": strangers,
        "dead letters": fleet.count("dead_letters"),
        "attempts with an error": fleet.count("attempts where error is not null"),
        "jobs whose hops do not follow each other": len(fleet.sql(CHAINS)),
        "batches whose counters are not the sums": len(fleet.sql(SUMS)),
        "tiers of batches whose counters are not the sums": len(fleet.sql(TIER_SUMS)),
        "attempts without a decision": fleet.count("attempts") - fleet.count("decisions"),
    }
    found = [f"{count} {what}" for what, count in checks.items() if count]
    return found + [text for line in lines for text in line.examples] + uncommitted(scene)


HEAD = ("kind of fault", "jobs sent", "kill -9", "pauses", "outcomes", "lost", "doubled",
        "model calls", "retries", "repeated", "bound: in flight at the faults", "s")


def row(line):
    return (line.kind, line.sent, line.kills, line.pauses, line.outcomes, line.lost, line.doubled,
            line.calls, line.retried, line.repeated, line.bound, round(line.seconds))


def markdown(lines):
    rows = [row(line) for line in lines]
    rows.append(("**all**", *(sum(column) for column in list(zip(*rows))[1:])))
    text = ["| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
    text += ["| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in r) + " |"
             for r in rows]
    return "\n".join(text)
