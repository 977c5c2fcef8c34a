-- Webhooks: where events go, and the events on their way. A delivery is made in the transaction of
-- what it tells, by triggers that end at once while there is no endpoint.
create table webhook_endpoints (
    id         uuid primary key,
    tenant     text not null,
    name       text not null,                       -- for people
    url        text not null,
    events     text[] not null,                     -- their types; '*': all
    secret     bytea not null,                      -- sealed with gateway.secret
    old_secret bytea,                               -- which is signed with too, until
    old_until  timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    ended_at   timestamptz,
    ended_why  text                                 -- revoked, gone
);
create index webhook_endpoints_open on webhook_endpoints (tenant) where ended_at is null;

create table webhook_deliveries (
    id         uuid primary key,                    -- of the endpoint and the event: stable
    endpoint   uuid not null,
    type       text not null,
    subject    text not null,                       -- the job, batch or revision that it tells of
    data       json not null,
    event_at   timestamptz not null default clock_timestamp(),
    state      text not null default 'open' check (state in ('open', 'delivered', 'dead')),
    attempts   integer not null default 0,
    due_at     timestamptz not null default clock_timestamp(),  -- claimed: the claim's end
    since      timestamptz not null default clock_timestamp(),  -- when tries began
    claimed_by text,
    status     integer,                             -- of the last attempt
    error      text,
    ended_at   timestamptz
);
create index webhook_deliveries_due on webhook_deliveries (endpoint, due_at) where state = 'open';
create index webhook_deliveries_claimed on webhook_deliveries (endpoint)
    where claimed_by is not null;
create index webhook_deliveries_by_endpoint on webhook_deliveries (endpoint, event_at);
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where ended_at is not null;

-- Responses that were stored a moment ago. Of a response and its job's outcome, stored at the same
-- time, neither transaction sees the other: each is looked at again soon, and once more when both
-- have ended for certain.
create table webhook_awaited (
    job_id    uuid not null,
    stored_at timestamptz not null default clock_timestamp(),
    looked    boolean not null default false
);
create index webhook_awaited_by_time on webhook_awaited (stored_at);
create index webhook_awaited_new on webhook_awaited (stored_at) where not looked;

create function webhook_id(endpoint uuid, type text, subject text) returns uuid
language sql immutable as $$ select md5(endpoint || ' ' || type || ' ' || subject)::uuid $$;

-- What an outcome says to whom: its own event, and that of the response, if it is one.
create function webhook_events(job uuid, response boolean, verdict text, job_data json)
returns table (type text, data json) language sql immutable as $$
    values ('taskfit.job.completed', job_data),
           (case when not response then null when verdict = 'accept' then 'response.completed'
                 when verdict = 'cancelled' then 'response.cancelled' else 'response.failed' end,
            json_build_object('id', 'resp_' || job))
$$;

create function webhook_tell_jobs(jobs uuid[]) returns void language sql as $$
    insert into webhook_deliveries (id, endpoint, type, subject, data)
    select webhook_id(e.id, t.type, d.job_id::text), e.id, t.type, d.job_id::text, t.data
    from decisions d
    left join api_responses r on r.id = d.job_id
    join webhook_endpoints e on e.tenant = coalesce(r.tenant, d.tenant, '') and e.ended_at is null
    cross join lateral webhook_events(d.job_id, coalesce(r.background, false), d.verdict, json_build_object(
        'id', d.job_id, 'batch_id', d.batch_id, 'custom_id', d.custom_id, 'path', d.path,
        'verdict', d.verdict, 'tier', d.tier, 'reasons', d.reasons)) t
    where d.job_id = any(jobs) and d.final and e.events && array[t.type, '*']
    and t.type is not null
    on conflict do nothing
$$;

-- Of jobs that only a letter tells of.
create function webhook_tell_letters(jobs uuid[]) returns void language sql as $$
    insert into webhook_deliveries (id, endpoint, type, subject, data)
    select webhook_id(e.id, t.type, l.job_id::text), e.id, t.type, l.job_id::text, t.data
    from dead_letters l
    left join api_responses r on r.id = l.job_id
    left join batches b on b.id = l.batch_id
    join webhook_endpoints e on e.tenant = coalesce(r.tenant, b.tenant, '') and e.ended_at is null
    cross join lateral webhook_events(l.job_id, coalesce(r.background, false), 'dead', json_build_object(
        'id', l.job_id, 'batch_id', l.batch_id, 'custom_id', l.custom_id,
        'path', coalesce(r.path, b.path), 'verdict', 'dead', 'tier', null,
        'reasons', array[l.reason])) t
    where l.job_id = any(jobs) and not l.decided and l.replayed_at is null
      and e.events && array[t.type, '*'] and t.type is not null
    on conflict do nothing
$$;

create function webhook_on_decisions() returns trigger language plpgsql as $$
begin
    if exists (select from webhook_endpoints where ended_at is null) then
        perform webhook_tell_jobs(array(select job_id from told where final));
    end if;
    return null;
end $$;
create trigger webhook_on_decisions after insert on decisions
    referencing new table as told for each statement execute function webhook_on_decisions();

create function webhook_on_letters() returns trigger language plpgsql as $$
begin
    if exists (select from webhook_endpoints where ended_at is null) then
        perform webhook_tell_letters(array(select job_id from told where job_id is not null));
    end if;
    return null;
end $$;
create trigger webhook_on_letters after insert on dead_letters
    referencing new table as told for each statement execute function webhook_on_letters();

create function webhook_on_responses() returns trigger language plpgsql as $$
begin
    if exists (select from webhook_endpoints where ended_at is null) then
        insert into webhook_awaited (job_id) select id from told;
        perform webhook_tell_jobs(array(select id from told));
        perform webhook_tell_letters(array(select id from told));
    end if;
    return null;
end $$;
create trigger webhook_on_responses after insert on api_responses
    referencing new table as told for each statement execute function webhook_on_responses();

create function webhook_on_revisions() returns trigger language plpgsql as $$
begin
    if exists (select from webhook_endpoints where ended_at is null) then
        insert into webhook_deliveries (id, endpoint, type, subject, data)
        select webhook_id(e.id, 'taskfit.job.revised', n.job_id || '/' || n.revision), e.id,
               'taskfit.job.revised', n.job_id || '/' || n.revision, json_build_object(
                   'id', n.job_id, 'batch_id', n.batch_id, 'custom_id', d.custom_id,
                   'path', d.path, 'verdict', n.verdict, 'reasons', n.reasons,
                   'revision', n.revision, 'reviewer', n.reviewer)
        from told n
        left join decisions d on d.job_id = n.job_id and d.final
        left join api_responses r on r.id = n.job_id
        left join batches b on b.id = n.batch_id
        join webhook_endpoints e on e.tenant = coalesce(r.tenant, d.tenant, b.tenant, '')
            and e.ended_at is null
        where e.events && array['taskfit.job.revised', '*']
        on conflict do nothing;
    end if;
    return null;
end $$;
create trigger webhook_on_revisions after insert on revisions
    referencing new table as told for each statement execute function webhook_on_revisions();

create function webhook_on_batch() returns trigger language plpgsql as $$
begin
    insert into webhook_deliveries (id, endpoint, type, subject, data)
    select webhook_id(e.id, 'batch.' || new.status, new.id::text), e.id, 'batch.' || new.status,
           new.id::text, json_build_object('id', 'batch_' || new.id)
    from webhook_endpoints e
    where e.tenant = new.tenant and e.ended_at is null
      and e.events && array['batch.' || new.status, '*']
    on conflict do nothing;
    return null;
end $$;
create trigger webhook_on_batch after update of status on api_batches for each row
    when (new.status in ('completed', 'failed', 'cancelled', 'expired')
          and new.status is distinct from old.status)
    execute function webhook_on_batch();
