#include "fleet/worker.h"

#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "fleet/admission.h"
#include "fleet/burial.h"
#include "fleet/caller.h"
#include "fleet/rows.h"
#include "io/loop.h"
#include "job/wire.h"

struct worker {
    struct process *process;
    char tier[TOPIC_TEXT];
    struct intake *intake;
    struct publisher *publisher;
    struct caller *caller;
    struct pg *admit_pg, *store_pg;  // two, so that asking does not wait for storing
    struct store *admitting, *storing;
    struct burial burial;
    struct list hops;  // all of them
    struct list ready, calling, waiting, judging;
    struct list unsent, publishing;
    struct list finished;  // freed once a turn, never in the callback that finished them
    struct heap due;       // of those waiting
    struct map in_hand;    // by (job, hop): a second copy waits for the first
    size_t memory;         // bytes held by arenas
    struct buf scratch;
    bool draining;
    bool settled;
    int64_t drain_until_ms;
    int64_t gauges_due_ms;
};

// --- hops: made, dropped, freed

static struct hop *hop_of(struct list_node *node) {
    return LIST_ENTRY(node, struct hop, node);
}

static uint64_t hop_hash(const struct hop *hop) {
    return hash64(uuid_slice(&hop->job.id), hop->job.hop);
}

static struct hop *find_in_hand(struct worker *w, const struct hop *like) {
    uint64_t hash = hop_hash(like);
    for (struct map_node *n = map_find(&w->in_hand, hash); n; n = map_next(n, hash)) {
        struct hop *hop = LIST_ENTRY(n, struct hop, by_job);
        if (uuid_equal(hop->job.id, like->job.id) && hop->job.hop == like->job.hop) {
            return hop;
        }
    }
    return NULL;
}

static struct hop *hop_new(struct worker *w, struct ticket ticket, const struct record *record) {
    struct arena arena;
    arena_init(&arena, &w->process->pool);
    struct hop *hop = arena_zalloc(&arena, sizeof(*hop));
    hop->arena = arena;
    hop->config = config_keep(w->process->config);
    hop->ticket = ticket;
    hop->record_ms = record->timestamp_ms;
    list_init(&hop->twins);
    list_append(&w->hops, &hop->all);
    return hop;
}

// The twins of a hop that is through: the database knows now what to do with them.
static void twins_release(struct worker *w, struct hop *hop) {
    struct list_node *node;
    while ((node = list_pop(&hop->twins)) != NULL) {
        struct hop *twin = hop_of(node);
        store_add(w->admitting, twin, STEP_ADMITTING);
    }
}

static void hop_free(struct worker *w, struct hop *hop) {
    if (hop->registered) {
        map_remove(&w->in_hand, &hop->by_job);
    }
    twins_release(w, hop);
    list_remove(&hop->node);
    list_remove(&hop->all);
    heap_remove(&w->due, &hop->due);
    w->memory -= hop->arena.bytes;
    config_release(hop->config);
    struct arena arena = hop->arena;  // the hop lies in its own arena
    arena_fini(&arena);
}

static void finish(struct worker *w, struct hop *hop) {
    intake_finish(w->intake, hop->ticket);
    metric_add(&w->process->metrics, METRIC_JOBS_FINISHED, "", 1);
    hop_move(hop, STEP_FINISHED, &w->finished);
}

// Its record will come again, to whoever has the partition then.
static void drop(struct worker *w, struct hop *hop) {
    intake_drop(w->intake, hop->ticket);
    hop_move(hop, STEP_FINISHED, &w->finished);
}

// --- taking

static bool has_room(void *owner) {
    struct worker *w = owner;
    const struct config_limits *limits = &w->process->config->limits;
    return w->hops.count < limits->hops && w->memory < (size_t)limits->memory_bytes &&
           !store_stuck(w->storing) && !store_stuck(w->admitting) &&
           !store_stuck(w->burial.store);
}

static void begin_attempt(struct worker *w, struct hop *hop) {
    int64_t deadline_ms = hop->path->policy.deadline_ms;
    hop->attempt = (struct attempt){
        .hop = hop->job.hop,
        .tier = slice_of(w->tier),
        .confidence_raw = NAN,
        .confidence = NAN,
    };
    if (hop->job.created_ms == 0) {
        hop->job.created_ms = hop->record_ms;
    }
    if (hop->job.deadline_ms == 0 && deadline_ms > 0 && hop->job.created_ms > 0) {
        hop->job.deadline_ms = hop->job.created_ms + deadline_ms;
    }
}

static enum reason read_job(struct worker *w, struct hop *hop, const struct record *record,
                            struct slice *text) {
    const struct config_limits *limits = &hop->config->limits;
    struct wire_limits wire = {(size_t)limits->input_bytes, limits->input_depth};
    enum reason reason = wire_job_read(record->value, &wire, &hop->arena, &hop->job, text);
    if (reason != REASON_NONE) {
        return reason;
    }
    hop->path = config_path_find(hop->config, hop->job.path);
    if (hop->path == NULL) {
        *text = arena_printf(&hop->arena, "'%.*s'", SLICE_ARGS(hop->job.path));
        return REASON_PATH_UNKNOWN;
    }
    if (path_tier_index(&hop->path->policy, slice_of(w->tier)) < 0) {
        *text = arena_printf(&hop->arena, "'%.*s' and tier '%s'", SLICE_ARGS(hop->job.path),
                             w->tier);
        return REASON_PATH_TIER;
    }
    return REASON_NONE;
}

static void on_taken(void *owner, struct ticket ticket, const struct record *record) {
    struct worker *w = owner;
    struct hop *hop = hop_new(w, ticket, record);
    struct slice text = {0};
    enum reason reason = read_job(w, hop, record, &text);
    if (reason != REASON_NONE) {
        burial_add(&w->burial, hop, reason, text, record);
        w->memory += hop->arena.bytes;
        return;
    }
    begin_attempt(w, hop);
    struct hop *first = find_in_hand(w, hop);
    if (first) {
        hop_move(hop, STEP_TAKEN, &first->twins);
    } else {
        map_insert(&w->in_hand, &hop->by_job, hop_hash(hop));
        hop->registered = true;
        store_add(w->admitting, hop, STEP_ADMITTING);
    }
    w->memory += hop->arena.bytes;
}

// --- admitting

static void fail_attempt(struct worker *w, struct hop *hop, enum reason reason) {
    hop->attempt.error = slice_of(reason_code(reason));
    hop->attempt.started_ms = loop_wall_ms(w->process->loop);
    store_add(w->storing, hop, STEP_STORING);
}

static void on_admission(void *owner, struct hop *hop, enum admission admission) {
    struct worker *w = owner;
    int64_t wall_ms = loop_wall_ms(w->process->loop);
    if (hop->dropped) {
        drop(w, hop);
        return;
    }
    switch (admission) {
    case ADMISSION_FINISHED:
        metric_add(&w->process->metrics, METRIC_JOBS_KNOWN, "", 1);
        finish(w, hop);
        break;
    case ADMISSION_PUBLISH:
        metric_add(&w->process->metrics, METRIC_JOBS_KNOWN, "", 1);
        hop_move(hop, STEP_PUBLISHING, &w->unsent);
        break;
    case ADMISSION_CANCELLED:
        fail_attempt(w, hop, REASON_JOB_CANCELLED);
        break;
    case ADMISSION_OVER_CAP:
        fail_attempt(w, hop, REASON_SPEND_BATCH);
        break;
    case ADMISSION_CALL:
        if (hop->job.deadline_ms > 0 && wall_ms >= hop->job.deadline_ms) {
            fail_attempt(w, hop, REASON_JOB_EXPIRED);
        } else {
            hop_move(hop, STEP_READY, &w->ready);
        }
        break;
    }
}

static void on_admitted(void *owner, struct hop *const *rows, size_t count,
                        const struct pg_result *result) {
    admission_read(rows, count, result, on_admission, owner);
}

static void on_admission_refused(void *owner, struct hop *hop, const struct err *err) {
    struct worker *w = owner;
    burial_add(&w->burial, hop, REASON_ROW_REFUSED, slice_of(err->text), NULL);
}

// --- calling

static void memory_count(struct worker *w, struct hop *hop, size_t before) {
    w->memory += hop->arena.bytes - before;
}

static void call(struct worker *w, int64_t now_ms) {
    while (!list_empty(&w->ready) &&
           w->calling.count < w->process->config->limits.in_flight) {
        struct hop *hop = hop_of(list_first(&w->ready));
        size_t before = hop->arena.bytes;
        enum caller_verdict verdict = caller_start(w->caller, hop, now_ms);
        memory_count(w, hop, before);
        if (verdict == CALLER_FULL) {
            break;
        }
        if (verdict == CALLER_FAILED) {
            store_add(w->storing, hop, STEP_STORING);
        } else {
            hop_move(hop, STEP_CALLING, &w->calling);
        }
    }
}

static void on_called(void *owner, struct hop *hop) {
    struct worker *w = owner;
    hop_move(hop, STEP_JUDGING, &w->judging);
}

static void on_waiting(void *owner, struct hop *hop, int64_t wait_ms) {
    struct worker *w = owner;
    if (w->draining || hop->dropped) {
        drop(w, hop);
        return;
    }
    hop_move(hop, STEP_WAITING, &w->waiting);
    heap_push(&w->due, &hop->due, loop_now_ms(w->process->loop) + wait_ms);
}

// The called go to be stored, those whose wait is over to be called again. Returns the wait of the
// next, -1: none waits.
static int64_t move_on(struct worker *w, int64_t now_ms) {
    struct list_node *node;
    struct heap_node *due;
    while ((node = list_first(&w->judging)) != NULL) {
        store_add(w->storing, hop_of(node), STEP_STORING);
    }
    while ((due = heap_first(&w->due)) != NULL && due->due <= now_ms) {
        struct hop *hop = LIST_ENTRY(due, struct hop, due);
        heap_remove(&w->due, due);
        hop_move(hop, STEP_READY, &w->ready);
    }
    return due ? due->due - now_ms : -1;
}

// --- storing

static void encode_attempts(void *owner, struct hop *const *rows, size_t count,
                            struct pg_params *params) {
    struct worker *w = owner;
    rows_attempts(rows, count, w->process->instance, params);
}

static void count_attempt(struct worker *w, const struct hop *hop) {
    const struct attempt *a = &hop->attempt;
    struct metrics *metrics = &w->process->metrics;
    metric_add(metrics, METRIC_ROWS_STORED, "", 1);
    metric_add(metrics, METRIC_ATTEMPTS, a->model.at ? a->model.at : "none", 1);
    if (a->error.at) {
        metric_add(metrics, METRIC_ATTEMPT_ERRORS, a->error.at, 1);
    }
}

// An attempt that was there before stands: the hop asks for it and publishes that one.
static void on_stored(void *owner, struct hop *const *rows, size_t count,
                      const struct pg_result *result) {
    struct worker *w = owner;
    int place = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows_is_new(result, &place, rows[i])) {
            count_attempt(w, rows[i]);
            hop_move(rows[i], STEP_PUBLISHING, &w->unsent);
        } else {
            store_add(w->admitting, rows[i], STEP_ADMITTING);
        }
    }
}

static void on_refused(void *owner, struct hop *hop, const struct err *err) {
    struct worker *w = owner;
    burial_add(&w->burial, hop, REASON_ROW_REFUSED, slice_of(err->text), NULL);
}

// --- publishing

static void on_buried(void *owner, struct hop *hop) {
    struct worker *w = owner;
    hop_move(hop, STEP_PUBLISHING, &w->unsent);
}

static void publish(struct worker *w) {
    while (!list_empty(&w->unsent)) {
        struct hop *hop = hop_of(list_first(&w->unsent));
        size_t before = hop->arena.bytes;
        bool sent;
        hop_move(hop, STEP_PUBLISHING, &w->publishing);
        if (hop->burial.reason.at) {
            sent = burial_publish(w->publisher, hop, &w->scratch);
        } else {
            buf_clear(&w->scratch);
            wire_result_pack(&hop->job, &hop->attempt, &hop->arena, &w->scratch);
            sent = publisher_send(w->publisher, hop, MESSAGE_RESULT, "results",
                                  buf_slice(&w->scratch));
        }
        memory_count(w, hop, before);
        if (!sent) {
            list_remove(&hop->node);
            list_prepend(&w->unsent, &hop->node);
            return;
        }
    }
}

static void on_published(void *owner, struct hop *hop) {
    finish(owner, hop);
}

// Too large for the brokers: a result becomes a letter; a letter that is has its row, and is done.
static void on_publish_refused(void *owner, struct hop *hop, const struct err *err) {
    struct worker *w = owner;
    if (hop->burial.reason.at) {
        log_error("the letter is only in the table: %s", err->text);
        finish(w, hop);
        return;
    }
    burial_add(&w->burial, hop, REASON_MESSAGE_TOO_LARGE, slice_of(err->text), NULL);
}

// --- leaving

// What has not been called goes back; a row or call under way is dropped when it returns.
static void drop_not_begun(struct worker *w) {
    struct list *lists[] = {&w->ready, &w->waiting, store_waiting(w->admitting)};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        while (!list_empty(lists[i])) {
            struct hop *hop = hop_of(list_first(lists[i]));
            heap_remove(&w->due, &hop->due);
            drop(w, hop);
        }
    }
    LIST_FOR(node, &w->hops) {
        struct hop *hop = LIST_ENTRY(node, struct hop, all);
        if (hop->step == STEP_TAKEN || hop->step == STEP_ADMITTING) {
            hop->dropped = true;
        }
    }
}

static void on_revoking(void *owner, bool lost) {
    struct worker *w = owner;
    log_info("partitions are going%s: %zu calls are brought to their end",
             lost ? " (lost)" : "", w->calling.count);
    drop_not_begun(w);
}

void worker_drain(struct worker *w, int64_t now_ms) {
    if (w->draining) {
        return;
    }
    w->draining = true;
    w->drain_until_ms = now_ms + w->process->config->limits.drain_ms;
    intake_stop(w->intake);
    drop_not_begun(w);
    log_info("draining: %zu hops in hand", w->hops.count);
}

static void drain_turn(struct worker *w, int64_t now_ms) {
    bool late = now_ms >= w->drain_until_ms;
    if (late && w->hops.count > 0) {
        log_warn("drain deadline: %zu hops are left to the next start", w->hops.count);
    }
    w->settled = (w->hops.count == 0 && intake_settled(w->intake, now_ms)) || late;
}

bool worker_drained(const struct worker *w) {
    return w->draining && w->settled;
}

bool worker_ready(const struct worker *w) {
    return !store_stuck(w->storing) && !store_stuck(w->admitting) &&
           intake_partitions(w->intake) > 0;
}

// --- the turn

static void free_finished(struct worker *w) {
    while (!list_empty(&w->finished)) {
        hop_free(w, hop_of(list_first(&w->finished)));
    }
}

static void measure(struct worker *w, int64_t now_ms) {
    if (now_ms < w->gauges_due_ms) {
        return;
    }
    struct metrics *metrics = &w->process->metrics;
    metric_set(metrics, METRIC_HOPS_IN_STEP, "admitting", (double)store_count(w->admitting));
    metric_set(metrics, METRIC_HOPS_IN_STEP, "ready", (double)w->ready.count);
    metric_set(metrics, METRIC_HOPS_IN_STEP, "calling", (double)w->calling.count);
    metric_set(metrics, METRIC_HOPS_IN_STEP, "waiting", (double)w->waiting.count);
    metric_set(metrics, METRIC_HOPS_IN_STEP, "storing", (double)store_count(w->storing));
    metric_set(metrics, METRIC_HOPS_IN_STEP, "publishing",
               (double)(w->unsent.count + w->publishing.count));
    metric_set(metrics, METRIC_MEMORY_BYTES, "", (double)w->memory);
    w->gauges_due_ms = now_ms + 1000;
}

static int64_t sooner(int64_t a, int64_t b) {
    return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

int64_t worker_turn(struct worker *w, int64_t now_ms) {
    publisher_turn(w->publisher);
    int64_t wait_ms = move_on(w, now_ms);
    wait_ms = sooner(wait_ms, intake_turn(w->intake, now_ms));
    wait_ms = sooner(wait_ms, store_turn(w->admitting, now_ms));
    call(w, now_ms);
    wait_ms = sooner(wait_ms, store_turn(w->storing, now_ms));
    wait_ms = sooner(wait_ms, store_turn(w->burial.store, now_ms));
    publish(w);
    free_finished(w);
    measure(w, now_ms);
    if (w->draining) {
        drain_turn(w, now_ms);
        wait_ms = sooner(wait_ms, 10);
    }
    return wait_ms;
}

// --- opening and closing

static void on_database(void *owner, const struct err *err) {
    struct worker *w = owner;
    metric_set(&w->process->metrics, METRIC_DATABASE_UP, "", err == NULL);
    if (err) {
        log_warn("%s; waiting for it, nothing new is taken", err->text);
    } else {
        log_info("database connected");
    }
}

static struct pg *open_database(struct worker *w) {
    struct pg_options options = {
        .url = w->process->config->database_url,
        .program = w->process->program,
        .timeout_ms = w->process->config->limits.database_timeout_ms,
        .changed = on_database,
        .owner = w,
    };
    return pg_open(w->process->loop, &options);
}

static bool open_topics(struct worker *w, struct err *err) {
    static const struct intake_events taking = {on_taken, has_room, on_revoking};
    static const struct publisher_events publishing = {on_published, on_publish_refused};
    char name[TOPIC_TEXT + 8], topic[TOPIC_TEXT], group[TOPIC_TEXT + 16];
    snprintf(name, sizeof(name), "jobs.%s", w->tier);
    config_topic(w->process->config, name, topic);
    snprintf(group, sizeof(group), "%s", topic);
    const char *topics[] = {topic};
    struct intake_options options = {.group = group, .topics = topics, .topic_count = 1,
                                     .revoke_ms = w->process->config->limits.drain_ms};
    return publisher_open(&w->publisher, w->process, &publishing, w, err) &&
           intake_open(&w->intake, w->process, &options, &taking, w, err);
}

bool worker_open(struct worker **out, struct process *process, const char *tier,
                 struct err *err) {
    static const struct store_kind admitting = {PG_admit, admission_encode, on_admitted,
                                                on_admission_refused};
    static const struct store_kind storing = {PG_store_attempts, encode_attempts, on_stored,
                                              on_refused};
    static const struct caller_events calling = {on_called, on_waiting};
    struct worker *w = mem_zalloc(sizeof(*w));
    struct list *lists[] = {&w->hops, &w->ready, &w->calling, &w->waiting, &w->judging,
                            &w->unsent, &w->publishing, &w->finished};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        list_init(lists[i]);
    }
    w->process = process;
    snprintf(w->tier, sizeof(w->tier), "%s", tier);
    w->admit_pg = open_database(w);
    w->store_pg = open_database(w);
    w->admitting = store_new(process, w->admit_pg, &admitting, w);
    w->storing = store_new(process, w->store_pg, &storing, w);
    burial_init(&w->burial, process, w->store_pg, on_buried, w);
    w->caller = caller_open(process, w->tier, &calling, w);
    *out = w;
    return open_topics(w, err);
}

void worker_close(struct worker *w) {
    if (w->publisher) {
        publisher_close(w->publisher);
    }
    pg_close(w->admit_pg);
    pg_close(w->store_pg);
    caller_close(w->caller);
    LIST_FOR(node, &w->hops) {
        struct hop *hop = LIST_ENTRY(node, struct hop, all);
        config_release(hop->config);
        struct arena arena = hop->arena;
        arena_fini(&arena);
    }
    if (w->intake) {
        intake_close(w->intake);
    }
    store_free(w->admitting);
    store_free(w->storing);
    burial_fini(&w->burial);
    map_fini(&w->in_hand);
    heap_fini(&w->due);
    buf_fini(&w->scratch);
    mem_free(w);
}
