-- What `taskfit-gateway` runs. Every statement that answers a request asks for the tenant's own.

-- name: file_add
insert into files (id, tenant, name, purpose, bytes, expires_at)
values ($1, $2, $3, $4, $5, clock_timestamp() + $6::int8 * interval '1 ms')
returning id, name, purpose, bytes, created_at, expires_at

-- name: file_get
select id, name, purpose, bytes, created_at, expires_at from files
where tenant = $1 and id = $2 and (expires_at is null or expires_at > clock_timestamp())

-- One more than $5, which tells whether there is a page after this one.
-- name: file_list
select id, name, purpose, bytes, created_at, expires_at from files
where tenant = $1 and ($2::text is null or purpose = $2) and ($3::uuid is null or id < $3)
  and (expires_at is null or expires_at > clock_timestamp())
order by id desc limit $4::int8 + 1

-- A file that a batch is being read from stays: null then.
-- name: file_delete
with busy as (
    select from api_batches where input_file = $2 and status = 'validating' and tenant = $1
), gone as (
    delete from files where tenant = $1 and id = $2 and not exists (select from busy)
    returning id
)
select (select id from gone) from files where tenant = $1 and id = $2

-- name: file_expire
delete from files f where expires_at <= clock_timestamp()
  and not exists (select from api_batches a where a.input_file = f.id and a.status = 'validating')
returning id

-- The batch of a key, made when there is none; no row: there is no such file.
-- name: api_batch_add
with made as (
    insert into api_batches (id, tenant, key, endpoint, input_file, file_name, window_ms, metadata,
        skip_bad)
    select $2, $1, $3, $4, f.id, f.name, $6, $7, $8 from files f
    where f.tenant = $1 and f.id = $5 and f.purpose = 'batch'
      and (f.expires_at is null or f.expires_at > clock_timestamp())
    on conflict (tenant, key) do nothing
    returning *
)
select a.id, a.endpoint, a.input_file, a.window_ms, a.metadata, a.status, a.total, a.bad_lines,
       a.errors, a.output_file, a.error_file, a.created_at, a.started_at, a.finalizing_at,
       a.cancelling_at, a.ended_at, b.accepted, b.review + b.dead + b.expired + b.cancelled, b.path
from (select * from made union all
      select * from api_batches where tenant = $1 and key = $3) a
left join batches b on b.id = a.id
limit 1

-- name: api_batch_list
select a.id, a.endpoint, a.input_file, a.window_ms, a.metadata, a.status, a.total, a.bad_lines,
       a.errors, a.output_file, a.error_file, a.created_at, a.started_at, a.finalizing_at,
       a.cancelling_at, a.ended_at, b.accepted, b.review + b.dead + b.expired + b.cancelled, b.path
from api_batches a left join batches b on b.id = a.id
where a.tenant = $1 and ($2::uuid is null or a.id < $2)
order by a.id desc limit $3::int8 + 1

-- name: api_batch_get
select a.id, a.endpoint, a.input_file, a.window_ms, a.metadata, a.status, a.total, a.bad_lines,
       a.errors, a.output_file, a.error_file, a.created_at, a.started_at, a.finalizing_at,
       a.cancelling_at, a.ended_at, b.accepted, b.review + b.dead + b.expired + b.cancelled, b.path
from api_batches a left join batches b on b.id = a.id
where a.tenant = $1 and a.id = $2

-- Marks what is not over as cancelled; no row: there is none that could be. A batch whose row in
-- `batches` another is making is cancelled there by api_batch_sent.
-- name: api_batch_cancel
with given as (
    update api_batches set cancelling_at = coalesce(cancelling_at, clock_timestamp())
    where tenant = $1 and id = $2 and status in ('validating', 'in_progress', 'finalizing')
    returning id
), cancelled as (
    update batches set cancelled_at = coalesce(cancelled_at, clock_timestamp())
    where id in (select id from given)
)
select id from given

-- One piece of work for a while of $2 ms.
-- name: api_batch_claim
update api_batches set worker = $1, worked_until = clock_timestamp() + $2::int8 * interval '1 ms'
where id = (
    select id from api_batches
    where status in ('validating', 'finalizing')
      and (worked_until is null or worked_until < clock_timestamp())
    order by id limit 1 for update skip locked)
returning id, tenant, status, endpoint, input_file, window_ms, skip_bad, created_at,
          cancelling_at, total, last_line

-- No row: it is another's, or over. Null: it was not cancelled.
-- name: api_batch_keep
update api_batches set worked_until = clock_timestamp() + $3::int8 * interval '1 ms'
where id = $1 and worker = $2 and status in ('validating', 'finalizing')
returning cancelling_at

-- Lets go of what this process had in hand: another may go on at once.
-- name: api_batch_leave
update api_batches set worked_until = null where worker = $1 and status in ('validating', 'finalizing')

-- Its lines were looked at; from here on there are jobs.
-- name: api_batch_valid
with given as (
    update api_batches set total = $3, bad_lines = $4, errors = $5::json, last_line = $6
    where id = $1 returning *
)
insert into batches (id, key, tenant, name, path, format, cancelled_at)
select g.id, 'api ' || g.key, g.tenant, g.file_name, $2, 'openai', g.cancelling_at from given g
on conflict do nothing

-- All its jobs are in the topic.
-- name: api_batch_sent
with given as (
    update api_batches set status = 'in_progress', started_at = clock_timestamp(), worked_until = null
    where id = $1 and status = 'validating' returning id, cancelling_at
)
update batches b set total = $2, bad_lines = $3,
    submitted_at = coalesce(submitted_at, clock_timestamp()),
    cancelled_at = coalesce(b.cancelled_at, g.cancelling_at)
from given g where b.id = g.id

-- Every job of it has its outcome.
-- name: api_batch_settle
update api_batches a set status = 'finalizing', finalizing_at = clock_timestamp(), worked_until = null
from batches b
where b.id = a.id and a.status = 'in_progress' and b.submitted_at is not null
  and b.accepted + b.review + b.dead + b.expired + b.cancelled >= b.total
returning a.id

-- It ends as $2 with its errors, without files.
-- name: api_batch_fail
update api_batches set status = $2, total = $3, errors = coalesce($4::json, errors),
    ended_at = clock_timestamp(), worked_until = null
where id = $1 and status in ('validating', 'finalizing')

-- It ends with its files; null: there is none, for want of rows.
-- name: api_batch_end
with ended as (
    update api_batches a set output_file = $2, error_file = $4, ended_at = clock_timestamp(),
        status = case when a.cancelling_at is not null then 'cancelled'
                      when b.expired > 0 then 'expired' else 'completed' end
    from batches b where a.id = $1 and b.id = a.id and a.status = 'finalizing'
    returning a.id, a.tenant
)
insert into files (id, tenant, name, purpose, bytes)
select g.id, e.tenant, 'batch_' || e.id || g.suffix, 'batch_output', g.bytes
from ended e,
     (values ($2::uuid, '_output.jsonl', $3::int8), ($4::uuid, '_error.jsonl', $5::int8))
     g (id, suffix, bytes)
where g.id is not null

-- Outcomes of the lines from $2 up to and without $3.
-- name: batch_outcomes_lines
select o.job_id, o.custom_id, o.line, o.verdict, o.tier, o.hop, o.answer, o.confidence, o.model,
       array_to_string(o.reasons, ','), o.explanation, (o.cost_usd * 1000000000000)::int8,
       o.input_tokens, o.output_tokens, o.decided_at
from outcomes o
where o.batch_id = $1 and o.line >= $2 and o.line < $3
order by o.line

-- --- Single requests.

-- Outcomes of jobs that are waited for.
-- name: job_outcomes
select o.job_id, o.custom_id, o.line, o.verdict, o.tier, o.hop, o.answer, o.confidence, o.model,
       array_to_string(o.reasons, ','), o.explanation, (o.cost_usd * 1000000000000)::int8,
       o.input_tokens, o.output_tokens, o.decided_at
from outcomes o
where o.job_id = any($1::uuid[])

-- name: api_response_get
select o.job_id, o.custom_id, o.line, o.verdict, o.tier, o.hop, o.answer, o.confidence, o.model,
       array_to_string(o.reasons, ','), o.explanation, (o.cost_usd * 1000000000000)::int8,
       o.input_tokens, o.output_tokens, o.decided_at,
       r.path, r.created_at, r.metadata, c.cancelled_at is not null,
       exists (select from attempts a where a.job_id = r.id), r.background, t.conversation,
       t.previous
from api_responses r
left join turns t on t.id = r.id
left join outcomes o on o.job_id = r.id
left join cancellations c on c.job_id = r.id
where r.tenant = $1 and r.id = $2

-- name: api_response_cancel
insert into cancellations (job_id)
select r.id from api_responses r
where r.tenant = $1 and r.id = $2
  and not exists (select from decisions d where d.job_id = r.id and d.final)
on conflict do nothing

-- --- Keys of the API.

-- name: key_add
with logged as (
    insert into audit_log (who, tenant, action, object, by) values ($6, $3, 'key add', $1, 'command')
)
insert into api_keys (id, hash, tenant, name, scopes, rpm) values ($1, $2, $3, $4, $5, $7)

-- name: key_list
select id, hash, tenant, name, scopes, created_at, revoked_at, rpm from api_keys
order by created_at, id

-- The key that $1 begins, if it is one alone.
-- name: key_revoke
with revoked as (
    update api_keys set revoked_at = coalesce(revoked_at, clock_timestamp())
    where id in (select min(id) from api_keys where starts_with(id, $1) having count(*) = 1)
    returning id, tenant, name, revoked_at
), logged as (
    insert into audit_log (who, tenant, action, object, by)
    select $2, tenant, 'key revoke', id, 'command' from revoked
)
select id, tenant, name, revoked_at from revoked

-- --- Sessions of browsers.

-- name: session_list
select id from ended_sessions where until > clock_timestamp()

-- name: session_end
with over as (
    delete from ended_sessions where until < clock_timestamp()
)
insert into ended_sessions (id, until) values ($1, $2) on conflict do nothing

-- --- The gateway's own API, /v1/taskfit. Whole replies are made here, as JSON.

-- A job's timeline. Whose it is, its batch says, or the request it came by; one of neither is
-- everybody's while there are no tenants, and after that of those whose tenant has no name, if its
-- decisions name none.
-- name: api_job
with known as (
    select coalesce(
        (select batch_id from attempts where job_id = $2 order by hop limit 1),
        (select batch_id from decisions where job_id = $2 order by hop limit 1),
        (select batch_id from dead_letters where job_id = $2 limit 1)) as batch_id,
        exists (select from attempts where job_id = $2)
        or exists (select from decisions where job_id = $2) as seen,
        (select coalesce(tenant, '') from decisions where job_id = $2 order by hop limit 1) as tenant
)
select json_build_object(
    'job_id', $2::uuid, 'batch_id', k.batch_id, 'custom_id', o.custom_id, 'line', o.line,
    'path', coalesce(r.path, b.path, o.path), 'outcome', o.verdict, 'outcome_tier', o.tier,
    'answer', o.answer, 'confidence', o.confidence, 'model', o.model, 'cost_usd', o.cost_usd,
    'created_at', coalesce(r.created_at, o.created_at), 'decided_at', o.decided_at,
    'hops', job_hops($2))
from known k
left join batches b on b.id = k.batch_id
left join api_responses r on r.id = $2
left join outcomes o on o.job_id = $2
where b.tenant = $1 or r.tenant = $1
   or ($1 = '' and b.id is null and r.id is null and k.seen
       and (k.tenant = '' or not exists (select from api_keys where tenant <> '')))

-- The last line that has an outcome; no row: there is no such batch.
-- name: api_batch_last_line
select greatest((select max(line) from decisions where batch_id = $2 and final),
                (select max(line) from dead_letters where batch_id = $2))
from batches where tenant = $1 and id = $2

-- What a dashboard shows: the newest batches, their tiers, the newest dead letters.
-- name: api_overview
with mine as (
    select * from batches where tenant = $1 order by id desc limit 50
)
select json_build_object(
    'at', clock_timestamp(),
    'batches', (
        select coalesce(json_agg(json_build_object(
            'id', m.id, 'name', m.name, 'path', m.path, 'total', m.total,
            'accepted', m.accepted, 'review', m.review, 'dead', m.dead, 'expired', m.expired,
            'cancelled', m.cancelled, 'bad_lines', m.bad_lines,
            'cost_usd', m.cost_pico_usd / 1e12::numeric, 'created_at', m.created_at,
            'submitted_at', m.submitted_at, 'cancelled_at', m.cancelled_at,
            'last_decided_at', m.last_decided_at) order by m.id desc), '[]') from mine m),
    'tiers', (
        select coalesce(json_agg(row_to_json(s) order by s.path, s.tier), '[]') from (
            select m.path, t.tier, sum(t.attempts) as attempts, sum(t.errors) as errors,
                sum(t.accepted) as accepted, sum(t.escalated) as escalated, sum(t.ended) as ended,
                sum(t.cost_pico_usd) / 1e12::numeric as cost_usd
            from batch_tiers t join mine m on m.id = t.batch_id
            group by m.path, t.tier) s),
    'dead_letters', (
        select coalesce(json_agg(row_to_json(l)), '[]') from (
            select l.job_id, l.batch_id, l.custom_id, l.reason, l.text, l.dead_at
            from dead_letters l join mine m on m.id = l.batch_id
            where l.replayed_at is null and l.dropped_at is null
            order by l.dead_at desc limit 10) l))

-- A batch, and what its newest 2,000 jobs tell: by tier how long a hop took and which errors there
-- were, and why jobs moved on.
-- name: api_batch_detail
with recent as materialized (
    select job_id from decisions where batch_id = $2 and final
    order by line desc limit 2000
), tried as (
    select a.tier, a.latency_ms, a.error from recent r join attempts a on a.job_id = r.job_id
), moved as (
    select d.tier, c.reason from recent r join decisions d on d.job_id = r.job_id
    cross join lateral unnest(d.reasons) c (reason)
)
select json_build_object(
    'id', m.id, 'name', m.name, 'path', m.path, 'format', m.format, 'total', m.total,
    'accepted', m.accepted, 'review', m.review, 'dead', m.dead, 'expired', m.expired,
    'cancelled', m.cancelled, 'bad_lines', m.bad_lines,
    'cost_usd', m.cost_pico_usd / 1e12::numeric,
    'spend_cap_usd', m.spend_cap_pico_usd / 1e12::numeric, 'created_at', m.created_at,
    'submitted_at', m.submitted_at, 'cancelled_at', m.cancelled_at,
    'last_decided_at', m.last_decided_at, 'sampled', (select count(*) from recent),
    'tiers', (
        select coalesce(json_agg(json_build_object('tier', t.tier, 'attempts', t.attempts,
            'errors', t.errors, 'accepted', t.accepted, 'escalated', t.escalated,
            'ended', t.ended, 'cost_usd', t.cost_pico_usd / 1e12::numeric) order by t.tier), '[]')
        from batch_tiers t where t.batch_id = m.id),
    'latency', (
        select coalesce(json_agg(row_to_json(l)), '[]') from (
            select tier, percentile_disc(0.5) within group (order by latency_ms) as p50_ms,
                percentile_disc(0.95) within group (order by latency_ms) as p95_ms
            from tried group by tier order by tier) l),
    'errors', (
        select coalesce(json_agg(row_to_json(e)), '[]') from (
            select tier, error, count(*) as jobs from tried where error is not null
            group by tier, error order by count(*) desc, tier, error limit 20) e),
    'reasons', (
        select coalesce(json_agg(row_to_json(w)), '[]') from (
            select tier, reason, count(*) as jobs from moved
            group by tier, reason order by count(*) desc, tier, reason limit 20) w))
from batches m where m.tenant = $1 and m.id = $2
