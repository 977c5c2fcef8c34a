-- What `taskfit label` runs.

-- Which jobs there are, with their path and batch: $n's id in the n-th place.
-- name: label_jobs
select g.n, a.path, a.batch_id
from unnest($1::uuid[]) with ordinality g (job_id, n)
join lateral (
    select path, batch_id from attempts where job_id = g.job_id order by hop limit 1
) a on true

-- For jobs whose id was not derived from batch and custom id.
-- name: label_jobs_by_name
select d.custom_id, d.job_id
from decisions d
where d.batch_id = $1::uuid and d.final and d.custom_id = any ($2::text[])

-- Labels of a file; a null time: now. What that person's newest label says already is not said
-- again; nor, unless $8, what a file of theirs had said and they have changed since. $9: only tell.
-- Comes back: how many are new, were there, were changed since.
-- name: store_labels
with given as (
    select distinct on (g.job_id, g.labeler) g.*
    from unnest($1::uuid[], $2::text[], $3::uuid[], $4::json[], $5::text[], $6::text[],
        $7::timestamptz[]) with ordinality g (job_id, path, batch_id, answer, labeler, note, at, n)
    order by g.job_id, g.labeler, g.n desc
), met as (
    select g.*, coalesce(answers_equal(p.answer, g.answer), false) as same,
           exists (select from labels l
                   where l.job_id = g.job_id and l.labeler = g.labeler and l.source = 'import'
                     and answers_equal(l.answer, g.answer)
                     and (g.at is null or l.labelled_at = g.at)) as said
    from given g
    left join lateral (
        select l.answer from labels l
        where l.job_id = g.job_id and l.labeler = g.labeler and l.withdrawn_at is null
        order by l.labelled_at desc, l.id desc limit 1
    ) p on true
), stored as (
    insert into labels (job_id, path, batch_id, answer, labeler, source, note, labelled_at)
    select job_id, path, batch_id, answer, labeler, 'import', note, coalesce(at, clock_timestamp())
    from met where not same and (not said or $8::bool) and not $9::bool
)
select count(*) filter (where not same and (not said or $8)), count(*) filter (where same),
       count(*) filter (where not same and said and not $8)
from met

-- The attempt whose answer a label says is right.
-- name: label_attempt
select a.hop from attempts a
where a.job_id = $1::uuid and a.answer is not null and answers_equal(a.answer, $2::json)
order by a.hop limit 1

-- After a restore into another cluster the transactions of old rows may be numbers that are yet to
-- come: they are read first (schema/015).
-- name: settle_order
with moved as (
    update labels set tx = 0 where tx >= pg_snapshot_xmax(pg_current_snapshot())::text::int8
    returning id
), heard as (
    update audits set tx = 0 where tx >= pg_snapshot_xmax(pg_current_snapshot())::text::int8
    returning id
)
select (select count(*) from moved) + (select count(*) from heard)

-- Labels as they count, of a batch, of a path; what was proposed and the kept input beside them.
-- name: export_labels
select l.job_id, d.custom_id, l.path, l.answer, l.labeler, l.source, l.note, l.labelled_at,
       p.answer, p.tier, p.confidence, i.input
from person_labels l
left join decisions d on d.job_id = l.job_id and d.final
left join lateral (select * from proposals p where p.job_id = l.job_id) p on true
left join inputs i on i.job_id = l.job_id
where ($1::uuid is null or l.batch_id = $1) and ($2::text is null or l.path = $2)
order by l.job_id, l.labelled_at

-- $3 jobs at random that nobody has labelled, always the same ones for a seed ($4), with the
-- columns of export_labels.
-- name: sample_unlabelled
select d.job_id, d.custom_id, d.path, null::json, null::text, null::text, null::text,
       null::timestamptz, p.answer, p.tier, p.confidence, i.input
from (
    select * from decisions d
    where d.final and ($1::uuid is null or d.batch_id = $1) and ($2::text is null or d.path = $2)
      and not exists (select from labels l where l.job_id = d.job_id and l.withdrawn_at is null)
    order by hashtextextended(d.job_id::text, $4::int8) limit $3::int8
) d
left join lateral (select * from proposals p where p.job_id = d.job_id) p on true
left join inputs i on i.job_id = d.job_id
order by d.job_id
