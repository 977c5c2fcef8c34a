-- What `taskfit compare` runs.

-- What a name may mean: a model, a tier, of attempts.
-- name: compare_names
select exists (select from attempts where model = $1::text),
       exists (select from attempts where tier = $1)

-- Two sides on the same jobs, with the label: kind (model, tier, batch, outcomes), name and batch of
-- each side ($1 to $6), path and batch of the jobs ($7, $8), the field that counts ($9), whether jobs
-- of two batches are the same by their custom id ($10). The last column: the job came to the other
-- tier because one was unsure of it, and not because it was to be answered by all.
-- name: compare_pairs
with a as (
    select * from (
        select distinct on (job_id) job_id, null::text as custom_id, path, batch_id, answer,
               confidence, cost_pico_usd, latency_ms, tier
        from attempts
        where ($1::text = 'model' and model = $2::text) or ($1 = 'tier' and tier = $2)
        order by job_id, hop
    ) t
    union all
    select job_id, custom_id, path, batch_id, answer, confidence,
           (cost_usd * 1000000000000)::int8,
           (extract(epoch from decided_at - created_at) * 1000)::int4, tier
    from outcomes
    where ($1 = 'batch' and batch_id = $3::uuid) or ($1 = 'outcomes' and verdict <> 'cancelled')
), b as (
    select * from (
        select distinct on (job_id) job_id, null::text as custom_id, path, batch_id, answer,
               confidence, cost_pico_usd, latency_ms, tier
        from attempts
        where ($4::text = 'model' and model = $5::text) or ($4 = 'tier' and tier = $5)
        order by job_id, hop
    ) t
    union all
    select job_id, custom_id, path, batch_id, answer, confidence,
           (cost_usd * 1000000000000)::int8,
           (extract(epoch from decided_at - created_at) * 1000)::int4, tier
    from outcomes
    where ($4 = 'batch' and batch_id = $6::uuid) or ($4 = 'outcomes' and verdict <> 'cancelled')
), pairs as (
    select a.job_id, b.job_id as other_id, a.custom_id, a.answer as a, b.answer as b,
           a.cost_pico_usd as a_cost, b.cost_pico_usd as b_cost, a.latency_ms as a_ms,
           b.latency_ms as b_ms, a.tier <> b.tier and $1 in ('model', 'tier')
               and $4 in ('model', 'tier') as tiers_differ
    from a join b on case when $10::bool then a.custom_id = b.custom_id
                          else a.job_id = b.job_id end
    where ($7::text is null or a.path = $7) and ($8::uuid is null or a.batch_id = $8)
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
select f.job_id, coalesce(f.custom_id, d.custom_id), f.a_value, f.b_value, f.label,
       coalesce(answers_equal(f.a_value, f.b_value), false),
       coalesce(answers_equal(f.a_value, f.label), false),
       coalesce(answers_equal(f.b_value, f.label), false),
       f.a_cost, f.b_cost, f.a_ms, f.b_ms, f.labelled,
       f.tiers_differ and not exists (select from decisions x where x.job_id = f.job_id
                                        and 'job.all_tiers' = any (x.reasons))
from fields f
left join decisions d on d.job_id = f.job_id and d.final
order by f.job_id
