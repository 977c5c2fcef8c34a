-- What `taskfit-gateway` runs for conversations, and for the rows of single requests.

-- Rows of single requests, and what they add to conversations; items null: nothing.
-- name: api_response_add
with given as (
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::json[], $5::bool[], $6::uuid[],
                         $7::uuid[], $8::json[])
        g (id, tenant, path, metadata, background, conversation, previous, items)
), turned as (
    insert into turns (id, tenant, conversation, previous, items)
    select id, tenant, conversation, previous, items from given where items is not null
    on conflict do nothing
)
insert into api_responses (id, tenant, path, metadata, background)
select id, tenant, path, metadata, background from given
on conflict do nothing

-- name: api_response_delete
with gone as (
    delete from api_responses where tenant = $1 and id = $2 returning id
), turned as (
    delete from turns where tenant = $1 and id = $2
)
select id from gone

-- name: conversation_add
with first as (
    insert into turns (id, tenant, conversation, items) select $5, $1, $2, $6::json where $6 is not null
)
insert into conversations (id, tenant, metadata, path) values ($2, $1, $3, $4)
returning id, metadata, created_at

-- name: conversation_get
select id, metadata, created_at, path from conversations where tenant = $1 and id = $2

-- name: conversation_set
update conversations set metadata = $3, used_at = clock_timestamp() where tenant = $1 and id = $2
returning id, metadata, created_at

-- name: conversation_delete
with gone as (
    delete from conversations where tenant = $1 and id = $2 returning id
), turned as (
    delete from turns where conversation in (select id from gone)
)
select id from gone

-- No row: there is no such conversation.
-- name: turn_add
insert into turns (id, tenant, conversation, items)
select $3, tenant, id, $4 from conversations where tenant = $1 and id = $2
returning id

-- The newest turns of a conversation ($2), or those that a response ($3) closes, the newest first, but
-- that of the job $4: up to $5, and after the first only while they have up to $6 bytes. open: its
-- response has no outcome yet.
-- name: turns_before
with recursive chain as (
    select id, n, previous, 1 as length from turns where tenant = $1 and id = $3
    union all
    select t.id, t.n, t.previous, c.length + 1
    from chain c join turns t on t.id = c.previous and t.tenant = $1
    where c.length < $5::int8
), said as (
    select id, n from chain
    union all
    (select id, n from turns
     where tenant = $1 and conversation = $2 and id <> $4 order by n desc limit $5)
), sized as (
    select t.id, t.n, t.items, row_number() over (order by t.n desc) as place,
           sum(octet_length(t.items::text)) over (order by t.n desc) as bytes
    from said s join turns t on t.id = s.id
)
select s.items, o.answer, r.path, r.id is not null and o.job_id is null as open, r.id is not null
from sized s
left join api_responses r on r.id = s.id
left join lateral (select * from outcomes where job_id = s.id) o on true
where s.place = 1 or s.bytes <= $6::int8
order by s.n desc

-- Something was added to it: the path of a response ($3) is remembered, and what is too much is
-- dropped.
-- name: conversation_used
with used as (
    update conversations set path = coalesce($3, path), used_at = clock_timestamp()
    where tenant = $1 and id = $2 returning id
)
delete from turns where conversation = (select id from used) and n in (
    select n from (
        select t.n, row_number() over (order by t.n desc) as place,
               sum(octet_length(t.items::text)) over (order by t.n desc) as bytes
        from turns t where t.conversation = (select id from used)) w
    where place > 1 and (place > $4::int8 or bytes > $5::int8))

-- Messages of a conversation, from behind the one at place $6 of the turn $5. The answer's place is
-- after all others. $4: the newest first.
-- name: conversation_items
with said as (
    select t.n, i.place, t.id, i.item, null::json as answer
    from turns t, json_array_elements(t.items) with ordinality i (item, place)
    where t.tenant = $1 and t.conversation = $2
    union all
    select t.n, 1000000, t.id, null, o.answer
    from turns t, lateral (select answer from outcomes where job_id = t.id) o
    where t.tenant = $1 and t.conversation = $2 and o.answer is not null
), way as (
    select case when $4::bool then -1 else 1 end as sign, (select n from turns where id = $5::uuid) as n
)
select s.id, s.place, s.item, s.answer from said s, way w
where $5 is null or (s.n * w.sign, s.place * w.sign) > (w.n * w.sign, $6::int8 * w.sign)
order by s.n * w.sign, s.place * w.sign
limit $3::int8 + 1

-- What was not used for $1 ms. How many rows that were, up to $2 of each kind.
-- name: conversations_expire
with old as (
    select clock_timestamp() - $1::int8 * interval '1 ms' as since
), talks as (
    delete from conversations where id in (
        select c.id from conversations c, old where c.used_at < old.since limit $2::int8)
    returning id
), answered as (
    delete from api_responses where id in (
        select r.id from api_responses r, old where r.created_at < old.since limit $2)
    returning id
), turned as (
    delete from turns where id in (
        select t.id from turns t, old where t.created_at < old.since
          and not exists (select from conversations c
                          where c.id = t.conversation and c.used_at >= old.since) limit $2)
    returning id
)
select greatest((select count(*) from talks), (select count(*) from answered),
                (select count(*) from turned))
