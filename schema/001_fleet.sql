-- What the fleet writes. Rows of attempts, decisions and dead_letters are inserted, never changed by
-- the fleet; the counters of a batch move in the transaction of the rows that they count.
-- Money is in 1e-12 USD (pico_usd): sums are exact. Views give people USD.

create table batches (
    id                 uuid primary key,            -- UUIDv7
    key                text not null,               -- the same key is the same batch
    tenant             text not null default '',
    name               text not null,               -- for people: the file's name
    path               text not null,
    format             text not null,               -- ndjson, csv or openai: what results can be written as
    spend_cap_pico_usd bigint,
    total              bigint,                      -- jobs; null while it is being submitted
    bad_lines          bigint not null default 0,
    accepted           bigint not null default 0,   -- outcomes, by verdict
    review             bigint not null default 0,
    dead               bigint not null default 0,
    expired            bigint not null default 0,
    cancelled          bigint not null default 0,
    cost_pico_usd      bigint not null default 0,
    created_at         timestamptz not null default now(),
    submitted_at       timestamptz,
    cancelled_at       timestamptz,
    last_decided_at    timestamptz,
    unique (tenant, key)
) with (fillfactor = 50);
create index batches_by_name on batches (name, id);
create index batches_cancelled on batches (cancelled_at) where cancelled_at is not null;

-- What `taskfit watch` reads: a batch's progress by tier.
create table batch_tiers (
    batch_id      uuid not null references batches,
    tier          text not null,
    attempts      bigint not null default 0,
    errors        bigint not null default 0,
    accepted      bigint not null default 0,
    escalated     bigint not null default 0,        -- moved on from here
    ended         bigint not null default 0,        -- review, dead, expired or cancelled here
    cost_pico_usd bigint not null default 0,
    primary key (batch_id, tier)
) with (fillfactor = 50);

create table attempts (
    job_id         uuid not null,
    hop            smallint not null,
    tier           text not null,
    path           text not null,
    batch_id       uuid,
    model          text,                            -- name@version; null: no model was called
    answer         json,
    error          text,                            -- reason code
    error_text     text,
    confidence_raw double precision,
    confidence     double precision,                -- P(correct)
    calibration    text,
    prompt         text,
    input_tokens   integer not null,
    output_tokens  integer not null,
    cached_tokens  integer not null,
    cost_pico_usd  bigint not null,
    calls          smallint not null,
    latency_ms     integer not null,
    http_status    smallint not null,
    worker         text not null,
    started_at     timestamptz not null,
    stored_at      timestamptz not null default clock_timestamp(),
    primary key (job_id, hop),
    check ((answer is null) <> (error is null))
);

create table decisions (
    job_id        uuid not null,
    hop           smallint not null,
    tier          text not null,
    verdict       text not null check
                  (verdict in ('accept', 'escalate', 'review', 'dead', 'expired', 'cancelled')),
    final         boolean not null,                 -- the job's outcome
    reasons       text[] not null,
    explanation   json,                             -- [{"code", "text"}] where a reason has a text
    next_tier     text,                             -- of an escalation
    answer_hop    smallint,                         -- the attempt whose answer stands
    confidence    double precision,
    threshold     double precision,
    policy        text not null,                    -- policies.version
    path          text not null,
    batch_id      uuid,
    custom_id     text,
    line          bigint,
    tenant        text,
    audit         boolean not null default false,
    cost_pico_usd bigint not null,                  -- of this and all earlier hops
    created_at    timestamptz not null,             -- of the job
    decided_at    timestamptz not null default clock_timestamp(),
    primary key (job_id, hop),
    check (not (final and verdict = 'escalate'))
);
create unique index decisions_one_outcome on decisions (job_id) where final;
create index decisions_by_batch on decisions (batch_id, line) where final;

create table dead_letters (
    topic       text not null,
    partition   integer not null,
    "offset"    bigint not null,
    job_id      uuid,                               -- where the bytes still told
    batch_id    uuid,
    custom_id   text,
    line        bigint,
    decided     boolean not null default false,     -- by a decision, which is the outcome
    key         bytea,
    value       bytea not null,
    reason      text not null,
    text        text,
    attempts    integer not null,
    recorded_at timestamptz not null,
    dead_at     timestamptz not null default clock_timestamp(),
    replays     integer not null default 0,         -- times that its record went out again
    replayed_at timestamptz,                        -- from here on it is no outcome
    replaying   boolean not null default false,     -- it goes out, or whoever replayed it died
    dropped_at  timestamptz,
    -- A topic that is made anew counts from 0 again: its letters are told apart by their time.
    primary key (topic, partition, "offset", recorded_at)
);
create index dead_letters_by_job on dead_letters (job_id) where job_id is not null;
create index dead_letters_by_batch on dead_letters (batch_id) where batch_id is not null;

create table inputs (
    job_id   uuid primary key,
    batch_id uuid,
    input    json not null,
    kept_at  timestamptz not null default clock_timestamp()
);

create table cancellations (
    job_id       uuid primary key,
    cancelled_at timestamptz not null default clock_timestamp()
);
create index cancellations_by_time on cancellations (cancelled_at);

create table policies (
    version    text primary key,
    path       text not null,
    text       text not null,
    created_at timestamptz not null default clock_timestamp()
);

-- For people.

create view outcomes as
    select d.job_id, d.batch_id, d.custom_id, d.line, d.path, d.verdict, d.tier, d.hop,
           a.answer, a.confidence, a.model, a.input_tokens, a.output_tokens,
           d.reasons, d.explanation,
           d.cost_pico_usd / 1e12::numeric as cost_usd, d.created_at, d.decided_at
    from decisions d
    left join attempts a on a.job_id = d.job_id and a.hop = d.answer_hop
    where d.final
    union all
    select l.job_id, l.batch_id, l.custom_id, l.line, null::text, 'dead'::text, null::text,
           null::smallint, null::json, null::double precision, null::text, null::integer,
           null::integer, array[l.reason],
           json_build_array(json_build_object('code', l.reason, 'text', l.text)),
           0::numeric, l.recorded_at, l.dead_at
    from dead_letters l
    where l.job_id is not null and not l.decided and l.replayed_at is null
      and not exists (select from decisions d where d.job_id = l.job_id and d.final)
      and not exists (  -- the first letter of the job is the one that tells
          select from dead_letters e
          where e.job_id = l.job_id and not e.decided and e.replayed_at is null
            and (e.dead_at, e.topic, e.partition, e."offset")
                < (l.dead_at, l.topic, l.partition, l."offset"));

create view batch_progress as
    select b.id as batch_id, b.name, b.path, b.total,
           b.accepted + b.review + b.dead + b.expired + b.cancelled as done,
           b.accepted, b.review, b.dead, b.expired, b.cancelled, b.bad_lines,
           b.cost_pico_usd / 1e12::numeric as cost_usd,
           b.spend_cap_pico_usd / 1e12::numeric as spend_cap_usd,
           b.created_at, b.submitted_at, b.cancelled_at, b.last_decided_at
    from batches b;

create view tier_stats as
    select tier, path, coalesce(model, '-') as model, count(*) as attempts,
           count(error) as errors, avg(confidence) as confidence,
           percentile_disc(0.5) within group (order by latency_ms) as latency_p50_ms,
           percentile_disc(0.95) within group (order by latency_ms) as latency_p95_ms,
           sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
           sum(cost_pico_usd) / 1e12::numeric as cost_usd
    from attempts
    group by 1, 2, 3;
