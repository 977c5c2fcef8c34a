#include "fleet/shadows.h"

#include <math.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "fleet/caller.h"
#include "fleet/process.h"
#include "fleet/recall.h"
#include "fleet/rows.h"
#include "fleet/station.h"
#include "io/loop.h"

// STARTED: more at once would make jobs wait for the loop. MEMORY: a share of limits.memory.
enum { STARTED_A_TURN = 4, MEMORY_SHARE = 8, POOL_BYTES = 256 << 10 };

struct shadows {
    struct station *station;
    struct process *process;
    const char *tier;
    struct caller *jobs;
    // Made with the first shadow: most tiers have none.
    struct caller *caller;
    struct pg *pg;  // of its own, so that no attempt waits
    struct store *storing;
    struct arena_pool pool;
    struct list all, ready, calling, finished;
};

struct shadows *shadows_new(struct station *station, const char *tier, struct caller *jobs) {
    struct shadows *s = mem_zalloc(sizeof(*s));
    s->station = station;
    s->process = station->process;
    s->tier = tier;
    s->jobs = jobs;
    arena_pool_init(&s->pool, POOL_BYTES);
    list_init(&s->all);
    list_init(&s->ready);
    list_init(&s->calling);
    list_init(&s->finished);
    return s;
}

static void shadow_free(struct hop *hop) {
    caller_forget(hop);
    list_remove(&hop->node);
    list_remove(&hop->all);
    config_release(hop->config);
    struct arena arena = hop->arena;  // the hop lies in its own arena
    arena_fini(&arena);
}

void shadows_free(struct shadows *s) {
    if (s->caller) {
        caller_close(s->caller);
        pg_close(s->pg);
    }
    LIST_FOR(node, &s->all) {
        struct hop *hop = LIST_ENTRY(node, struct hop, all);
        config_release(hop->config);
        struct arena arena = hop->arena;
        arena_fini(&arena);
    }
    if (s->caller) {
        store_free(s->storing);
    }
    arena_pool_fini(&s->pool);
    mem_free(s);
}

static void give_up(struct shadows *s, const char *why) {
    metric_add(&s->process->metrics, METRIC_SHADOWS_GIVEN_UP, why, 1);
}

static void give_up_one(struct shadows *s, struct hop *hop, const char *why) {
    if (hop->step == STEP_CALLING) {
        caller_cancel(s->caller, hop);
    }
    give_up(s, why);
    hop_move(hop, STEP_FINISHED, &s->finished);
}

// --- calls

// No certificate is for this model: its confidence is what it said.
static void on_called(void *owner, struct hop *hop) {
    struct shadows *s = owner;
    hop->attempt.confidence = hop->attempt.confidence_raw;
    hop->attempt.calibration = (struct slice){0};
    store_add(s->storing, hop, STEP_STORING);
}

static void on_waiting(void *owner, struct hop *hop, int64_t wait_ms) {
    struct shadows *s = owner;
    (void)wait_ms;
    if (hop->call.fetched) {  // before those who wait for the room that these take
        hop_move(hop, STEP_READY, &s->ready);
        list_remove(&hop->node);
        list_prepend(&s->ready, &hop->node);
        return;
    }
    give_up(s, "failed");  // a shadow is tried once
    hop_move(hop, STEP_FINISHED, &s->finished);
}

static void encode(void *owner, struct hop *const *rows, size_t count, struct pg_params *params) {
    struct shadows *s = owner;
    rows_shadows(rows, count, s->process->instance, params);
}

static void on_stored(void *owner, struct hop *const *rows, size_t count,
                      const struct pg_result *result) {
    struct shadows *s = owner;
    (void)result;
    for (size_t i = 0; i < count; i++) {
        metric_add(&s->process->metrics, METRIC_SHADOWS, rows[i]->attempt.model.at, 1);
        hop_move(rows[i], STEP_FINISHED, &s->finished);
    }
}

static void on_refused(void *owner, struct hop *hop, const struct err *err) {
    struct shadows *s = owner;
    log_warn("a shadow's row was refused: %s", err->text);
    give_up_one(s, hop, "refused");
}

static void open_all(struct shadows *s) {
    static const struct caller_events calling = {on_called, on_waiting};
    static const struct store_kind storing = {PG_store_shadows, encode, on_stored, on_refused};
    const struct config_tier *tier = config_tier_find(s->process->config, slice_of(s->tier));
    s->caller = caller_open(s->process, tier, CALLER_SHADOWS, &calling, s);
    s->pg = station_database(s->station);
    s->storing = store_new(s->process, s->pg, &storing, s);
}

// --- which jobs

// By another hash than the one that chooses the model: the same jobs' shadows for a redelivered
// job.
static bool is_drawn(const struct hop *hop, double share) {
    const uint64_t seed = 1;
    return (double)(hash64(uuid_slice(&hop->job.id), seed) >> 11) * 0x1p-53 < share;
}

static void begin(struct shadows *s, const struct hop *of, const struct config_model *model) {
    struct arena arena;
    arena_init(&arena, &s->pool);
    struct hop *hop = arena_zalloc(&arena, sizeof(*hop));
    hop->arena = arena;
    hop->config = config_keep(of->config);
    hop->path = of->path;
    hop->call.only = model;
    hop->trace = of->trace.at ? arena_slice(&hop->arena, of->trace) : (struct slice){0};
    hop->job = (struct job){
        .has_id = true,
        .id = of->job.id,
        .path = slice_of(of->path->policy.name),
        .input = arena_slice(&hop->arena, of->job.input),
        .attachments = attachments_copy(of->job.attachments, of->job.attachment_count,
                                        &hop->arena),
        .attachment_count = of->job.attachment_count,
        .has_batch = of->job.has_batch,
        .batch_id = of->job.batch_id,
        .hop = of->job.hop,
        .tier = slice_of(s->tier),
    };
    hop->attempt = (struct attempt){
        .hop = hop->job.hop, .tier = hop->job.tier, .confidence_raw = NAN, .confidence = NAN};
    list_init(&hop->twins);
    list_append(&s->all, &hop->all);
    hop_move(hop, STEP_READY, &s->ready);
}

static const char *no_room(const struct shadows *s) {
    const struct config_limits *limits = &s->process->config->limits;
    return s->station->draining                                          ? "drain"
           : s->all.count >= 2 * (size_t)limits->shadows                 ? "busy"
           : s->pool.held >= (size_t)limits->memory_bytes / MEMORY_SHARE ? "memory"
                                                                         : NULL;
}

// Nobody was asked, or nobody wants to know any more.
static bool has_none(const struct hop *hop) {
    enum reason reason = reason_parse(hop->attempt.error);
    return hop->attempt.calls == 0 || reason == REASON_JOB_CANCELLED ||
           reason == REASON_SPEND_BATCH;
}

void shadows_see(struct shadows *s, const struct hop *hop) {
    const struct config_tier *tier = config_tier_find(hop->config, slice_of(s->tier));
    for (uint32_t i = 0; i < tier->shadow_count && !has_none(hop); i++) {
        const struct config_model *model = tier->shadows[i].model;
        // One that was switched to is no shadow any more.
        if (!is_drawn(hop, tier->shadows[i].share) || caller_uses(s->jobs, hop, model)) {
            continue;
        }
        const char *why = no_room(s);
        if (why) {
            give_up(s, why);
            continue;
        }
        if (s->caller == NULL) {
            open_all(s);
        }
        begin(s, hop, model);
    }
}

void shadows_recall(struct shadows *s, const struct recall *recall) {
    LIST_FOR(node, &s->all) {
        struct hop *hop = LIST_ENTRY(node, struct hop, all);
        if (recall_reason(recall, hop) != REASON_NONE) {
            give_up_one(s, hop, "cancelled");
        }
    }
}

// --- the turn

// A model that may not be called now is no hindrance to the others.
static bool is_among(const struct config_model *model, const struct config_model *const *held,
                     uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (held[i] == model) {
            return true;
        }
    }
    return false;
}

static int64_t call(struct shadows *s, int64_t now_ms) {
    enum { HELD_MOST = 16 };
    const struct config_model *held[HELD_MOST];
    uint32_t held_count = 0, started = 0;
    int64_t wait_ms = -1;
    LIST_FOR(node, &s->ready) {
        struct hop *hop = hop_of(node);
        if (started == STARTED_A_TURN) {
            return 0;
        }
        if (s->calling.count >= s->process->config->limits.shadows || held_count == HELD_MOST) {
            break;
        }
        if (is_among(hop->call.only, held, held_count)) {
            continue;
        }
        switch (caller_start(s->caller, hop, now_ms)) {
            case CALLER_STARTED:
                hop_move(hop, STEP_CALLING, &s->calling);
                started++;
                break;
            case CALLER_FAILED:
                on_called(s, hop);
                started++;
                break;
            case CALLER_FULL:
                wait_ms = sooner_ms(wait_ms, caller_wait_ms(s->caller));
                held[held_count++] = hop->call.only;
                break;
        }
    }
    return wait_ms;
}

bool shadows_any(const struct shadows *s) {
    return !list_empty(&s->all);
}

int64_t shadows_turn(struct shadows *s, int64_t now_ms) {
    if (s->caller == NULL) {
        return -1;
    }
    int64_t wait_ms = call(s, now_ms);
    wait_ms = sooner_ms(wait_ms, store_turn(s->storing, now_ms));
    while (!list_empty(&s->finished)) {
        shadow_free(hop_of(list_first(&s->finished)));
    }
    return wait_ms;
}

void shadows_tidy(struct shadows *s, double share, int64_t now_ms) {
    if (s->caller) {
        caller_tidy(s->caller, share, now_ms);
        metric_set(&s->process->metrics, METRIC_HOPS_IN_STEP, "shadows", (double)s->all.count);
    }
}

void shadows_drain(struct shadows *s) {
    struct list *lists[] = {&s->ready, &s->calling};
    for (size_t i = 0; i < 2; i++) {
        while (!list_empty(lists[i])) {
            give_up_one(s, hop_of(list_first(lists[i])), "drain");
        }
    }
}

bool shadows_settled(const struct shadows *s) {
    bool late = loop_now_ms(s->process->loop) >= s->station->drain_until_ms;
    return late || s->caller == NULL || store_count(s->storing) == 0 ||
           store_stuck(s->storing) || pg_away(s->pg);
}
