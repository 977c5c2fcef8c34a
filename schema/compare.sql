-- What `taskfit compare` runs.

-- What a name may mean: a model, a tier, a prompt of attempts; a policy of decisions.
-- name: compare_names
select exists (select from attempts where model = $1::text)
           or exists (select from shadow_attempts where model = $1),
       exists (select from attempts where tier = $1),
       exists (select from attempts where prompt = $1),
       exists (select from decisions where policy = $1)

-- Two sides, with the label: kind (model, tier, prompt, policy, batch, outcomes), name and batch of
-- each side ($1 to $6), path and batch of the jobs of the first ($7, $8), the field that counts ($9).
-- $10: jobs of the same custom id are the same, and of several the newest counts. The last column:
-- the job came to the other tier because one was unsure of it, and not because all were to answer.
-- name: compare_pairs
with sides (side, kind, name, batch) as (
    values ('a', $1::text, $2::text, $3::uuid), ('b', $4::text, $5::text, $6::uuid)
), attempted as (
    select distinct on (side, job_id) * from (
        select s.side, s.kind, a.job_id, a.path, a.batch_id, a.answer, a.cost_pico_usd as cost,
               a.latency_ms as ms, a.tier, a.started_at as at, a.hop
        from sides s
        join attempts a on (s.kind = 'model' and a.model = s.name)
                        or (s.kind = 'tier' and a.tier = s.name)
                        or (s.kind = 'prompt' and a.prompt = s.name)
        union all
        select s.side, s.kind, a.job_id, a.path, a.batch_id, a.answer, a.cost_pico_usd,
               a.latency_ms, a.tier, a.started_at, a.hop
        from sides s
        join shadow_attempts a on s.kind = 'model' and a.model = s.name
    ) u
    order by side, job_id, hop
), ended as (
    select s.side, s.kind, o.job_id, o.path, o.batch_id, o.answer,
           (o.cost_usd * 1000000000000)::int8 as cost,
           (extract(epoch from o.decided_at - o.created_at) * 1000)::int4 as ms, o.tier,
           o.created_at as at, o.hop
    from sides s
    join outcomes o on (s.kind = 'batch' and o.batch_id = s.batch)
                    or (s.kind in ('outcomes', 'policy') and o.verdict <> 'cancelled')
    left join decisions d on d.job_id = o.job_id and d.final
    where s.kind <> 'policy' or d.policy = s.name
), keyed as (
    select distinct on (t.side, key) t.*,
           case when $10::bool then d.custom_id else t.job_id::text end as key
    from (select * from attempted union all select * from ended) t
    left join decisions d on d.job_id = t.job_id and d.final
    where not $10 or d.custom_id is not null
    order by t.side, key, t.at desc
), pairs as (
    select a.job_id, b.job_id as other_id, a.answer as a, b.answer as b, a.cost as a_cost,
           b.cost as b_cost, a.ms as a_ms, b.ms as b_ms,
           a.tier <> b.tier and a.job_id = b.job_id and a.kind in ('model', 'tier', 'prompt')
               and b.kind in ('model', 'tier', 'prompt') as tiers_differ
    from keyed a join keyed b on b.key = a.key and b.side = 'b'
    where a.side = 'a' and ($7::text is null or a.path = $7)
      and ($8::uuid is null or a.batch_id = $8)
), fields as (
    select p.*, coalesce(l.answer, o.answer) is not null as labelled,
           case when $9::text is null then a else a -> $9 end as a_value,
           case when $9 is null then b else b -> $9 end as b_value,
           case when $9 is null then coalesce(l.answer, o.answer)
                else coalesce(l.answer, o.answer) -> $9 end as label
    from pairs p
    left join job_labels l on l.job_id = p.job_id
    left join job_labels o on o.job_id = p.other_id and l.job_id is null
)
select f.job_id, d.custom_id, f.a_value, f.b_value, f.label,
       coalesce(answers_equal(f.a_value, f.b_value), false),
       coalesce(answers_equal(f.a_value, f.label), false),
       coalesce(answers_equal(f.b_value, f.label), false),
       f.a_cost, f.b_cost, f.a_ms, f.b_ms, f.labelled,
       f.tiers_differ and not exists (select from decisions x where x.job_id = f.job_id
                                        and 'job.all_tiers' = any (x.reasons))
from fields f
left join decisions d on d.job_id = f.job_id and d.final
order by f.job_id
