-- In which order labels and audits are read, so that none is passed over: by the transaction that
-- wrote them, of those that have all ended. A row's number alone is given before the row is there.

alter table labels add column tx bigint not null default pg_current_xact_id()::text::bigint;
create index labels_by_tx on labels (tx, id);
alter table audits add column tx bigint not null default pg_current_xact_id()::text::bigint;
create index audits_by_tx on audits (tx, id);

-- As before; a job's path and batch are those of all its labels, and as keys here they let the
-- labels of one path be found by index.
create or replace view person_labels as
    select distinct on (job_id, path, batch_id, labeler)
           id, job_id, path, batch_id, answer, labeler, source, note, labelled_at
    from labels
    where withdrawn_at is null
    order by job_id, path, batch_id, labeler, labelled_at desc, id desc;

create or replace view job_labels as
    select distinct on (p.job_id, p.path, p.batch_id)
           p.job_id, p.path, p.batch_id, p.answer, p.labeler, p.source, p.labelled_at,
           count(*) over (partition by p.job_id, p.path, p.batch_id) as persons,
           exists (select from person_labels o where o.job_id = p.job_id
                     and o.labeler <> p.labeler and not answers_equal(o.answer, p.answer))
               as disputed
    from person_labels p
    order by p.job_id, p.path, p.batch_id, p.labelled_at desc, p.id desc;
