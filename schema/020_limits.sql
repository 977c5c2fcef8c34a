-- What a key may ask for and a tenant may spend, and who did what.
alter table api_keys add column rpm integer;        -- requests a minute; null: any number

-- Requests of keys that have a limit, by the clock's minute; gateways add what they let in.
create table key_requests (
    key      text not null,
    minute   bigint not null,                       -- since 1970
    requests bigint not null,
    primary key (key, minute)
);

create table tenant_limits (
    tenant              text primary key,
    day_pico_usd        bigint,                     -- null: no limit
    month_pico_usd      bigint,
    created_at          timestamptz not null default clock_timestamp()
);

-- What outcomes of tenants with a limit have cost, by the day (UTC) of the outcome.
create table tenant_spend (
    tenant        text not null,
    day           date not null,
    cost_pico_usd bigint not null,
    primary key (tenant, day)
);

create function spend_on_decisions() returns trigger language plpgsql as $$
begin
    if exists (select from tenant_limits) then
        insert into tenant_spend as s (tenant, day, cost_pico_usd)
        select l.tenant, (now() at time zone 'UTC')::date, sum(t.cost_pico_usd)
        from told t join tenant_limits l on l.tenant = coalesce(t.tenant, '')
        where t.final group by l.tenant order by l.tenant
        on conflict (tenant, day) do update
            set cost_pico_usd = s.cost_pico_usd + excluded.cost_pico_usd;
    end if;
    return null;
end $$;
create trigger spend_on_decisions after insert on decisions
    referencing new table as told for each statement execute function spend_on_decisions();

-- Who changed what; no bodies, no secrets. Rows are only inserted, and deleted when they are old.
create table audit_log (
    id     bigint generated always as identity primary key,
    at     timestamptz not null default clock_timestamp(),
    who    text not null,                           -- a key's id; or user@host of a command
    tenant text not null,
    action text not null,                           -- a route, or a command
    object text,                                    -- the id that it was about
    status integer,                                 -- of the reply; null: of a command
    by     text not null                            -- the gateway
);
create index audit_log_by_time on audit_log using brin (at);

create function audit_log_keep() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.at < now() - interval '90 days' then
        return old;
    end if;
    raise exception 'audit_log: rows are only inserted, and can be deleted after 90 days';
end $$;
create trigger audit_log_keep before update or delete on audit_log
    for each row execute function audit_log_keep();
