-- What the gateway keeps beside the fleet's tables: files, whose bytes lie in its folder, and what
-- the API says of a batch that came through it.

create table files (
    id         uuid primary key,          -- UUIDv7; the file's name in the folder
    tenant     text not null,
    name       text not null,
    purpose    text not null,
    bytes      bigint not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz
);
create index files_by_tenant on files (tenant, id);
create index files_by_expiry on files (expires_at) where expires_at is not null;

-- validating: its lines are looked at and sent; finalizing: its outcomes are written to files. Both
-- are work that a gateway claims for a while, so that another goes on with it after a crash.
create table api_batches (
    id            uuid primary key,       -- that of its row in `batches`, once a job is sent
    tenant        text not null,
    key           text not null,          -- the same key is the same batch
    endpoint      text not null,
    input_file    uuid not null,
    file_name     text not null,
    window_ms     bigint not null,
    metadata      json not null,
    skip_bad      boolean not null,       -- bad lines are told of, and the rest is sent
    status        text not null default 'validating' check
                  (status in ('validating', 'in_progress', 'finalizing', 'completed', 'failed',
                              'expired', 'cancelled')),
    total         bigint not null default 0,   -- lines that are jobs, and bad ones
    last_line     bigint,                 -- the number of the last of them
    bad_lines     bigint not null default 0,
    errors        json,                   -- [{"code", "line", "message", "param"}]
    output_file   uuid,
    error_file    uuid,
    created_at    timestamptz not null default clock_timestamp(),
    started_at    timestamptz,            -- all its jobs are sent
    finalizing_at timestamptz,
    cancelling_at timestamptz,
    ended_at      timestamptz,
    worker        text,
    worked_until  timestamptz,
    unique (tenant, key)
);
create index api_batches_by_tenant on api_batches (tenant, id);
create index api_batches_to_work on api_batches (id) where status in ('validating', 'finalizing');
create index api_batches_running on api_batches (id) where status = 'in_progress';
