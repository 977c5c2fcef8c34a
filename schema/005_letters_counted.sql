-- What batches.dead counts: jobs that letters tell of, while no decision does. Statements that change it
-- ask here, with the batch's row locked. Volatile and not plain SQL on purpose: so they see what was
-- committed until now and what their own statement did, not what was there when that began.

-- How many of the jobs have a letter that was not replayed.
create function jobs_with_letters(of_batch uuid, jobs uuid[]) returns bigint volatile strict
language plpgsql as $$
declare
    n bigint;
begin
    select count(*) into n from unnest(jobs) j (id)
    where exists (select from dead_letters l where l.job_id = j.id and l.batch_id = of_batch
                    and not l.decided and l.replayed_at is null);
    return n;
end $$;

-- How many of the jobs have no outcome by a decision, and just so many such letters.
create function jobs_with_just(of_batch uuid, jobs uuid[], letters bigint[]) returns bigint
volatile strict language plpgsql as $$
declare
    n bigint;
begin
    select count(*) into n from unnest(jobs, letters) j (id, letters)
    where not exists (select from decisions d where d.job_id = j.id and d.final)
      and j.letters = (select count(*) from dead_letters l where l.job_id = j.id
                         and l.batch_id = of_batch and not l.decided and l.replayed_at is null);
    return n;
end $$;
