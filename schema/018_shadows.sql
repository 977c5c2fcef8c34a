-- What shadow models said of jobs that a tier's own model had answered: stored, never decided upon, and
-- counted beside what the batch costs.
create table shadow_attempts (
    job_id        uuid not null,
    hop           smallint not null,
    model         text not null,                 -- name@version
    tier          text not null,
    path          text not null,
    batch_id      uuid,
    answer        json,
    error         text,                          -- reason code
    error_text    text,
    confidence    double precision,              -- as the model said: no calibration is for it
    prompt        text,
    input_tokens  integer not null,
    output_tokens integer not null,
    cached_tokens integer not null,
    cost_pico_usd bigint not null,
    latency_ms    integer not null,
    http_status   smallint not null,
    worker        text not null,
    started_at    timestamptz not null,
    stored_at     timestamptz not null default clock_timestamp(),
    primary key (job_id, hop, model),
    check ((answer is null) <> (error is null))
);
create index shadow_attempts_by_model on shadow_attempts (model);

-- Sums of these for each batch. No foreign key: it would lock rows that attempts wait for.
create table batch_shadows (
    batch_id      uuid not null,
    tier          text not null,
    model         text not null,
    attempts      bigint not null default 0,
    errors        bigint not null default 0,
    cost_pico_usd bigint not null default 0,
    primary key (batch_id, tier, model)
) with (fillfactor = 50);
