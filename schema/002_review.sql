-- What people say of answers: labels, the queue of reviews, and what supersedes an outcome.

-- The same value, however it is written. Texts that jsonb cannot hold (a NUL, half of a surrogate
-- pair, a number beyond its range) are the same only when they are written the same.
create function answers_equal(a json, b json) returns boolean
language plpgsql immutable parallel safe as $$
begin
    return a::text = b::text or a::jsonb = b::jsonb;
exception when others then
    return a::text = b::text;
end $$;

-- What the right answer was, as a person or a file says. A person may change their mind: their
-- newest label counts. One that was withdrawn (a review undone) counts no more.
create table labels (
    id           bigint generated always as identity primary key,
    job_id       uuid not null,
    path         text not null,                     -- of the job, as its batch
    batch_id     uuid,
    answer       json not null,
    labeler      text not null,                     -- who says so
    source       text not null,                     -- review, audit, import
    note         text,
    labelled_at  timestamptz not null default clock_timestamp(),
    withdrawn_at timestamptz
);
create index labels_by_job on labels (job_id, labeler, labelled_at);
create index labels_by_path on labels (path, job_id);
create index labels_by_batch on labels (batch_id, job_id) where batch_id is not null;

-- Each person's word on each job.
create view person_labels as
    select distinct on (job_id, labeler)
           id, job_id, path, batch_id, answer, labeler, source, note, labelled_at
    from labels
    where withdrawn_at is null
    order by job_id, labeler, labelled_at desc, id desc;

-- One answer a job: the newest person's word. disputed: another person said something else.
create view job_labels as
    select distinct on (p.job_id)
           p.job_id, p.path, p.batch_id, p.answer, p.labeler, p.source, p.labelled_at,
           count(*) over (partition by p.job_id) as persons,
           exists (select from person_labels o where o.job_id = p.job_id
                     and o.labeler <> p.labeler and not answers_equal(o.answer, p.answer))
               as disputed
    from person_labels p
    order by p.job_id, p.labelled_at desc, p.id desc;

-- The queue. A job may be looked at in several rounds, each by one person: the first, a second
-- opinion, a second pair of eyes, one that settles a dispute. The fleet adds round 1 in the
-- statement that stores the decision.
create table reviews (
    job_id      uuid not null,
    round       smallint not null,
    why         text not null check
                (why in ('outcome', 'audit', 'asked', 'second', 'four_eyes', 'dispute')),
    state       text not null default 'open' check (state in ('open', 'closed', 'undone')),
    path        text not null,
    batch_id    uuid,
    reasons     text[] not null,                    -- of the job's decision
    opened_at   timestamptz not null default clock_timestamp(),
    lease_by    text,                               -- who looks at it
    lease_until timestamptz,
    skipped_by  text[] not null default '{}',
    barred      text[] not null default '{}',       -- who must not take this round: another's eyes
    reviewer    text,
    verdict     text check (verdict in ('accept', 'correct')),
    answer      json,
    answer_hop  smallint,                           -- of the attempt that was accepted
    note        text,
    closed_at   timestamptz,
    primary key (job_id, round),
    check ((state = 'open') = (reviewer is null)),
    check ((reviewer is null) = (answer is null))
);
create index reviews_open on reviews (opened_at, job_id) where state = 'open';
create index reviews_open_by_path on reviews (path, opened_at, job_id) where state = 'open';
create index reviews_open_by_batch on reviews (batch_id, opened_at, job_id)
    where state = 'open' and batch_id is not null;

-- What people made of an outcome. The fleet's decision stays what it was, and is the only final one
-- of its job; each revision supersedes the one before, the highest is what holds. verdict and
-- answer are those that hold from then on: undoing brings back those of before.
create table revisions (
    job_id       uuid not null,
    revision     smallint not null,                 -- from 1; 0 is the fleet's decision
    verdict      text not null check (verdict in ('accept', 'review', 'dead', 'expired',
                                                  'cancelled')),
    answer       json,
    answer_hop   smallint,                          -- of the attempt whose answer it is
    reviewer     text not null,                     -- who; two with four eyes: "anna, ben"
    reasons      text[] not null,                   -- review.accepted, review.corrected, review.undone
    note         text,
    batch_id     uuid,
    revised_at   timestamptz not null default clock_timestamp(),
    claimed_until timestamptz,                      -- an escalator is publishing it
    published_at timestamptz,                       -- the brokers have it
    primary key (job_id, revision)
);
create index revisions_unpublished on revisions (revised_at) where published_at is null;

create view last_revisions as
    select * from revisions r
    where not exists (select from revisions n
                      where n.job_id = r.job_id and n.revision > r.revision);

-- What stands now. A revised outcome is that of the tier of people, one hop after the fleet's last.
create or replace view outcomes as
    select d.job_id, d.batch_id, d.custom_id, d.line, d.path, coalesce(r.verdict, d.verdict) as verdict,
           case when r.verdict = 'accept' then 'review' else d.tier end as tier,
           (d.hop + case when r.verdict = 'accept' then 1 else 0 end)::smallint as hop,
           case when r.job_id is null then a.answer else r.answer end as answer,
           case when r.job_id is null then a.confidence end as confidence,
           a.model, a.input_tokens, a.output_tokens,
           coalesce(r.reasons, d.reasons) as reasons,
           case when r.job_id is null then d.explanation end as explanation,
           d.cost_pico_usd / 1e12::numeric as cost_usd, d.created_at,
           coalesce(r.revised_at, d.decided_at) as decided_at,
           coalesce(r.revision, 0)::smallint as revision, r.reviewer, r.note
    from decisions d
    left join last_revisions r on r.job_id = d.job_id
    left join attempts a on a.job_id = d.job_id
        and a.hop = case when r.job_id is null then d.answer_hop else r.answer_hop end
    where d.final
    union all
    select l.job_id, l.batch_id, l.custom_id, l.line, null::text, 'dead'::text, null::text,
           null::smallint, null::json, null::double precision, null::text, null::integer,
           null::integer, array[l.reason],
           json_build_array(json_build_object('code', l.reason, 'text', l.text)),
           0::numeric, l.recorded_at, l.dead_at, 0::smallint, null::text, null::text
    from dead_letters l
    where l.job_id is not null and not l.decided and l.replayed_at is null
      and not exists (select from decisions d where d.job_id = l.job_id and d.final)
      and not exists (  -- the first letter of the job is the one that tells
          select from dead_letters e
          where e.job_id = l.job_id and not e.decided and e.replayed_at is null
            and (e.dead_at, e.topic, e.partition, e."offset")
                < (l.dead_at, l.topic, l.partition, l."offset"));

-- What went to people, or was drawn for an audit, before there was a queue.
insert into reviews (job_id, round, why, path, batch_id, reasons, opened_at)
select job_id, 1, case when verdict = 'review' then 'outcome' else 'audit' end, path, batch_id,
       reasons, decided_at
from decisions where final and (verdict = 'review' or (verdict = 'accept' and audit));
