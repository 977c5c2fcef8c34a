-- Webhooks: endpoints, and what is on its way to them.

-- name: webhook_add
insert into webhook_endpoints (id, tenant, name, url, events, secret)
values ($1, $2, $3, $4, string_to_array($5, ','), $6)
returning id, tenant, name, url, array_to_string(events, ','), created_at, ended_at, ended_why, old_until,
          0::int8, 0::int8

-- The tenant's ($1; null: all), newest first; from before $2; one more than $3.
-- name: webhook_list
select e.id, e.tenant, e.name, e.url, array_to_string(e.events, ','), e.created_at, e.ended_at,
       e.ended_why, e.old_until,
       (select count(*) from webhook_deliveries d where d.endpoint = e.id and d.state = 'open'),
       (select count(*) from webhook_deliveries d where d.endpoint = e.id and d.state = 'dead')
from webhook_endpoints e
where ($1::text is null or (e.tenant = $1 and e.ended_why is distinct from 'revoked'))
  and ($2::uuid is null or e.id < $2)
order by e.id desc limit $3::int8 + 1

-- Those whose id $1 begins, two at most.
-- name: webhook_find
select e.id, e.tenant, e.name, e.url, array_to_string(e.events, ','), e.created_at, e.ended_at,
       e.ended_why, e.old_until, 0::int8, 0::int8
from webhook_endpoints e where starts_with(e.id::text, $1) limit 2

-- name: webhook_get
select e.id, e.tenant, e.name, e.url, array_to_string(e.events, ','), e.created_at, e.ended_at,
       e.ended_why, e.old_until,
       (select count(*) from webhook_deliveries d where d.endpoint = e.id and d.state = 'open'),
       (select count(*) from webhook_deliveries d where d.endpoint = e.id and d.state = 'dead')
from webhook_endpoints e
where e.tenant = $1 and e.id = $2 and e.ended_why is distinct from 'revoked'

-- What is open for it is dead.
-- name: webhook_revoke
with gone as (
    update webhook_endpoints set ended_at = clock_timestamp(), ended_why = 'revoked'
    where tenant = $1 and id = $2 and ended_why is distinct from 'revoked' returning id
), dead as (
    update webhook_deliveries d set state = 'dead', ended_at = clock_timestamp(),
        error = 'the endpoint was revoked'
    from gone where d.endpoint = gone.id and d.state = 'open'
)
select id from gone

-- Both secrets sign for $4 ms.
-- name: webhook_rotate
update webhook_endpoints set old_secret = case when $4::int8 > 0 then secret end,
    old_until = case when $4::int8 > 0 then clock_timestamp() + $4::int8 * interval '1 ms' end, secret = $3
where tenant = $1 and id = $2 and ended_why is distinct from 'revoked'
returning id, tenant, name, url, array_to_string(events, ','), created_at, ended_at, ended_why, old_until,
          0::int8, 0::int8

-- A sample.
-- name: webhook_test
insert into webhook_deliveries (id, endpoint, type, subject, data)
select $3, e.id, $4, 'test', json_build_object('id', 'test')
from webhook_endpoints e where e.tenant = $1 and e.id = $2 and e.ended_at is null
returning id

-- The newest of an endpoint, $4: in one state alone.
-- name: webhook_deliveries
select d.id, d.type, d.subject, d.state, d.attempts, d.event_at, d.due_at, d.status, d.error,
       d.ended_at
from webhook_endpoints e join webhook_deliveries d on d.endpoint = e.id
where e.tenant = $1 and e.id = $2 and ($4::text is null or d.state = $4)
order by d.event_at desc limit $3

-- One delivery ($3), or all that are dead, from anew; an endpoint that said it is gone is asked again.
-- name: webhook_replay
with known as (
    update webhook_endpoints set ended_at = null, ended_why = null
    where tenant = $1 and id = $2 and ended_why is distinct from 'revoked' returning id
), again as (
    update webhook_deliveries d set state = 'open', attempts = 0, due_at = clock_timestamp(),
        since = clock_timestamp(), claimed_by = null, ended_at = null
    from known where d.endpoint = known.id and (d.id = $3 or ($3 is null and d.state = 'dead'))
    returning d.id
)
select known.id, (select count(*) from again) from known

-- Claims what is due for $2 ms, up to $3 under way to one endpoint, $4 in all.
-- name: webhook_claim
with room as (
    select e.id, $3::int8 - (
        select count(*) from webhook_deliveries d
        where d.endpoint = e.id and d.claimed_by is not null and d.due_at > now()) as room
    from webhook_endpoints e where e.ended_at is null
    order by random()
), due as (
    select d.id from room r cross join lateral (
        select d.id from webhook_deliveries d
        where d.endpoint = r.id and d.state = 'open' and d.due_at <= now()
        order by d.due_at limit greatest(r.room, 0) for update skip locked) d
    limit $4
)
update webhook_deliveries d set claimed_by = $1, attempts = d.attempts + 1,
    due_at = clock_timestamp() + $2::int8 * interval '1 ms'
from due, webhook_endpoints e
where d.id = due.id and e.id = d.endpoint
returning d.id, e.id, e.url, d.type, d.data, d.event_at, d.attempts, d.since, e.secret,
          case when e.old_until > clock_timestamp() then e.old_secret end

-- What became of them: delivered, open (again after delay_ms), dead; and gone, with its endpoint.
-- name: webhook_settle
with given as (
    select * from unnest($2::uuid[], $3::text[], $4::int8[], $5::int4[], $6::text[])
        g (id, state, delay_ms, status, error)
), settled as (
    update webhook_deliveries d set claimed_by = null, status = g.status, error = g.error,
        state = case when g.state = 'gone' then 'dead' else g.state end,
        due_at = clock_timestamp() + g.delay_ms * interval '1 ms',
        ended_at = case when g.state <> 'open' then clock_timestamp() end
    from given g where d.id = g.id and d.claimed_by = $1 and d.state = 'open'
    returning d.endpoint, g.state
), gone as (
    update webhook_endpoints e set ended_at = clock_timestamp(), ended_why = 'gone'
    from settled s where s.state = 'gone' and e.id = s.endpoint and e.ended_at is null
    returning e.id, e.url
), others as (
    update webhook_deliveries d set state = 'dead', ended_at = clock_timestamp(),
        error = 'the endpoint said that it is gone'
    from gone where d.endpoint = gone.id and d.state = 'open'
      and d.id not in (select id from given)
)
select id, url from gone

-- Responses that were stored more than $1 ms ago, for the first time.
-- name: webhook_look
with due as (
    update webhook_awaited set looked = true where ctid in (
        select ctid from webhook_awaited
        where not looked and stored_at < now() - $1::int8 * interval '1 ms'
        order by stored_at limit 1000 for update skip locked)
    returning job_id
), jobs as (
    select array_agg(job_id) as ids from due
)
select cardinality(ids), webhook_tell_jobs(ids), webhook_tell_letters(ids) from jobs
where ids is not null

-- And for the last time.
-- name: webhook_sweep
with due as (
    delete from webhook_awaited where ctid in (
        select ctid from webhook_awaited
        where stored_at < now() - $1::int8 * interval '1 ms'
        order by stored_at limit 1000 for update skip locked)
    returning job_id
), jobs as (
    select array_agg(job_id) as ids from due
)
select cardinality(ids), webhook_tell_jobs(ids), webhook_tell_letters(ids) from jobs
where ids is not null

-- name: webhook_forget
with old as (
    delete from webhook_deliveries where id in (
        select id from webhook_deliveries where ended_at < now() - $1::int8 * interval '1 ms'
        order by ended_at limit 1000)
    returning id
)
select count(*)::int4 from old
