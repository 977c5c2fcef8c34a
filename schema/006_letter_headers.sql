-- The headers that a dead letter's record had, so that a replay sends them, too: a message Headers of
-- proto/taskfit.proto.
alter table dead_letters add column headers bytea;
