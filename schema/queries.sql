-- Every statement that the fleet runs. Rows come as arrays, one a column.

-- What is known of jobs before they are called: only those with something to say come back.
-- name: admit
select g.n, a.job_id is not null, d.job_id is not null, c.job_id is not null or b.cancelled_at is not null,
       b.cost_pico_usd >= b.spend_cap_pico_usd, l.job_id is not null,
       a.tier, a.model, a.answer, a.error, a.error_text, a.confidence_raw, a.confidence,
       a.calibration, a.prompt, a.input_tokens, a.output_tokens, a.cached_tokens, a.cost_pico_usd,
       a.calls, a.latency_ms, a.started_at, a.http_status, a.verifier, a.verifier_says,
       l.text
from unnest($1::uuid[], $2::int2[], $3::uuid[]) with ordinality g (job_id, hop, batch_id, n)
left join attempts a on a.job_id = g.job_id and a.hop = g.hop
left join decisions d on d.job_id = g.job_id and d.hop = g.hop
left join cancellations c on c.job_id = g.job_id
left join batches b on b.id = g.batch_id
left join dead_letters l on l.job_id = g.job_id and l.called_hop = g.hop and l.replayed_at is null
where a.job_id is not null or d.job_id is not null or c.job_id is not null or l.job_id is not null
   or b.cancelled_at is not null or b.cost_pico_usd >= b.spend_cap_pico_usd

-- Jobs and batches that were cancelled in the last $1 milliseconds. now(), because the other clocks
-- may change within a statement, and no index is looked into by what may change.
-- name: recall
select job_id, false from cancellations where cancelled_at > now() - $1::int8 * interval '1 ms'
union all
select id, false from batches where cancelled_at > now() - $1::int8 * interval '1 ms'
union all
select id, true from batches where capped_at > now() - $1::int8 * interval '1 ms'

-- The weights of a tier's models in place of the configuration's, if any.
-- name: tier_switch
select weights from switches where tier = $1::text order by id desc limit 1

-- Attempts with what they cost their batches. Comes back: the keys that were new. Batches are
-- locked in the order of their ids, so that two of these cannot wait for each other.
-- name: store_attempts
with stored as (
    insert into attempts (job_id, hop, tier, path, batch_id, model, answer, error, error_text,
        confidence_raw, confidence, calibration, prompt, input_tokens, output_tokens,
        cached_tokens, cost_pico_usd, calls, latency_ms, http_status, started_at, verifier,
        verifier_says, worker)
    select g.*, $24 from unnest($1::uuid[], $2::int2[], $3::text[], $4::text[], $5::uuid[],
        $6::text[], $7::json[], $8::text[], $9::text[], $10::float8[], $11::float8[], $12::text[],
        $13::text[], $14::int4[], $15::int4[], $16::int4[], $17::int8[], $18::int2[], $19::int4[],
        $20::int2[], $21::timestamptz[], $22::text[], $23::text[]) g
    on conflict do nothing
    returning job_id, hop, batch_id, tier, error, cost_pico_usd
), sums as (
    select batch_id, tier, count(*) as attempts, count(error) as errors, sum(cost_pico_usd) as cost
    from stored where batch_id is not null group by 1, 2
), locked as (
    select id from batches where id in (select batch_id from sums) order by id for update
), batch as (
    update batches b set cost_pico_usd = b.cost_pico_usd + s.cost,
        capped_at = case when b.cost_pico_usd + s.cost >= b.spend_cap_pico_usd
                         then coalesce(b.capped_at, clock_timestamp()) end
    from (select batch_id, sum(cost) as cost from sums group by 1) s
    where b.id = s.batch_id and b.id in (select id from locked)
), tiers as (
    insert into batch_tiers as t (batch_id, tier, attempts, errors, cost_pico_usd)
    select s.batch_id, s.tier, s.attempts, s.errors, s.cost from sums s join locked l on l.id = s.batch_id
    order by 1, 2
    on conflict (batch_id, tier) do update set attempts = t.attempts + excluded.attempts,
        errors = t.errors + excluded.errors, cost_pico_usd = t.cost_pico_usd + excluded.cost_pico_usd
)
select job_id, hop from stored

-- What shadow models said, and the sums of their batches.
-- name: store_shadows
with stored as (
    insert into shadow_attempts (job_id, hop, model, tier, path, batch_id, answer, error,
        error_text, confidence, prompt, input_tokens, output_tokens, cached_tokens, cost_pico_usd,
        latency_ms, http_status, started_at, worker)
    select g.*, $19 from unnest($1::uuid[], $2::int2[], $3::text[], $4::text[], $5::text[],
        $6::uuid[], $7::json[], $8::text[], $9::text[], $10::float8[], $11::text[], $12::int4[],
        $13::int4[], $14::int4[], $15::int8[], $16::int4[], $17::int2[], $18::timestamptz[]) g
    on conflict do nothing
    returning batch_id, tier, model, error, cost_pico_usd
)
insert into batch_shadows as s (batch_id, tier, model, attempts, errors, cost_pico_usd)
select batch_id, tier, model, count(*), count(error), sum(cost_pico_usd)
from stored where batch_id is not null group by 1, 2, 3 order by 1, 2, 3
on conflict (batch_id, tier, model) do update set attempts = s.attempts + excluded.attempts,
    errors = s.errors + excluded.errors, cost_pico_usd = s.cost_pico_usd + excluded.cost_pico_usd

-- Decisions, with the counters of their batches, the queue of reviews, the inputs that are kept, and
-- the letters of what was decided dead. Comes back: the keys that were new.
-- name: store_decisions
with stored as (
    insert into decisions (job_id, hop, tier, verdict, final, reasons, explanation, next_tier,
        answer_hop, confidence, threshold, policy, path, batch_id, custom_id, line, tenant, audit,
        cost_pico_usd, created_at)
    select g.job_id, g.hop, g.tier, g.verdict, g.verdict <> 'escalate',
        string_to_array(g.reasons, ','), g.explanation, g.next_tier, g.answer_hop, g.confidence,
        g.threshold, g.policy, g.path, g.batch_id, g.custom_id, g.line, g.tenant, g.audit, g.cost,
        g.created_at
    from unnest($1::uuid[], $2::int2[], $3::text[], $4::text[], $5::text[], $6::json[], $7::text[],
        $8::int2[], $9::float8[], $10::float8[], $11::text[], $12::text[], $13::uuid[], $14::text[],
        $15::int8[], $16::text[], $17::bool[], $18::int8[], $19::timestamptz[])
        g (job_id, hop, tier, verdict, reasons, explanation, next_tier, answer_hop, confidence,
           threshold, policy, path, batch_id, custom_id, line, tenant, audit, cost, created_at)
    on conflict do nothing
    returning job_id, hop, batch_id, tier, verdict, path, reasons, audit, policy
), queued as (  -- what people shall look at
    insert into reviews (job_id, round, why, path, batch_id, reasons)
    select job_id, 1, case when verdict = 'review' then 'outcome' else 'audit' end, path, batch_id,
        reasons
    from stored s
    where verdict = 'review' or (verdict = 'accept' and audit and not exists (
        select from policies p where p.version = s.policy and p.audit_tier <> s.tier))
    on conflict do nothing
), kept as (
    insert into inputs (job_id, batch_id, input, attachments)
    select * from unnest($20::uuid[], $21::uuid[], $22::json[], $35::json[]) on conflict do nothing
), letters as (
    insert into dead_letters (job_id, batch_id, custom_id, line, decided, topic, partition,
        "offset", value, reason, text, attempts, recorded_at)
    select distinct on (g.job_id) g.job_id, g.batch_id, g.custom_id, g.line, true, g.topic,
        g.partition, g.at, g.value, g.reason, g.text, g.attempts, g.recorded_at
    from unnest($23::uuid[], $24::uuid[], $25::text[], $26::int8[], $27::text[], $28::int4[],
        $29::int8[], $30::bytea[], $31::text[], $32::text[], $33::int4[], $34::timestamptz[])
        g (job_id, batch_id, custom_id, line, topic, partition, at, value, reason, text, attempts,
           recorded_at)
    where exists (select from stored s where s.job_id = g.job_id and s.verdict = 'dead')
    order by g.job_id, g.topic, g.partition, g.at
    on conflict do nothing
), sums as (
    select batch_id, tier,
        count(*) filter (where verdict = 'accept') as accepted,
        count(*) filter (where verdict = 'escalate') as escalated,
        count(*) filter (where verdict = 'review') as review,
        count(*) filter (where verdict = 'dead') as dead,
        count(*) filter (where verdict = 'expired') as expired,
        count(*) filter (where verdict = 'cancelled') as cancelled
    from stored where batch_id is not null group by 1, 2
), locked as (
    select id from batches where id in (select batch_id from sums) order by id for update
), told as (  -- jobs that a letter had told of as dead: this is their outcome from now on
    select l.id as batch_id, jobs_with_letters(l.id, s.jobs) as dead
    from (select batch_id, array_agg(job_id) as jobs from stored
          where batch_id is not null and verdict <> 'escalate' group by 1) s
    join locked l on l.id = s.batch_id
), batch as (
    update batches b set accepted = b.accepted + s.accepted, review = b.review + s.review,
        dead = b.dead + s.dead - coalesce((select t.dead from told t where t.batch_id = b.id), 0),
        expired = b.expired + s.expired,
        cancelled = b.cancelled + s.cancelled, last_decided_at = clock_timestamp()
    from (select batch_id, sum(accepted) as accepted, sum(review) as review, sum(dead) as dead,
                 sum(expired) as expired, sum(cancelled) as cancelled from sums group by 1) s
    where b.id = s.batch_id and b.id in (select id from locked)
), tiers as (
    insert into batch_tiers as t (batch_id, tier, accepted, escalated, ended)
    select s.batch_id, s.tier, s.accepted, s.escalated, s.review + s.dead + s.expired + s.cancelled
    from sums s join locked l on l.id = s.batch_id
    order by 1, 2
    on conflict (batch_id, tier) do update set accepted = t.accepted + excluded.accepted,
        escalated = t.escalated + excluded.escalated, ended = t.ended + excluded.ended
)
select job_id, hop from stored

-- What was decided before, for results that came again.
-- name: find_decisions
select g.n, d.verdict, array_to_string(d.reasons, ','), d.explanation, d.next_tier, d.answer_hop,
       d.audit, d.cost_pico_usd, d.policy, d.decided_at
from unnest($1::uuid[], $2::int2[]) with ordinality g (job_id, hop, n)
join decisions d on d.job_id = g.job_id and d.hop = g.hop

-- Records that could not be processed. A batch counts a job as dead while it has a letter that was
-- not replayed, and no outcome by a decision.
-- name: store_dead_letters
with given as (
    select * from unnest($1::text[], $2::int4[], $3::int8[], $4::uuid[], $5::uuid[], $6::text[],
        $7::int8[], $8::bytea[], $9::bytea[], $10::text[], $11::text[], $12::int4[],
        $13::timestamptz[], $14::int2[], $15::bytea[])
        g (topic, partition, at, job_id, batch_id, custom_id, line, key, value, reason, text,
           attempts, recorded_at, called_hop, headers)
), stored as (
    insert into dead_letters (topic, partition, "offset", job_id, batch_id, custom_id, line, key,
        value, reason, text, attempts, recorded_at, called_hop, headers)
    select * from given
    on conflict do nothing
    returning job_id, batch_id
), sums as (
    select batch_id, array_agg(job_id) as jobs, array_agg(letters) as letters
    from (select batch_id, job_id, count(*) as letters from stored
          where batch_id is not null and job_id is not null group by 1, 2) s
    group by 1
), locked as (
    select id from batches where id in (select batch_id from sums) order by id for update
), told as (  -- jobs that no other letter tells of
    select l.id, jobs_with_just(l.id, s.jobs, s.letters) as dead
    from sums s join locked l on l.id = s.batch_id
)
update batches b set dead = b.dead + t.dead, last_decided_at = clock_timestamp()
from told t where b.id = t.id and t.dead > 0

-- name: store_policies
with certificate as (
    insert into certificates (version, text)
    select * from unnest($4::text[], $5::text[]) g (version, text) where version is not null
    on conflict do nothing
)
insert into policies (version, path, text, certificate, audit_tier)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $6::text[]) on conflict do nothing

-- Tiers' answers for audits. Comes back: the keys that were new.
-- name: store_audits
insert into audits (job_id, hop) select * from unnest($1::uuid[], $2::int2[])
on conflict do nothing returning job_id, hop

-- What was said of answers that were accepted by these certificates and drawn for audit: by tiers,
-- after audit $3 of transaction $2, and what people first said, after label $5 of transaction $4; of
-- a page of $6 of each, whose last places come without a path. An answer that stands only as the best
-- there is, under the threshold, was never promised to be right. Read are the rows of transactions
-- that no open one can come before.
-- name: audit_verdicts
with ended as materialized (
    select pg_snapshot_xmin(pg_current_snapshot())::text::int8 as tx
), heard as materialized (
    select a.tx, a.id, a.job_id, a.hop from audits a
    where (a.tx, a.id) > ($2::int8, $3::int8) and a.tx < (select tx from ended)
    order by a.tx, a.id limit $6::int8
), said as materialized (
    select l.tx, l.id, l.job_id, l.answer, l.withdrawn_at from labels l
    where (l.tx, l.id) > ($4::int8, $5::int8) and l.tx < (select tx from ended)
    order by l.tx, l.id limit $6::int8
), decided as (  -- a look-up each, however large the tables are
    select j.job_id, d.path, d.certificate, d.answer
    from (select job_id from heard union select job_id from said) j
    cross join lateral (
        select d.path, p.certificate, a.answer
        from decisions d
        join policies p on p.version = d.policy and p.certificate = any($1::text[])
        join attempts a on a.job_id = d.job_id and a.hop = d.answer_hop
        where d.job_id = j.job_id and d.final and d.audit and d.confidence >= d.threshold
        limit 1
    ) d
)
select h.tx, h.id, null::int8, null::int8, d.path, d.certificate, r.answer, d.answer
from heard h
join decided d on d.job_id = h.job_id
cross join lateral (
    select a.answer from attempts a where a.job_id = h.job_id and a.hop = h.hop limit 1
) r
union all
select null, null, s.tx, s.id, d.path, d.certificate, s.answer, d.answer
from said s
join decided d on d.job_id = s.job_id
where s.withdrawn_at is null and not exists (select from audits h where h.job_id = s.job_id)
  and not exists (select from labels e where e.job_id = s.job_id and e.withdrawn_at is null
                    and (e.tx, e.id) < (s.tx, s.id))
union all
(select tx, id, null, null, null, null, null, null from heard order by tx desc, id desc limit 1)
union all
(select null, null, tx, id, null, null, null, null from said order by tx desc, id desc limit 1)
order by 1, 2, 3, 4

-- --- What the reading commands of the command line run.

-- The newest (all null), those whose id lies in a range, those of a name: two or three will do.
-- name: find_batch
select b.id, b.name, b.path, b.format, b.total,
       b.accepted + b.review + b.dead + b.expired + b.cancelled, n.by_name
from (
    (select id, false as by_name from batches where $1::text is null order by id desc limit 1)
    union all
    (select id, false from batches where id between $2::uuid and $3::uuid order by id limit 3)
    union all
    (select id, true from batches where name = $1::text order by id desc limit 3)
) n join batches b on b.id = n.id
order by n.by_name, case when n.by_name then null else b.id end, b.id desc

-- A batch and its tiers; one row without a tier when there is none yet.
-- name: watch_batch
select b.total, b.accepted, b.review, b.dead, b.expired, b.cancelled, b.bad_lines,
       b.cost_pico_usd, b.spend_cap_pico_usd, b.created_at, b.submitted_at, b.cancelled_at,
       b.last_decided_at, clock_timestamp(),
       t.tier, t.attempts, t.errors, t.accepted, t.escalated, t.ended, t.cost_pico_usd,
       (select sum(s.cost_pico_usd)::int8 from batch_shadows s where s.batch_id = b.id)
from batches b left join batch_tiers t on t.batch_id = b.id
where b.id = $1

-- What came out of a batch; of what waits for people also what is proposed to them, and the input.
-- name: batch_outcomes
select o.job_id, o.custom_id, o.line, o.verdict, o.tier, o.hop, o.answer, o.confidence, o.model,
       array_to_string(o.reasons, ','), o.explanation, (o.cost_usd * 1000000000000)::int8,
       o.input_tokens, o.output_tokens, o.decided_at, o.revision, o.reviewer,
       p.answer, p.tier, p.confidence, i.input,
       (select sum(s.cost_pico_usd)::int8 from shadow_attempts s where s.job_id = o.job_id)
from outcomes o
left join lateral (
    select * from proposals p where p.job_id = o.job_id and o.verdict = 'review'
) p on true
left join inputs i on i.job_id = o.job_id and o.verdict = 'review'
where o.batch_id = $1 and ($2::text is null or o.verdict = $2)

-- name: batch_outcomes_in_order
select o.job_id, o.custom_id, o.line, o.verdict, o.tier, o.hop, o.answer, o.confidence, o.model,
       array_to_string(o.reasons, ','), o.explanation, (o.cost_usd * 1000000000000)::int8,
       o.input_tokens, o.output_tokens, o.decided_at, o.revision, o.reviewer,
       p.answer, p.tier, p.confidence, i.input,
       (select sum(s.cost_pico_usd)::int8 from shadow_attempts s where s.job_id = o.job_id)
from outcomes o
left join lateral (
    select * from proposals p where p.job_id = o.job_id and o.verdict = 'review'
) p on true
left join inputs i on i.job_id = o.job_id and o.verdict = 'review'
where o.batch_id = $1 and ($2::text is null or o.verdict = $2)
order by o.line

-- The story of a job: what is known beside its hops, hop by hop, and its dead letters.
-- name: story_job
select j.batch_id, b.name, b.path, b.cancelled_at, i.input, c.cancelled_at,
       (select json_agg(json_strip_nulls(json_build_object('media_type', a.e -> 'media_type',
                   'name', a.e -> 'name', 'uri', a.e -> 'uri', 'bytes', a.e -> 'bytes'))
                   order by a.place)
        from json_array_elements(i.attachments) with ordinality a (e, place))
from (select $1::uuid as id, coalesce(
          (select batch_id from attempts where job_id = $1 order by hop limit 1),
          (select batch_id from decisions where job_id = $1 order by hop limit 1),
          (select batch_id from dead_letters where job_id = $1 limit 1),
          (select batch_id from inputs where job_id = $1)) as batch_id) j
left join batches b on b.id = j.batch_id
left join inputs i on i.job_id = j.id
left join cancellations c on c.job_id = j.id

-- name: story_hops
select coalesce(a.hop, d.hop), a.job_id is not null, d.job_id is not null,
       coalesce(a.tier, d.tier), coalesce(a.path, d.path),
       a.model, a.answer, a.error, a.error_text, a.confidence_raw, a.confidence, a.calibration,
       a.prompt, a.input_tokens, a.output_tokens, a.cached_tokens, a.cost_pico_usd, a.calls,
       a.latency_ms, a.http_status, a.worker, a.started_at, a.stored_at,
       d.verdict, d.final, array_to_string(d.reasons, ','), d.explanation, d.next_tier,
       d.answer_hop, d.threshold, d.policy, d.audit, d.cost_pico_usd, d.custom_id, d.line,
       d.tenant, d.created_at, d.decided_at, d.confidence, p.certificate, c.text,
       a.verifier, a.verifier_says
from (select * from attempts where job_id = $1) a
full join (select * from decisions where job_id = $1) d on d.hop = a.hop
left join policies p on p.version = d.policy
left join certificates c on c.version = p.certificate
order by 1

-- name: story_shadows
select hop, model, answer, error, error_text, confidence, input_tokens, output_tokens,
       cached_tokens, cost_pico_usd, latency_ms, http_status, worker, started_at
from shadow_attempts where job_id = $1 order by hop, model

-- name: story_letters
select topic, partition, "offset", reason, text, attempts, decided, custom_id, line, recorded_at,
       dead_at, replays, replayed_at, dropped_at
from dead_letters where job_id = $1 order by dead_at, topic, partition, "offset"

-- For jobs whose id was not derived from batch and custom id.
-- name: find_job
select job_id from decisions where batch_id = $1 and custom_id = $2 and final
union
select job_id from dead_letters where batch_id = $1 and custom_id = $2 and job_id is not null
limit 2

-- --- What `taskfit cancel` runs. Both tell whether it was cancelled before, and when.

-- name: cancel_batch
with before as (
    select id, cancelled_at from batches where id = $1 for update
)
update batches b set cancelled_at = coalesce(b.cancelled_at, clock_timestamp())
from before where b.id = before.id
returning before.cancelled_at is not null, b.cancelled_at, b.total,
          b.accepted + b.review + b.dead + b.expired + b.cancelled

-- name: cancel_job
with made as (
    insert into cancellations (job_id) values ($1) on conflict do nothing returning cancelled_at
)
select false, cancelled_at from made
union all
select true, cancelled_at from cancellations where job_id = $1

-- --- What `taskfit switch` runs.

-- What was said of a tier, the newest first.
-- name: switch_history
select id, model, weight, weights, made_by, made_at from switches where tier = $1::text
order by id desc limit $2::int8

-- No row comes back when somebody was faster, and $6 is not the last one any more.
-- name: switch_add
insert into switches (tier, model, weight, weights, made_by)
select $1::text, $2::text, $3::int4, $4::json, $5::text
where coalesce((select max(id) from switches where tier = $1), 0) = $6::int8
returning id, made_at

-- --- What `taskfit dead` runs.

-- A page of letters in the order of their key: of a batch, a reason (or the first part of it), at
-- least $3 milliseconds old, of a job, at a place, after the last of the page before; $11: those
-- replayed or dropped, too; $12: values, too. $13: when the first page was read.
-- name: dead_page
select l.topic, l.partition, l."offset", l.recorded_at, l.job_id, l.batch_id, l.custom_id, l.line,
       l.decided, l.key, case when $12 then l.value end, octet_length(l.value), l.reason, l.text,
       l.attempts, l.dead_at, l.replays, l.replayed_at, l.replaying, l.dropped_at, n.now,
       case when $12 then l.headers end
from dead_letters l, (select coalesce($13::timestamptz, clock_timestamp()) as now) n
where ($1::uuid is null or l.batch_id = $1)
  and ($2::text is null or l.reason = $2 or starts_with(l.reason, $2 || '.'))
  and l.dead_at <= n.now - $3::int8 * interval '1 ms'
  and ($4::uuid is null or l.job_id = $4)
  and ($5::text is null or (l.topic = $5 and l.partition = $6::int4 and l."offset" = $7::int8))
  and ($8::text is null or (l.topic, l.partition, l."offset", l.recorded_at)
                           > ($8, $9::int4, $10::int8, $14::timestamptz))
  and ($11::bool or ((l.replayed_at is null or l.replaying) and l.dropped_at is null))
order by l.topic, l.partition, l."offset", l.recorded_at
limit $15::int8

-- Letters that are about to go out again: first, so that a letter that comes of it finds this one
-- gone. A batch counts their jobs as dead no more, but for those that another letter tells of, or a
-- decision.
-- name: dead_replaying
with given as (
    select * from unnest($1::text[], $2::int4[], $3::int8[], $4::timestamptz[])
        g (topic, partition, at, recorded_at)
), before as (
    select l.topic, l.partition, l."offset", l.recorded_at, l.job_id, l.batch_id,
        l.replayed_at is null and not l.decided as stood
    from dead_letters l join given g on l.topic = g.topic and l.partition = g.partition
        and l."offset" = g.at and l.recorded_at = g.recorded_at
    order by 1, 2, 3, 4 for update of l
), marked as (
    update dead_letters l set replaying = true, replayed_at = clock_timestamp()
    from before b
    where l.topic = b.topic and l.partition = b.partition and l."offset" = b."offset"
      and l.recorded_at = b.recorded_at
    returning b.job_id, b.batch_id, b.stood
), sums as (
    select batch_id, array_agg(distinct job_id) as jobs from marked
    where stood and batch_id is not null and job_id is not null
    group by 1
), locked as (
    select id from batches where id in (select batch_id from sums) order by id for update
), told as (  -- jobs that nothing tells of any more
    select l.id, jobs_with_just(l.id, s.jobs, array_fill(0::int8, array[cardinality(s.jobs)])) as dead
    from sums s join locked l on l.id = s.batch_id
)
update batches b set dead = b.dead - t.dead from told t where b.id = t.id and t.dead > 0

-- The brokers have them.
-- name: dead_replayed
update dead_letters l set replaying = false, replays = l.replays + 1
from unnest($1::text[], $2::int4[], $3::int8[], $4::timestamptz[]) g (topic, partition, at, recorded_at)
where l.topic = g.topic and l.partition = g.partition and l."offset" = g.at
  and l.recorded_at = g.recorded_at

-- name: dead_dropped
update dead_letters l set dropped_at = clock_timestamp()
from unnest($1::text[], $2::int4[], $3::int8[], $4::timestamptz[]) g (topic, partition, at, recorded_at)
where l.topic = g.topic and l.partition = g.partition and l."offset" = g.at
  and l.recorded_at = g.recorded_at and l.dropped_at is null

-- --- What `taskfit tune` runs.

-- Jobs of a path (and a batch) with a label, and those of them that every tier was to answer.
-- name: tune_jobs
select count(*), count(*) filter (where exists (
           select from decisions d where d.job_id = l.job_id and 'job.all_tiers' = any(d.reasons)))
from job_labels l
where l.path = $1 and ($2::uuid is null or l.batch_id = $2)

-- What each tier's model first said of them, with the label; $3: of all that have one.
-- name: tune_answers
select l.job_id, l.answer, a.tier, a.model, a.prompt, a.answer, a.error, a.confidence_raw,
       a.cost_pico_usd, array_to_string(d.reasons, ',')
from job_labels l
join lateral (
    select distinct on (tier) * from attempts where job_id = l.job_id and model is not null
    order by tier, hop
) a on true
left join decisions d on d.job_id = a.job_id and d.hop = a.hop
where l.path = $1 and ($2::uuid is null or l.batch_id = $2)
  and ($3 or exists (select from decisions s
                     where s.job_id = l.job_id and 'job.all_tiers' = any(s.reasons)))
order by l.job_id, a.hop

-- The inputs of the same jobs, where they were kept; of at most $4.
-- name: tune_inputs
select l.job_id, i.input
from job_labels l
join inputs i on i.job_id = l.job_id
where l.path = $1 and ($2::uuid is null or l.batch_id = $2)
  and ($3::bool or exists (select from decisions s
                     where s.job_id = l.job_id and 'job.all_tiers' = any(s.reasons)))
order by l.job_id
limit $4::int8

-- --- What `taskfit submit` runs.

-- The batch of a key, made when there is none and $8. No row comes back, too, while another makes it.
-- name: submit_batch
with made as (
    insert into batches (id, key, tenant, name, path, format, spend_cap_pico_usd)
    select $1, $2, $3, $4, $5, $6, $7 where $8
    on conflict (tenant, key) do nothing
    returning id, path, total, bad_lines, submitted_at, cancelled_at, spend_cap_pico_usd
)
select true as made, * from made
union all
select false, id, path, total, bad_lines, submitted_at, cancelled_at, spend_cap_pico_usd
from batches where tenant = $3 and key = $2

-- name: finish_batch
update batches
set total = greatest(total, $2), bad_lines = $3,
    submitted_at = coalesce(submitted_at, clock_timestamp())
where id = $1
