-- Responses that run in the background: whose they are. Their job has the same id.
create table api_responses (
    id         uuid primary key,
    tenant     text not null,
    path       text not null,
    metadata   json not null,
    created_at timestamptz not null default clock_timestamp()
);
