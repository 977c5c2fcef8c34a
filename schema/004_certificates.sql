-- Certificates that were ever in force, as they were written: what `attempts.calibration` and
-- `policies.certificate` name.

create table certificates (
    version    text primary key,                    -- of the SHA-256 of text: the first 16 hex digits
    text       text not null,
    created_at timestamptz not null default clock_timestamp()
);

alter table policies add column certificate text references certificates;
