-- Limits of keys and tenants, and the log of who did what.

-- Adds requests of keys in minutes, and tells what there were in all.
-- name: key_requests_add
with old as (
    delete from key_requests where minute < $4
)
insert into key_requests as r (key, minute, requests)
select * from unnest($1::text[], $2::int8[], $3::int8[]) order by 1, 2
on conflict (key, minute) do update set requests = r.requests + excluded.requests
returning key, minute, requests

-- name: tenant_limit_list
select l.tenant, l.day_pico_usd, l.month_pico_usd,
       coalesce(sum(s.cost_pico_usd) filter (where s.day = (now() at time zone 'UTC')::date), 0)::int8,
       coalesce(sum(s.cost_pico_usd), 0)::int8
from tenant_limits l
left join tenant_spend s on s.tenant = l.tenant
    and s.day >= date_trunc('month', now() at time zone 'UTC')::date
group by l.tenant order by l.tenant

-- $2, $3: null keeps what there is, 0 is no limit. What this month's outcomes have cost so far counts.
-- name: tenant_limit_set
with given as (
    insert into tenant_limits as l (tenant, day_pico_usd, month_pico_usd)
    values ($1, nullif($2::int8, 0), nullif($3::int8, 0))
    on conflict (tenant) do update set
        day_pico_usd = case when $2 is null then l.day_pico_usd else nullif($2, 0) end,
        month_pico_usd = case when $3 is null then l.month_pico_usd else nullif($3, 0) end
    returning tenant, day_pico_usd, month_pico_usd
), before as (
    insert into tenant_spend (tenant, day, cost_pico_usd)
    select $1, (d.decided_at at time zone 'UTC')::date, sum(d.cost_pico_usd)
    from decisions d
    where coalesce(d.tenant, '') = $1 and d.final
      and d.decided_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
      and not exists (select from tenant_limits l where l.tenant = $1)
    group by 2
    on conflict do nothing
), logged as (
    insert into audit_log (who, tenant, action, object, by)
    values ($4, $1, 'key limit', $1, 'command')
)
select * from given

-- name: audit_add
insert into audit_log (at, who, tenant, action, object, status, by)
select a.at, a.who, a.tenant, a.action, a.object, a.status, $7
from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int4[])
     a (at, who, tenant, action, object, status)

-- The newest $2, of the key that $1 begins (null: of all), oldest first.
-- name: audit_list
select * from (
    select id, at, who, tenant, action, object, status, by from audit_log
    where $1::text is null or starts_with(who, $1)
    order by id desc limit $2) a
order by a.id
