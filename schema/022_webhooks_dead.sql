-- To count what can be replayed, beside any number of deliveries that went well.
create index webhook_deliveries_dead on webhook_deliveries (endpoint) where state = 'dead';
