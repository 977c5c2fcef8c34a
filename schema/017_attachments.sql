-- Attachments of the inputs that are kept: [{"media_type", "name", "bytes", "content"} or, by
-- address, {"media_type", "name", "uri"}, …] in the job's order; `content` is base64, and what a job
-- does not say (a name, an address's media type) is left out. Null: it has none.
alter table inputs add column attachments json;
