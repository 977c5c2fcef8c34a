-- Audited answers that were held against a tier's. People's words on others are labels.

alter table policies add column audit_tier text;     -- null: people check what is audited

create table audits (
    id       bigint generated always as identity primary key,
    job_id   uuid not null unique,
    hop      smallint not null,                     -- of the attempt whose answer counts as right
    heard_at timestamptz not null default clock_timestamp()
);
