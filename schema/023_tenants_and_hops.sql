-- Whose a job is: what its decision says; empty: nobody's in particular.
create function tenant_of(job uuid) returns text
language sql stable as $$
    select coalesce(d.tenant, '') from decisions d where d.job_id = job and d.final
$$;

-- A job's visits to tiers, each with its attempt and what was decided, as pages show them.
create function job_hops(job uuid) returns json
language sql stable as $$
    select coalesce(json_agg(json_build_object(
        'hop', coalesce(a.hop, d.hop), 'tier', coalesce(a.tier, d.tier), 'model', a.model,
        'answer', a.answer, 'error', a.error, 'error_text', a.error_text,
        'confidence_raw', a.confidence_raw, 'confidence', a.confidence,
        'input_tokens', a.input_tokens, 'output_tokens', a.output_tokens,
        'cost_usd', a.cost_pico_usd / 1e12::numeric, 'calls', a.calls,
        'latency_ms', a.latency_ms, 'http_status', a.http_status,
        'started_at', a.started_at, 'stored_at', a.stored_at,
        'decision', case when d.job_id is not null then json_build_object(
            'verdict', d.verdict, 'final', d.final, 'reasons', d.reasons,
            'explanation', d.explanation, 'next_tier', d.next_tier,
            'threshold', d.threshold, 'policy', d.policy, 'decided_at', d.decided_at) end)
        order by coalesce(a.hop, d.hop)), '[]')
    from (select * from attempts where job_id = job) a
    full join (select * from decisions where job_id = job) d on d.hop = a.hop
$$;
