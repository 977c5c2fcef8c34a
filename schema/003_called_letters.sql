-- A letter of a job whose model was called, and whose attempt the database refused: while the letter
-- stands, the hop is not called again, however often its record comes.
alter table dead_letters add column called_hop smallint;  -- null: no call was paid for in vain
create index dead_letters_called on dead_letters (job_id, called_hop)
    where called_hop is not null and replayed_at is null;
