-- What people do with the queue of reviews. The command line and the gateway run these.

-- Open reviews: of a path, a batch, a reason of the decision (or the first part of it) or of the
-- queue (audit, second, …), of a tenant. $5: at most.
-- name: review_list
select r.job_id, r.round, r.why, r.path, r.batch_id, d.custom_id, d.line,
       array_to_string(r.reasons, ','), r.opened_at,
       case when r.lease_until > clock_timestamp() then r.lease_by end, r.lease_until,
       array_to_string(r.skipped_by, ', '), p.answer, p.tier, p.confidence, i.input
from (
    select * from reviews r
    where r.state = 'open' and ($1::text is null or r.path = $1)
      and ($2::uuid is null or r.batch_id = $2)
      and ($3::text is null or r.why = $3 or exists (
              select from unnest(r.reasons) c where c = $3 or starts_with(c, $3 || '.')))
      and ($4::text is null or tenant_of(r.job_id) = $4)
    order by r.opened_at, r.job_id limit $5::int8
) r
join decisions d on d.job_id = r.job_id and d.final
left join lateral (select * from proposals p where p.job_id = r.job_id) p on true
left join inputs i on i.job_id = r.job_id
order by r.opened_at, r.job_id

-- How many are open, of at most $5 that are counted.
-- name: review_waiting
select count(*) from (
    select from reviews r
    where r.state = 'open' and ($1::text is null or r.path = $1)
      and ($2::uuid is null or r.batch_id = $2)
      and ($3::text is null or r.why = $3 or exists (
              select from unnest(r.reasons) c where c = $3 or starts_with(c, $3 || '.')))
      and ($4::text is null or tenant_of(r.job_id) = $4)
    limit $5::int8) w

-- The next open review for a person, or that of a job ($7): leased to them for $2 milliseconds.
-- Nobody gets what another holds, has to be seen by other eyes than theirs, or was skipped by them
-- (unless they name it).
-- name: review_take
with next as (
    select r.job_id, r.round from reviews r
    where r.state = 'open'
      and (r.lease_by is null or r.lease_by = $1::text or r.lease_until <= clock_timestamp())
      and not $1 = any (r.barred)
      and (r.job_id = $7::uuid or ($7 is null and not $1 = any (r.skipped_by)))
      and ($3::text is null or r.path = $3)
      and ($4::uuid is null or r.batch_id = $4)
      and ($5::text is null or r.why = $5 or exists (
              select from unnest(r.reasons) c where c = $5 or starts_with(c, $5 || '.')))
      and ($6::text is null or tenant_of(r.job_id) = $6)
    order by r.opened_at, r.job_id limit 1 for update skip locked
)
update reviews r
set lease_by = $1, lease_until = clock_timestamp() + $2::int8 * interval '1 ms'
from next where r.job_id = next.job_id and r.round = next.round
returning r.job_id, r.round, r.why, r.path, r.lease_until

-- name: review_proposal
select hop from proposals where job_id = $1::uuid

-- Given back; $4: skipped, so that it goes to somebody else.
-- name: review_release
update reviews
set lease_by = null, lease_until = null,
    skipped_by = case when $4::bool and not $3 = any (skipped_by)
                      then skipped_by || $3 else skipped_by end
where job_id = $1::uuid and round = $2::int2 and state = 'open'
  and (lease_by = $3::text or lease_by is null or lease_until <= clock_timestamp())
returning round

-- A job that was asked for by name, and has no open review: one more round.
-- name: review_ask
insert into reviews (job_id, round, why, path, batch_id, reasons)
select d.job_id,
       coalesce((select max(round) from reviews r where r.job_id = d.job_id), 0) + 1, 'asked',
       d.path, d.batch_id, d.reasons
from decisions d where d.job_id = $1::uuid and d.final
on conflict do nothing
returning round

-- What is known of a job before a person's word: its outcome, its newest round, its highest
-- revision. No row: it has no decision that is final.
-- name: review_facts
select d.path, d.verdict, coalesce(v.verdict, d.verdict), coalesce(v.revision, 0)::int2,
       r.round, r.why, r.state, r.reviewer,
       case when r.lease_until > clock_timestamp() then r.lease_by end, r.lease_until,
       $2::text = any (r.barred), d.custom_id,
       case when v.job_id is null then a.answer else v.answer end, coalesce(d.tenant, '')
from decisions d
left join last_revisions v on v.job_id = d.job_id
left join attempts a on a.job_id = d.job_id and a.hop = d.answer_hop
left join lateral (select * from reviews r where r.job_id = d.job_id
                   order by r.round desc limit 1) r on true
where d.job_id = $1::uuid and d.final

-- What a page shows of a job to a person, as JSON: its input, every answer, why it is here. What
-- others said of it is left out, but where they differ.
-- name: review_task
select json_build_object(
    'job_id', d.job_id, 'batch_id', d.batch_id, 'batch', b.name, 'custom_id', d.custom_id,
    'line', d.line, 'path', d.path, 'verdict', coalesce(v.verdict, d.verdict),
    'revision', coalesce(v.revision, 0), 'round', r.round, 'why', r.why, 'state', r.state,
    'opened_at', r.opened_at, 'lease_by', r.lease_by, 'lease_until', r.lease_until,
    'reasons', d.reasons, 'explanation', d.explanation,
    'proposed_hop', (select hop from proposals p where p.job_id = d.job_id),
    'input', i.input, 'input_kept', i.job_id is not null,
    'attachments', (
        select json_agg(json_build_object('n', n - 1, 'media_type', a ->> 'media_type',
            'name', a ->> 'name', 'bytes', (a ->> 'bytes')::int8, 'uri', a ->> 'uri') order by n)
        from json_array_elements(i.attachments) with ordinality e (a, n)),
    'hops', job_hops(d.job_id),
    'words', case when r.why = 'dispute' then (
        select json_agg(json_build_object('reviewer', w.reviewer, 'answer', w.answer,
            'note', w.note) order by w.round)
        from reviews w where w.job_id = d.job_id and w.state = 'closed') end)
from decisions d
left join batches b on b.id = d.batch_id
left join inputs i on i.job_id = d.job_id
left join last_revisions v on v.job_id = d.job_id
left join lateral (select * from reviews r where r.job_id = d.job_id
                   order by r.round desc limit 1) r on true
where d.job_id = $1::uuid and d.final

-- name: review_attempt
select answer from attempts where job_id = $1::uuid and hop = $2::int2 and answer is not null

-- An attachment of a kept input: its n-th from 0, where it came by value.
-- name: attachment
select a ->> 'media_type', decode(a ->> 'content', 'base64')
from (select attachments -> $2::int4 as a from inputs where job_id = $1::uuid) i
where a ->> 'content' is not null and tenant_of($1) = $3::text

-- Who said what before, in order, and whether it is the same as this answer. Rounds that were asked
-- for begin anew: what was said before the newest of them does not count.
-- name: review_opinions
select r.round, r.reviewer, answers_equal(r.answer, $2::json)
from reviews r
where r.job_id = $1::uuid and r.state = 'closed'
  and r.round >= coalesce((select max(a.round) from reviews a
                           where a.job_id = r.job_id and a.why = 'asked'), 0)
order by r.round

-- A person's word: it closes the round and is a label; if it settles ($8) it revises the outcome,
-- unless that is the same already; $10: why another round begins, which $3 must not take. The
-- batch's counters move with the outcome. Nothing happens, and no row comes back, when the round
-- is no longer open, somebody else holds it, or the outcome is not the one that was seen ($11).
-- name: review_close
with closed as (
    update reviews r
    set state = 'closed', reviewer = $3::text, verdict = $4::text, answer = $5::json,
        answer_hop = $6::int2, note = $7::text, closed_at = clock_timestamp(), lease_by = null,
        lease_until = null
    where r.job_id = $1::uuid and r.round = $2::int2 and r.state = 'open'
      and (r.lease_by is null or r.lease_by = $3 or r.lease_until <= clock_timestamp())
      and not $3 = any (r.barred)
      and coalesce((select max(v.revision) from revisions v where v.job_id = r.job_id), 0)
          = $11::int2
    returning r.*
), labelled as (
    insert into labels (job_id, path, batch_id, answer, labeler, source, note, labelled_at, round)
    select job_id, path, batch_id, answer, reviewer,
           case when why = 'audit' then 'audit' else 'review' end, note, closed_at, round
    from closed
), opened as (
    insert into reviews (job_id, round, why, path, batch_id, reasons, barred)
    select job_id, round + 1, $10::text, path, batch_id, reasons, array[$3]
    from closed where $10 is not null
), before as (
    select c.job_id, coalesce(v.verdict, d.verdict) as verdict,
           case when v.job_id is null then a.answer else v.answer end as answer
    from closed c
    join decisions d on d.job_id = c.job_id and d.final
    left join last_revisions v on v.job_id = c.job_id
    left join attempts a on a.job_id = c.job_id and a.hop = d.answer_hop
), revised as (
    insert into revisions (job_id, revision, verdict, answer, answer_hop, reviewer, reasons, note,
        batch_id, revised_at, round)
    select c.job_id, $11 + 1, 'accept', c.answer, c.answer_hop, $9::text,
           array[case when c.verdict = 'accept' then 'review.accepted' else 'review.corrected' end],
           c.note, c.batch_id, c.closed_at, c.round
    from closed c join before b on b.job_id = c.job_id
    where $8::bool and (b.verdict <> 'accept' or not answers_equal(b.answer, c.answer))
    returning job_id, revision, batch_id
), counted as (
    update batches t
    set accepted = t.accepted + (b.verdict <> 'accept')::int,
        review = t.review - (b.verdict = 'review')::int, dead = t.dead - (b.verdict = 'dead')::int,
        expired = t.expired - (b.verdict = 'expired')::int,
        cancelled = t.cancelled - (b.verdict = 'cancelled')::int
    from revised r join before b on b.job_id = r.job_id
    where t.id = r.batch_id and b.verdict <> 'accept'
    returning t.id
), tier as (
    insert into batch_tiers as t (batch_id, tier, accepted)
    select id, 'review', 1 from counted
    on conflict (batch_id, tier) do update set accepted = t.accepted + 1
)
select c.round, (select revision from revised), (select verdict from before)
from closed c

-- A person takes back their word on a job, while nobody else has said anything after it: the round
-- is open again and theirs ($3 milliseconds), the label is withdrawn, the outcome is revised to
-- what it was before. No row: there is nothing that they could take back.
-- name: review_undo
with target as (
    select r.* from reviews r
    where r.job_id = $1::uuid and r.state = 'closed' and r.reviewer = $2::text
      and not exists (select from reviews l where l.job_id = r.job_id and l.round > r.round
                        and l.state = 'closed')
    order by r.round desc limit 1 for update
), undone as (
    update reviews r set state = 'undone' from target t
    where r.job_id = t.job_id and r.round = t.round
), waiting as (  -- another's round, which began with that word
    update reviews r
    set why = t.why, barred = t.barred, skipped_by = '{}', lease_by = $2,
        lease_until = clock_timestamp() + $3::int8 * interval '1 ms'
    from target t where r.job_id = t.job_id and r.state = 'open'
    returning r.round
), opened as (
    insert into reviews (job_id, round, why, path, batch_id, reasons, barred, lease_by, lease_until)
    select t.job_id, (select max(round) + 1 from reviews r where r.job_id = t.job_id), t.why,
           t.path, t.batch_id, t.reasons, t.barred, $2,
           clock_timestamp() + $3 * interval '1 ms'
    from target t where not exists (select from waiting)
), withdrawn as (
    update labels l set withdrawn_at = clock_timestamp() from target t
    where l.job_id = t.job_id and l.round = t.round and l.labeler = $2 and l.withdrawn_at is null
), last as (
    select v.* from last_revisions v join target t on v.job_id = t.job_id and v.round = t.round
    where v.reasons <> '{review.undone}'
), before as (
    select l.job_id, l.revision, l.batch_id, l.verdict as was,
           coalesce(p.verdict, d.verdict) as verdict,
           case when p.job_id is null then a.answer else p.answer end as answer,
           case when p.job_id is null then d.answer_hop else p.answer_hop end as answer_hop,
           p.job_id is null or p.restored as restored
    from last l
    join decisions d on d.job_id = l.job_id and d.final
    left join revisions p on p.job_id = l.job_id and p.revision = l.revision - 1
    left join attempts a on a.job_id = l.job_id and a.hop = d.answer_hop
), revised as (
    insert into revisions (job_id, revision, verdict, answer, answer_hop, reviewer, reasons,
        batch_id, round, restored)
    select b.job_id, b.revision + 1, b.verdict, b.answer, b.answer_hop, $2, '{review.undone}',
           b.batch_id, (select round from target), b.restored
    from before b
    returning job_id, revision
), counted as (
    update batches t
    set accepted = t.accepted - 1, review = t.review + (b.verdict = 'review')::int,
        dead = t.dead + (b.verdict = 'dead')::int,
        expired = t.expired + (b.verdict = 'expired')::int,
        cancelled = t.cancelled + (b.verdict = 'cancelled')::int
    from before b where t.id = b.batch_id and b.was = 'accept' and b.verdict <> 'accept'
    returning t.id
), tier as (
    update batch_tiers t set accepted = t.accepted - 1
    from counted c where t.batch_id = c.id and t.tier = 'review'
)
select t.round, (select revision from revised) from target t

-- The rounds of a job and its revisions, for its story.
-- name: story_reviews
select round, why, state, reviewer, verdict, answer, answer_hop, note, opened_at, closed_at,
       case when lease_until > clock_timestamp() then lease_by end, lease_until
from reviews where job_id = $1::uuid order by round

-- name: story_revisions
select revision, verdict, answer, answer_hop, reviewer, array_to_string(reasons, ','), note,
       restored, revised_at, published_at
from revisions where job_id = $1::uuid order by revision

-- How the queue stands: a row a path.
-- name: review_queue_stats
select r.path, count(*) filter (where r.state = 'open'),
       count(*) filter (where r.state = 'open' and r.lease_until > clock_timestamp()),
       min(r.opened_at) filter (where r.state = 'open'),
       count(*) filter (where r.state = 'closed'),
       count(*) filter (where r.state = 'closed' and r.verdict = 'accept'),
       clock_timestamp()
from reviews r
where ($1::text is null or r.path = $1) and ($2::uuid is null or r.batch_id = $2)
group by 1 order by 1

-- What two people said of the same job, each without knowing the other's word: the first two of
-- every job, in how many jobs.
-- name: review_pairs
with words as (
    select r.job_id, r.path, r.reviewer, r.answer,
           row_number() over (partition by r.job_id order by r.round) as n
    from reviews r
    where r.state = 'closed' and r.why <> 'dispute'
      and ($1::text is null or r.path = $1) and ($2::uuid is null or r.batch_id = $2)
)
select a.path, a.reviewer, b.reviewer, a.answer::jsonb::text, b.answer::jsonb::text, count(*)
from words a join words b on b.job_id = a.job_id and b.n = 2 and b.reviewer <> a.reviewer
where a.n = 1
group by 1, 2, 3, 4, 5 order by 1, 2, 3

-- --- What the escalators do with revisions.

-- The next revision of at most $1 jobs that is not published, claimed for $2 milliseconds.
-- name: claim_revisions
with due as (
    select r.job_id, r.revision from revisions r
    where r.published_at is null
      and (r.claimed_until is null or r.claimed_until <= clock_timestamp())
      and not exists (select from revisions e where e.job_id = r.job_id
                        and e.revision < r.revision and e.published_at is null)
    order by r.revised_at limit $1::int8 for update skip locked
), claimed as (
    update revisions r set claimed_until = clock_timestamp() + $2::int8 * interval '1 ms'
    from due where r.job_id = due.job_id and r.revision = due.revision
    returning r.*
)
select c.job_id, c.revision, c.verdict, array_to_string(c.reasons, ','), c.reviewer, c.note,
       c.answer, c.revised_at, (d.hop + (not c.restored)::int)::int2,
       case when c.restored then d.tier else 'review' end, d.policy, d.path, d.batch_id,
       d.custom_id, d.line, d.tenant, d.cost_pico_usd, d.created_at, c.answer_hop, a.tier, a.model
from claimed c
join decisions d on d.job_id = c.job_id and d.final
left join attempts a on a.job_id = c.job_id and a.hop = c.answer_hop
order by c.revised_at

-- name: revisions_published
update revisions r set published_at = clock_timestamp()
from unnest($1::uuid[], $2::int2[]) g (job_id, revision)
where r.job_id = g.job_id and r.revision = g.revision and r.published_at is null
