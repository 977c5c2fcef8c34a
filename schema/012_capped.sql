-- When a batch's cost reached its spend cap: workers ask for those of the last seconds, as for what was
-- cancelled, and call no more jobs of them that they hold.
alter table batches add column capped_at timestamptz;
create index batches_capped on batches (capped_at) where capped_at is not null;
update batches set capped_at = now() where cost_pico_usd >= spend_cap_pico_usd;
