-- Outcomes are looked at only where an endpoint wants to be told of jobs or responses.
create function webhook_wants_outcomes() returns boolean language sql stable as $$
    select exists (select from webhook_endpoints where ended_at is null and events && array[
        '*', 'taskfit.job.completed', 'response.completed', 'response.failed', 'response.cancelled'])
$$;

create or replace function webhook_on_decisions() returns trigger language plpgsql as $$
begin
    if webhook_wants_outcomes() then
        perform webhook_tell_jobs(array(select job_id from told where final));
    end if;
    return null;
end $$;

create or replace function webhook_on_letters() returns trigger language plpgsql as $$
begin
    if webhook_wants_outcomes() then
        perform webhook_tell_letters(array(select job_id from told where job_id is not null));
    end if;
    return null;
end $$;

create or replace function webhook_on_responses() returns trigger language plpgsql as $$
begin
    if webhook_wants_outcomes() then
        insert into webhook_awaited (job_id) select id from told;
        perform webhook_tell_jobs(array(select id from told));
        perform webhook_tell_letters(array(select id from told));
    end if;
    return null;
end $$;
