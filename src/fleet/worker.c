#include "fleet/worker.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/mem.h"
#include "fleet/admission.h"
#include "fleet/caller.h"
#include "fleet/entry.h"
#include "fleet/lateness.h"
#include "fleet/patience.h"
#include "fleet/ready.h"
#include "fleet/recall.h"
#include "fleet/rows.h"
#include "fleet/shadows.h"
#include "fleet/station.h"
#include "fleet/switches.h"
#include "fleet/twins.h"
#include "io/loop.h"
#include "job/wire.h"

enum { ASIDE_LOOKS = 32 };  // a turn

struct worker {
    struct station station;
    char tier[TOPIC_TEXT];
    struct caller *caller;
    struct pg *admit_pg;  // of its own, so that asking does not wait for storing
    struct store *admitting, *storing;
    struct recall recall;
    struct switches switches;
    struct shadows *shadows;
    struct list behind, calling, waiting, judging;
    struct ready ready;
    struct room room;
    struct heap due;     // of those waiting
    struct map in_hand;  // by (job, hop): a second copy waits for the first
    struct order order;
    uint64_t arrivals;
    struct patience patience;
    int64_t gauges_due_ms;
};

// --- one job at a time

// The first of a job to be in hand is admitted, a copy waits until that one is through.
static void enter(struct worker *w, struct hop *hop) {
    if (twins_enter(&w->in_hand, hop)) {
        order_enter(&w->order, hop);
        store_add(w->admitting, hop, STEP_ADMITTING);
    }
}

// It keeps no other of its order key from being called any more.
static void pass(struct worker *w, struct hop *hop) {
    struct hop *next = order_leave(&w->order, hop);
    if (next && next->step == STEP_BEHIND) {
        ready_add(&w->ready, next, false);
    }
}

static void on_freed(void *owner, struct hop *hop) {
    struct worker *w = owner;
    struct list_node *twin;
    heap_remove(&w->due, &hop->due);
    caller_forget(hop);
    twins_leave(&w->in_hand, hop);
    while ((twin = list_pop(&hop->twins)) != NULL) {
        enter(w, hop_of(twin));
    }
    pass(w, hop);
    room_leave(&w->room, &hop->part);
}

// --- taking

static bool has_room(void *owner) {
    struct worker *w = owner;
    // Without a model no more is taken than could be called at once: the rest waits in its topic.
    bool enough = w->station.hops.count >= w->station.process->config->limits.in_flight;
    return !store_stuck(w->storing) && !store_stuck(w->admitting) &&
           !(enough && caller_away(w->caller));
}

static bool has_room_for(void *owner, const struct record *record, uint32_t lane) {
    const struct worker *w = owner;
    return entry_allowed(w->station.process, &w->order, &w->room, record, lane);
}

static void on_taken(void *owner, struct hop *hop, const struct record *record) {
    struct worker *w = owner;
    struct slice text = {0};
    room_enter(&w->room, &hop->part, ticket_lane(hop->ticket), record->value.len);
    enum reason reason = entry_read(hop, slice_of(w->tier), record, &text);
    if (reason != REASON_NONE) {
        station_bury(&w->station, hop, reason, text, record);
        return;
    }
    if (hop->job.tenant.len > 0) {
        room_name(&w->room, &hop->part, hash64(hop->job.tenant, 0));
    }
    lateness_begin(hop, loop_now_ms(w->station.process->loop));
    hop->arrival = ++w->arrivals;
    enter(w, hop);
}

// --- admitting

static void fail_attempt(struct worker *w, struct hop *hop, enum reason reason) {
    ready_leave(&w->ready, hop);
    hop->attempt.error = slice_of(reason_code(reason));
    if (hop->attempt.calls == 0) {
        hop->attempt.started_ms = loop_wall_ms(w->station.process->loop);
    }
    store_add(w->storing, hop, STEP_STORING);
}

// Its letter says that it was called, so that a second copy is not.
static void bury_called(struct worker *w, struct hop *hop, struct slice text) {
    hop->burial.called = true;
    station_bury(&w->station, hop, REASON_ROW_REFUSED, text, NULL);
}

static void on_admission(void *owner, struct hop *hop, enum admission admission) {
    struct worker *w = owner;
    if (hop->dropped && !(hop->call.verified && admission == ADMISSION_CALL)) {
        station_drop(&w->station, hop);
        return;
    }
    switch (admission) {
    case ADMISSION_FINISHED:
        metric_add(&w->station.process->metrics, METRIC_JOBS_KNOWN, "", 1);
        pass(w, hop);
        station_finish(&w->station, hop);
        break;
    case ADMISSION_PUBLISH:
        metric_add(&w->station.process->metrics, METRIC_JOBS_KNOWN, "", 1);
        pass(w, hop);
        station_publish(&w->station, hop);
        break;
    case ADMISSION_BURIED:
        metric_add(&w->station.process->metrics, METRIC_JOBS_KNOWN, "", 1);
        bury_called(w, hop, hop->burial.text);
        break;
    case ADMISSION_CANCELLED:
        fail_attempt(w, hop, REASON_JOB_CANCELLED);
        break;
    case ADMISSION_OVER_CAP:
        fail_attempt(w, hop, REASON_SPEND_BATCH);
        break;
    case ADMISSION_CALL:
        if (entry_is_skipped(hop)) {
            fail_attempt(w, hop, REASON_TIER_SKIPPED);
        } else if (order_is_first(hop)) {
            ready_add(&w->ready, hop, false);
        } else {
            hop_move(hop, STEP_BEHIND, &w->behind);
        }
        break;
    }
}

static void encode_admission(void *owner, struct hop *const *rows, size_t count,
                             struct pg_params *params) {
    struct worker *w = owner;
    for (size_t i = 0; i < count; i++) {
        rows[i]->asked_ms = loop_now_ms(w->station.process->loop);
    }
    admission_encode(rows, count, params);
}

static void on_admitted(void *owner, struct hop *const *rows, size_t count,
                        const struct pg_result *result) {
    admission_read(rows, count, result, on_admission, owner);
}

// --- calling

// True: there is no time left to call it, and it goes on without.
static bool is_late(struct worker *w, struct hop *hop, int64_t now_ms) {
    enum reason reason = lateness(w->station.process, w->caller, hop, now_ms);
    if (reason != REASON_NONE) {
        fail_attempt(w, hop, reason);
    }
    return reason != REASON_NONE;
}

// For the process's limit an answer that is not stored yet is still in flight: so neither a crash
// nor a database that is away costs more calls than that; likewise one `held` for its verifier. And
// is it known where the jobs go?
static bool may_call(const struct worker *w, size_t held) {
    const struct config *config = w->station.process->config;
    const struct config_tier *tier = config_tier_find(config, slice_of(w->tier));
    return w->switches.known && w->calling.count < tier->in_flight &&
           w->calling.count + store_count(w->storing) + held < config->limits.in_flight;
}

// False: no model of its has room now.
static bool call_one(struct worker *w, struct hop *hop, int64_t now_ms) {
    if (is_late(w, hop, now_ms)) {
        return true;
    }
    if (patience_is_over(&w->patience, hop)) {
        ready_leave(&w->ready, hop);
        store_add(w->admitting, hop, STEP_ADMITTING);
        return true;
    }
    enum caller_verdict verdict = caller_start(w->caller, hop, now_ms);
    if (verdict == CALLER_FULL) {
        return false;
    }
    ready_take(&w->ready, hop);
    if (verdict == CALLER_FAILED) {
        store_add(w->storing, hop, STEP_STORING);
    } else {
        hop_move(hop, STEP_CALLING, &w->calling);
    }
    return true;
}

// Returns when there may be room for more calls, -1: when something is heard.
static int64_t call(struct worker *w, int64_t now_ms) {
    int64_t wait_ms = -1;
    int looks = ASIDE_LOOKS;
    struct hop *hop;
    bool free = true;
    while (free && may_call(w, 0) && (hop = ready_verified(&w->ready)) != NULL) {
        free = call_one(w, hop, now_ms);
        wait_ms = free ? -1 : caller_wait_ms(w->caller);
    }
    LIST_FOR(node, &w->ready.aside) {
        if (!may_call(w, ready_held(&w->ready)) || looks-- == 0) {
            break;
        }
        if (!call_one(w, ready_hop(node), now_ms)) {
            wait_ms = sooner_ms(wait_ms, caller_wait_ms(w->caller));
        }
    }
    while (may_call(w, ready_held(&w->ready)) && (hop = ready_next(&w->ready)) != NULL) {
        if (call_one(w, hop, now_ms)) {
            continue;
        }
        wait_ms = sooner_ms(wait_ms, caller_wait_ms(w->caller));
        enum caller_full full = caller_full(w->caller);
        if (full == FULL_FOR_ALL || !ready_set_aside(&w->ready, hop, full == FULL_FOR_OLD)) {
            break;
        }
    }
    return wait_ms;
}

// Those that wait for room in a model, or for one of their order key: their deadline does not wait.
static void expire(struct worker *w, struct list *list, int64_t now_ms) {
    LIST_FOR(node, list) {
        is_late(w, hop_of(node), now_ms);
    }
}

// A cancelled job ends here, with what it has cost: a call that is given up counts as one.
static void on_recalled(void *owner, const struct recall *recall) {
    struct worker *w = owner;
    shadows_recall(w->shadows, recall);
    LIST_FOR(node, &w->station.hops) {
        struct hop *hop = LIST_ENTRY(node, struct hop, all);
        enum reason reason = recall_reason(recall, hop);
        if (reason == REASON_NONE) {
            continue;
        }
        if (hop->step == STEP_CALLING) {
            caller_cancel(w->caller, hop);
            metric_add(&w->station.process->metrics, METRIC_CALLS_GIVEN_UP, "", 1);
        }
        heap_remove(&w->due, &hop->due);
        fail_attempt(w, hop, reason);
    }
}

static void on_switched(void *owner, struct slice weights) {
    struct worker *w = owner;
    caller_switch(w->caller, weights);
}

static void on_called(void *owner, struct hop *hop) {
    struct worker *w = owner;
    hop_move(hop, STEP_JUDGING, &w->judging);
}

static void on_waiting(void *owner, struct hop *hop, int64_t wait_ms) {
    struct worker *w = owner;
    if ((w->station.draining || hop->dropped) && !hop->call.verified) {
        station_drop(&w->station, hop);
        return;
    }
    if (hop->capped) {
        fail_attempt(w, hop, REASON_SPEND_BATCH);
        return;
    }
    hop_move(hop, STEP_WAITING, hop->call.verified ? &w->ready.held : &w->waiting);
    heap_push(&w->due, &hop->due, loop_now_ms(w->station.process->loop) + wait_ms);
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
        ready_add(&w->ready, hop, true);
    }
    return due ? due->due - now_ms : -1;
}

// --- storing

static void encode_attempts(void *owner, struct hop *const *rows, size_t count,
                            struct pg_params *params) {
    struct worker *w = owner;
    rows_attempts(rows, count, w->station.process->instance, params);
}

// An attempt that was there before stands: the hop asks for it and publishes that one.
static void on_stored(void *owner, struct hop *const *rows, size_t count,
                      const struct pg_result *result) {
    struct worker *w = owner;
    int place = 0;
    for (size_t i = 0; i < count; i++) {
        pass(w, rows[i]);
        if (rows_is_new(result, &place, rows[i])) {
            hop_count(rows[i], &w->station.process->metrics);
            shadows_see(w->shadows, rows[i]);
            station_publish(&w->station, rows[i]);
        } else {
            store_add(w->admitting, rows[i], STEP_ADMITTING);
        }
    }
}

static void on_refused(void *owner, struct hop *hop, const struct err *err) {
    struct worker *w = owner;
    if (hop->attempt.calls > 0) {
        bury_called(w, hop, slice_of(err->text));
    } else {
        station_bury(&w->station, hop, REASON_ROW_REFUSED, slice_of(err->text), NULL);
    }
}

// --- publishing

static bool send(void *owner, struct hop *hop) {
    struct worker *w = owner;
    struct buf *scratch = &w->station.scratch;
    buf_clear(scratch);
    wire_result_pack(&hop->job, &hop->attempt, &hop->arena, scratch);
    return publisher_send(w->station.publisher, hop, MESSAGE_RESULT, "results",
                          buf_slice(scratch));
}

static void pack(void *owner, struct hop *hop, struct buf *out) {
    (void)owner;
    wire_job_repack(&hop->job, out);
}

// --- leaving

// What has not been called goes back. A question under way is dropped when it is answered; a call
// under way is brought to its end, but not tried again; an answer that is there is verified, for it
// was paid for.
static void on_leaving(void *owner) {
    struct worker *w = owner;
    struct list *lists[] = {&w->behind, &w->ready.hops, &w->waiting, store_waiting(w->admitting)};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        LIST_FOR(node, lists[i]) {
            struct hop *hop = hop_of(node);
            if (!hop->call.verified) {
                ready_leave(&w->ready, hop);
                heap_remove(&w->due, &hop->due);
                station_drop(&w->station, hop);
            }
        }
    }
    LIST_FOR(node, &w->station.hops) {
        struct hop *hop = LIST_ENTRY(node, struct hop, all);
        if (hop->step == STEP_TAKEN || hop->step == STEP_ADMITTING ||
            hop->step == STEP_CALLING) {
            hop->dropped = true;
        }
    }
}

static bool was_called(const struct hop *hop) {
    return hop->attempt.calls > 0;
}

void worker_drain(struct worker *w, int64_t now_ms) {
    station_drain(&w->station, now_ms);
    shadows_drain(w->shadows);
}

bool worker_drained(const struct worker *w) {
    return station_drained(&w->station) && shadows_settled(w->shadows);
}

bool worker_ready(const struct worker *w) {
    return station_ready(&w->station) && !pg_away(w->admit_pg) && !store_stuck(w->storing) &&
           !store_stuck(w->admitting);
}

// --- the turn

static void measure(struct worker *w, int64_t now_ms) {
    if (now_ms < w->gauges_due_ms) {
        return;
    }
    struct metrics *metrics = &w->station.process->metrics;
    metric_set(metrics, METRIC_HOPS_IN_STEP, "admitting", (double)store_count(w->admitting));
    metric_set(metrics, METRIC_HOPS_IN_STEP, "behind", (double)w->behind.count);
    metric_set(metrics, METRIC_HOPS_IN_STEP, "ready", (double)w->ready.hops.count);
    metric_set(metrics, METRIC_HOPS_IN_STEP, "calling", (double)w->calling.count);
    metric_set(metrics, METRIC_HOPS_IN_STEP, "waiting", (double)w->waiting.count);
    metric_set(metrics, METRIC_HOPS_IN_STEP, "storing", (double)store_count(w->storing));
    ready_tidy(&w->ready, w->station.process, w->station.intake);
    caller_tidy(w->caller, intake_share(w->station.intake), now_ms);
    shadows_tidy(w->shadows, intake_share(w->station.intake), now_ms);
    expire(w, &w->ready.hops, now_ms);
    expire(w, &w->behind, now_ms);
    expire(w, &w->ready.verifying, now_ms);
    w->gauges_due_ms = now_ms + 1000;
}

int64_t worker_turn(struct worker *w, int64_t now_ms) {
    int64_t wait_ms = station_begin(&w->station, now_ms);
    patience_turn(&w->patience, w->station.process->config, now_ms);
    wait_ms = sooner_ms(wait_ms, move_on(w, now_ms));
    wait_ms = sooner_ms(wait_ms, call(w, now_ms));
    wait_ms = sooner_ms(wait_ms, caller_turn(w->caller, now_ms));
    bool any = w->station.hops.count > 0 || shadows_any(w->shadows);
    wait_ms = sooner_ms(wait_ms, recall_turn(&w->recall, any, now_ms));
    wait_ms = sooner_ms(wait_ms, switches_turn(&w->switches, now_ms));
    station_lighten(&w->station, w->admitting, NULL);
    station_lighten(&w->station, w->storing, was_called);
    wait_ms = sooner_ms(wait_ms, store_turn(w->admitting, now_ms));
    wait_ms = sooner_ms(wait_ms, store_turn(w->storing, now_ms));
    wait_ms = sooner_ms(wait_ms, shadows_turn(w->shadows, now_ms));
    measure(w, now_ms);
    return sooner_ms(wait_ms, station_end(&w->station, now_ms));
}

// --- opening and closing

bool worker_open(struct worker **out, struct process *process, const char *tier,
                 struct err *err) {
    static const struct station_events events = {on_taken, has_room, has_room_for, send, NULL,
                                                 pack, on_leaving, on_freed, true};
    static const struct store_kind admitting = {PG_admit, encode_admission, on_admitted,
                                                on_refused};
    static const struct store_kind storing = {PG_store_attempts, encode_attempts, on_stored,
                                              on_refused};
    static const struct caller_events calling = {on_called, on_waiting};
    struct worker *w = mem_zalloc(sizeof(*w));
    list_init(&w->behind);
    ready_init(&w->ready, process->config);
    room_init(&w->room, process->config->lane_count);
    list_init(&w->calling);
    list_init(&w->waiting);
    list_init(&w->judging);
    snprintf(w->tier, sizeof(w->tier), "%s", tier);
    bool ok = station_init(&w->station, process, w->tier, &events, w, err);
    w->admit_pg = station_database(&w->station);
    w->admitting = store_new(process, w->admit_pg, &admitting, w);
    w->storing = store_new(process, w->station.pg, &storing, w);
    recall_init(&w->recall, process, w->admit_pg, on_recalled, w);
    switches_init(&w->switches, process, w->admit_pg, w->tier, on_switched, w);
    w->caller = caller_open(process, config_tier_find(process->config, slice_of(w->tier)),
                            CALLER_JOBS, &calling, w);
    w->shadows = shadows_new(&w->station, w->tier, w->caller);
    *out = w;
    return ok;
}

void worker_close(struct worker *w) {
    ready_fini(&w->ready);  // while the hops are there
    shadows_free(w->shadows);
    caller_close(w->caller);
    pg_close(w->admit_pg);
    station_fini(&w->station);
    store_free(w->admitting);
    store_free(w->storing);
    recall_fini(&w->recall);
    switches_fini(&w->switches);
    room_fini(&w->room);
    map_fini(&w->in_hand);
    order_fini(&w->order);
    heap_fini(&w->due);
    mem_free(w);
}
