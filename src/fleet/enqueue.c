#include "fleet/enqueue.h"

#include "base/mem.h"
#include "io/producer.h"
#include "job/trace.h"
#include "job/wire.h"

enum { ARENA_KEPT = 64 << 10 };

struct enqueue {
    struct producer *producer;
    struct arena_pool pool;
    struct arena arena;  // of one record
    struct buf value;
};

struct enqueue *enqueue_new(struct producer *producer) {
    struct enqueue *e = mem_zalloc(sizeof(*e));
    e->producer = producer;
    arena_pool_init(&e->pool, ARENA_KEPT);
    arena_init(&e->arena, &e->pool);
    return e;
}

void enqueue_free(struct enqueue *e) {
    if (e == NULL) {
        return;
    }
    arena_fini(&e->arena);
    arena_pool_fini(&e->pool);
    buf_fini(&e->value);
    mem_free(e);
}

bool enqueue(struct enqueue *e, struct producer_topic *topic, const struct job *job, void *owner,
             struct err *err) {
    char id[UUID_TEXT + 2], trace[TRACE_TEXT];
    uuid_format(job->id, id);
    memcpy(id + UUID_TEXT - 1, "/0", 3);
    trace_make(&job->id, trace);
    arena_fini(&e->arena);
    buf_clear(&e->value);
    wire_job_pack(job, &e->arena, &e->value);
    const struct kafka_header headers[] = {
        {"ce_specversion", slice_of("1.0")}, {"ce_type", slice_of("taskfit.job")},
        {"ce_source", slice_of("taskfit")},  {"ce_id", slice_of(id)},
        {"traceparent", slice_of(trace)},
    };
    const struct producer_record record = {
        .topic = topic,
        .key = job->order_key.at ? job->order_key : uuid_slice(&job->id),
        .value = buf_slice(&e->value),
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .owner = owner,
    };
    return producer_send(e->producer, &record, err);
}
