-- Which round of review a label and a revision came of; and what is proposed to people.

alter table labels add round smallint;              -- null: not of a review
alter table revisions add round smallint;
alter table revisions add restored boolean not null default false;  -- the fleet's outcome holds again
create unique index reviews_one_open on reviews (job_id) where state = 'open';
create index reviews_closed_by_path on reviews (path, job_id) where state = 'closed';

-- The answer to begin with: of those that are of the form and break no rule the surest, the last of
-- equals; where there is none, of the others.
create view proposals as
    select distinct on (a.job_id)
           a.job_id, a.hop, a.tier, a.model, a.answer, a.confidence
    from attempts a
    left join decisions d on d.job_id = a.job_id and d.hop = a.hop
    where a.answer is not null
    order by a.job_id,
        exists (select from unnest(d.reasons) c where starts_with(c, 'rule.')
                  or (starts_with(c, 'answer.') and c <> 'answer.confidence')),
        a.confidence desc nulls last, a.hop desc;

drop view outcomes;
drop view last_revisions;
create view last_revisions as
    select * from revisions r
    where not exists (select from revisions n
                      where n.job_id = r.job_id and n.revision > r.revision);

-- What stands now. An outcome by people is that of their tier, one hop after the fleet's last.
create view outcomes as
    select d.job_id, d.batch_id, d.custom_id, d.line, d.path,
           case when r.people then r.verdict else d.verdict end as verdict,
           case when r.people then 'review' else d.tier end as tier,
           case when r.people then d.hop + 1::smallint else d.hop end::smallint as hop,
           case when r.people then r.answer else a.answer end as answer,
           case when r.people then null else a.confidence end as confidence,
           a.model, a.input_tokens, a.output_tokens,
           case when r.people then r.reasons else d.reasons end as reasons,
           case when r.people then null else d.explanation end as explanation,
           d.cost_pico_usd / 1e12::numeric as cost_usd, d.created_at,
           coalesce(r.revised_at, d.decided_at) as decided_at,
           coalesce(r.revision, 0)::smallint as revision, r.reviewer, r.note
    from decisions d
    left join (select *, not restored as people from last_revisions) r on r.job_id = d.job_id
    left join attempts a on a.job_id = d.job_id
        and a.hop = case when r.people then r.answer_hop else d.answer_hop end
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
