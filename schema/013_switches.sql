-- What `taskfit switch` said, in rows that are only inserted: the last one of a tier holds, for every
-- worker, until the next.
create table switches (
    id      bigserial primary key,
    tier    text not null,
    model   text,                  -- that it was about; null: the configuration's weights hold again
    weight  integer,               -- that it got; null: it gets all of the tier's jobs
    weights json,                  -- that hold from here on: {"name@version": weight}
    made_by text not null,
    made_at timestamptz not null default clock_timestamp(),
    check ((weights is null) = (model is null))
);
create index switches_by_tier on switches (tier, id);
