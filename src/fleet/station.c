#include "fleet/station.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "fleet/process.h"
#include "job/trace.h"
#include "job/wire.h"

enum { GAUGES_MS = 1000, DRAIN_POLL_MS = 10, TRIM_BYTES = 64 << 20, TRIM_JOBS = 10000 };

// --- hops

struct coming {
    struct hop *hop;
    struct buf *packed;
};

static void keep_header(void *owner, const char *name, struct slice value) {
    struct coming *coming = owner;
    wire_header_pack(name, value, coming->packed);
    if (strcmp(name, "traceparent") == 0 && trace_check(value)) {
        coming->hop->trace = arena_slice(&coming->hop->arena, value);
    }
}

static struct hop *hop_new(struct station *s, struct ticket ticket) {
    struct arena arena;
    arena_init(&arena, &s->process->pool);
    struct hop *hop = arena_zalloc(&arena, sizeof(*hop));
    hop->arena = arena;
    hop->config = config_keep(s->process->config);
    hop->ticket = ticket;
    list_init(&hop->twins);
    list_append(&s->hops, &hop->all);
    return hop;
}

static void hop_came(struct station *s, struct hop *hop, const struct record *record) {
    struct coming coming = {hop, &s->scratch};
    hop->record_ms = record->timestamp_ms;
    buf_clear(&s->scratch);
    record_headers(record, keep_header, &coming);
    if (s->scratch.len > 0) {
        hop->headers = arena_slice(&hop->arena, buf_slice(&s->scratch));
    }
}

static void hop_free(struct station *s, struct hop *hop) {
    if (s->events.freed) {
        s->events.freed(s->owner, hop);
    }
    list_remove(&hop->node);
    list_remove(&hop->all);
    config_release(hop->config);
    struct arena arena = hop->arena;  // the hop lies in its own arena
    arena_fini(&arena);
}

struct hop *station_errand(struct station *s) {
    return hop_new(s, (struct ticket){0});
}

void station_finish(struct station *s, struct hop *hop) {
    if (hop->ticket.partition) {
        intake_finish(s->intake, hop->ticket);
    }
    metric_add(&s->process->metrics, METRIC_JOBS_FINISHED, "", 1);
    hop_move(hop, STEP_FINISHED, &s->finished);
}

void station_drop(struct station *s, struct hop *hop) {
    intake_drop(s->intake, hop->ticket);
    hop_move(hop, STEP_FINISHED, &s->finished);
}

// --- in

// Of all lanes together; one of several has bounds of its own.
static bool is_full(const struct station *s) {
    const struct config_limits *limits = &s->process->config->limits;
    return s->hops.count >= limits->hops || s->process->pool.held >= (size_t)limits->memory_bytes;
}

static bool has_room(void *owner) {
    struct station *s = owner;
    bool room = (s->events.lanes || !is_full(s)) && !store_stuck(s->burial.store) &&
                s->events.room(s->owner);
    s->refused |= !room;
    return room;
}

static bool has_room_for(void *owner, const struct record *record, uint32_t lane) {
    struct station *s = owner;
    bool room = s->events.room_for == NULL || s->events.room_for(s->owner, record, lane);
    s->refused |= !room;
    return room;
}

static void on_taken(void *owner, struct ticket ticket, const struct record *record) {
    struct station *s = owner;
    struct hop *hop = hop_new(s, ticket);
    hop_came(s, hop, record);
    s->taken++;
    s->events.taken(s->owner, hop, record);
}

static void on_revoking(void *owner, bool lost) {
    struct station *s = owner;
    log_info("partitions are going%s: %zu hops in hand", lost ? " (lost)" : "", s->hops.count);
    s->events.leaving(s->owner);
}

// --- out

void station_publish(struct station *s, struct hop *hop) {
    hop_move(hop, STEP_PUBLISHING, &s->unsent);
}

static void send_all(struct station *s) {
    while (!list_empty(&s->unsent)) {
        struct hop *hop = hop_of(list_first(&s->unsent));
        hop_move(hop, STEP_PUBLISHING, &s->publishing);
        bool sent = hop->buried ? burial_publish(s->publisher, hop, &s->scratch)
                                          : s->events.send(s->owner, hop);
        if (!sent) {
            list_remove(&hop->node);
            list_prepend(&s->unsent, &hop->node);
            return;
        }
    }
}

static bool has_more(struct station *s, struct hop *hop) {
    return !hop->buried && s->events.more && s->events.more(s->owner, hop);
}

static void on_published(void *owner, struct hop *hop) {
    struct station *s = owner;
    if (has_more(s, hop)) {
        station_publish(s, hop);
    } else {
        station_finish(s, hop);
    }
}

// Too large for the brokers: what it said becomes a letter; a letter that is has its row, and is
// done.
static void on_publish_refused(void *owner, struct hop *hop, const struct err *err) {
    struct station *s = owner;
    bool more = has_more(s, hop);
    if (hop->buried || more) {
        log_error("what cannot be published is only in the database: %s", err->text);
        (more ? station_publish : station_finish)(s, hop);
        return;
    }
    station_bury(s, hop, REASON_MESSAGE_TOO_LARGE, slice_of(err->text), NULL);
}

void station_bury(struct station *s, struct hop *hop, enum reason reason, struct slice text,
                  const struct record *record) {
    burial_add(&s->burial, hop, reason, text, record);
}

static void on_buried(void *owner, struct hop *hop) {
    station_publish(owner, hop);
}

static void on_pack(void *owner, struct hop *hop, struct buf *out) {
    struct station *s = owner;
    s->events.pack(s->owner, hop, out);
}

// --- leaving

void station_drain(struct station *s, int64_t now_ms) {
    if (s->draining) {
        return;
    }
    s->draining = true;
    s->drain_until_ms = now_ms + s->process->config->limits.drain_ms;
    intake_stop(s->intake);
    s->events.leaving(s->owner);
    log_info("draining: %zu hops in hand", s->hops.count);
}

void station_lighten(struct station *s, struct store *store,
                     bool (*keeps)(const struct hop *hop)) {
    struct list light;
    if (!s->draining) {
        return;
    }
    list_init(&light);
    size_t kept = store_sift(store, keeps, &light);
    while (!list_empty(&light)) {
        station_drop(s, hop_of(list_first(&light)));
    }
    if (kept > 0 && !s->told_waiting) {
        s->told_waiting = true;
        log_warn("%zu answers that were paid for wait for the database; a second signal leaves "
                 "without them", kept);
    }
}

static void drain_turn(struct station *s, int64_t now_ms) {
    bool late = now_ms >= s->drain_until_ms;
    if (late && s->hops.count > 0) {
        log_warn("drain deadline: %zu hops are left to the next start", s->hops.count);
    }
    s->settled = late || (s->hops.count == 0 && intake_settled(s->intake, now_ms));
}

bool station_drained(const struct station *s) {
    return s->draining && s->settled;
}

bool station_ready(const struct station *s) {
    return !pg_away(s->pg) && !store_stuck(s->burial.store) && intake_partitions(s->intake) > 0;
}

// --- the turn

int64_t sooner_ms(int64_t a, int64_t b) {
    return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

int64_t station_begin(struct station *s, int64_t now_ms) {
    publisher_turn(s->publisher);
    return intake_turn(s->intake, now_ms);
}

// After a peak, and when there is nothing to do: by itself the heap keeps what is free below what
// lives, and that of librdkafka's threads is as large as what ever waited to be taken.
static void give_back(struct station *s) {
    size_t held = s->process->pool.held;
    if (s->held_most < held) {
        s->held_most = held;
    }
    bool fell = s->held_most >= TRIM_BYTES && held < s->held_most / 2;
    if (fell || (s->hops.count == 0 && s->taken >= TRIM_JOBS)) {
        mem_trim();
        s->held_most = held;
        s->taken = 0;
    }
}

static void measure(struct station *s, int64_t now_ms) {
    if (now_ms < s->gauges_due_ms) {
        return;
    }
    struct metrics *metrics = &s->process->metrics;
    metric_set(metrics, METRIC_HOPS_IN_STEP, "all", (double)s->hops.count);
    metric_set(metrics, METRIC_HOPS_IN_STEP, "publishing",
               (double)(s->unsent.count + s->publishing.count));
    metric_set(metrics, METRIC_MEMORY_BYTES, "", (double)s->process->pool.held);
    give_back(s);
    s->gauges_due_ms = now_ms + GAUGES_MS;
}

static bool was_called_in_vain(const struct hop *hop) {
    return hop->burial.called;
}

int64_t station_end(struct station *s, int64_t now_ms) {
    station_lighten(s, s->burial.store, was_called_in_vain);
    int64_t wait_ms = store_turn(s->burial.store, now_ms);
    send_all(s);
    bool freed = !list_empty(&s->finished);
    while (!list_empty(&s->finished)) {
        hop_free(s, hop_of(list_first(&s->finished)));
    }
    if (freed && s->refused) {
        wait_ms = 0;  // what was left with the brokers for want of room is taken at once
        s->refused = false;
    }
    measure(s, now_ms);
    if (s->draining) {
        drain_turn(s, now_ms);
        wait_ms = sooner_ms(wait_ms, DRAIN_POLL_MS);
    }
    return wait_ms;
}

// --- opening and closing

static void on_database(void *owner, const struct err *err) {
    struct station *s = owner;
    metric_set(&s->process->metrics, METRIC_DATABASE_UP, "", err == NULL);
    if (err) {
        log_warn("%s; waiting for it, nothing new is taken", err->text);
    } else {
        log_info("database connected");
    }
}

struct pg *station_database(struct station *s) {
    struct pg_options options = {
        .url = s->process->config->database_url,
        .program = s->process->program,
        .timeout_ms = s->process->config->limits.database_timeout_ms,
        .changed = on_database,
        .owner = s,
    };
    return pg_open(s->process->loop, &options);
}

bool station_init(struct station *s, struct process *process, const char *topic,
                  const struct station_events *events, void *owner, struct err *err) {
    static const struct intake_events taking = {on_taken, has_room, has_room_for, on_revoking};
    static const struct burial_events burying = {on_buried, on_pack};
    static const struct publisher_events publishing = {on_published, on_publish_refused};
    char names[LANES_MOST][TOPIC_TEXT], lane[TOPIC_TEXT];
    const char *topics[LANES_MOST];
    *s = (struct station){.process = process, .events = *events, .owner = owner};
    list_init(&s->hops);
    list_init(&s->unsent);
    list_init(&s->publishing);
    list_init(&s->finished);
    s->pg = station_database(s);
    burial_init(&s->burial, process, s->pg, &burying, s);
    struct intake_options options = {.group = names[0], .topics = topics,
                                     .topic_count = events->lanes ? process->config->lane_count : 1,
                                     .revoke_ms = process->config->limits.drain_ms};
    for (size_t i = 0; i < options.topic_count; i++) {
        config_lane(topic, events->lanes ? process->config->lanes[i].name : NULL, lane);
        config_topic(process->config, lane, names[i]);
        topics[i] = names[i];
    }
    return publisher_open(&s->publisher, process, &publishing, s, err) &&
           intake_open(&s->intake, process, &options, &taking, s, err);
}

void station_fini(struct station *s) {
    if (s->publisher) {
        publisher_close(s->publisher);
    }
    pg_close(s->pg);
    LIST_FOR(node, &s->hops) {
        struct hop *hop = LIST_ENTRY(node, struct hop, all);
        config_release(hop->config);
        struct arena arena = hop->arena;
        arena_fini(&arena);
    }
    if (s->intake) {
        intake_close(s->intake);
    }
    burial_fini(&s->burial);
    buf_fini(&s->scratch);
}
