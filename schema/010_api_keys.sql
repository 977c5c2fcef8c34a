-- Keys of the HTTP API. Of a key only its hash is here.
create table api_keys (
    id         text primary key,          -- the part of the key that names it
    hash       bytea not null,            -- SHA-256 of the whole key
    tenant     text not null,
    name       text not null,             -- for people
    scopes     text not null,             -- with commas between
    created_at timestamptz not null default clock_timestamp(),
    revoked_at timestamptz
);
