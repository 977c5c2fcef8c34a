-- What is said in conversations: by whom is in the items, when in their order.
--
-- A turn is what one request added. If a response came of it, the answer is that job's outcome and
-- is read there; so an answer that people revise is revised in the conversation too.
create table conversations (
    id         uuid primary key,
    tenant     text not null,
    metadata   json not null,
    path       text,                      -- of its last response: for a request that names none
    created_at timestamptz not null default clock_timestamp(),
    used_at    timestamptz not null default clock_timestamp()
);
create index conversations_by_use on conversations using brin (used_at);

create table turns (
    id           uuid primary key,        -- that of its response, or its own
    n            bigint generated always as identity,
    tenant       text not null,
    conversation uuid,
    previous     uuid,                    -- the response it goes on from
    items        json not null,           -- an array of messages
    created_at   timestamptz not null default clock_timestamp()
);
create index turns_by_conversation on turns (conversation, n) where conversation is not null;
create index turns_by_age on turns using brin (created_at);

-- Responses that were waited for are kept too.
alter table api_responses add column background boolean not null default true;
create index api_responses_by_age on api_responses using brin (created_at);
