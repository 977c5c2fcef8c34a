#include "fleet/burial.h"

#include "base/log.h"
#include "fleet/process.h"
#include "fleet/rows.h"
#include "job/wire.h"

static void encode(void *owner, struct hop *const *rows, size_t count,
                   struct pg_params *params) {
    (void)owner;
    rows_dead_letters(rows, count, params);
}

static void stored(void *owner, struct hop *const *rows, size_t count,
                   const struct pg_result *result) {
    struct burial *burial = owner;
    (void)result;
    for (size_t i = 0; i < count; i++) {
        burial->events.buried(burial->owner, rows[i]);
    }
}

// A letter's texts may themselves be what the database refuses, or whose it is; never its bytes.
static void refused(void *owner, struct hop *hop, const struct err *err) {
    struct burial *burial = owner;
    log_error("dead letter of %s [%d] offset %lld without its texts: %s",
              ticket_topic(hop->ticket), ticket_partition(hop->ticket),
              (long long)hop->ticket.offset, err->text);
    if (hop->job.custom_id.at == NULL && hop->burial.text.at == NULL) {
        hop->job.has_batch = hop->job.has_id = false;
    }
    hop->job.custom_id = hop->burial.text = (struct slice){0};
    store_add(burial->store, hop, STEP_BURYING);
}

void burial_init(struct burial *burial, struct process *process, struct pg *pg,
                 const struct burial_events *events, void *owner) {
    static const struct store_kind kind = {PG_store_dead_letters, encode, stored, refused};
    *burial = (struct burial){process, store_new(process, pg, &kind, burial), *events, owner};
}

void burial_fini(struct burial *burial) {
    store_free(burial->store);
}

void burial_add(struct burial *burial, struct hop *hop, enum reason reason, struct slice text,
                const struct record *record) {
    if (record) {
        hop->burial.key = arena_slice(&hop->arena, record->key);
        hop->burial.value = arena_slice(&hop->arena, record->value);
    } else {
        struct buf packed = {0};
        burial->events.pack(burial->owner, hop, &packed);
        hop->burial.key = hop->job.order_key.len > 0 ? hop->job.order_key
                                                     : uuid_slice(&hop->job.id);
        hop->burial.value = arena_slice(&hop->arena, buf_slice(&packed));
        buf_fini(&packed);
    }
    hop->burial.reason = slice_of(reason_code(reason));
    hop->burial.text = arena_slice(&hop->arena, text);
    hop->burial.attempts = hop->job.trail_count;
    hop->buried = true;
    log_warn("%s [%d] offset %lld goes to dead: %s: %.*s", ticket_topic(hop->ticket),
             ticket_partition(hop->ticket), (long long)hop->ticket.offset, reason_code(reason),
             SLICE_ARGS(text));
    metric_add(&burial->process->metrics, METRIC_DEAD_LETTERS, reason_code(reason), 1);
    store_add(burial->store, hop, STEP_BURYING);
}

bool burial_publish(struct publisher *publisher, struct hop *hop, struct buf *scratch) {
    struct dead_letter letter = {
        .topic = slice_of(ticket_topic(hop->ticket)),
        .partition = ticket_partition(hop->ticket),
        .offset = hop->ticket.offset,
        .timestamp_ms = hop->record_ms,
        .key = hop->burial.key,
        .value = hop->burial.value,
        .reason = hop->burial.reason,
        .text = hop->burial.text,
        .attempts = hop->burial.attempts,
        .headers = hop->headers,
    };
    buf_clear(scratch);
    wire_dead_letter_pack(&letter, &hop->arena, scratch);
    return publisher_send(publisher, hop, MESSAGE_DEAD, "dead", buf_slice(scratch));
}
