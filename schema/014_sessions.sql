-- Sessions of browsers that were logged out before their end; nothing is kept of the others.
create table ended_sessions (
    id    uuid primary key,
    until timestamptz not null
);
