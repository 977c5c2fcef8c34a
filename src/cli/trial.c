#include "cli/trial.h"

#include <assert.h>
#include <math.h>
#include <sys/random.h>

#include "base/clock.h"
#include "fleet/station.h"
#include "io/loop.h"

enum { POOL_BYTES = 1 << 20 };

static struct hop *hop_of_node(struct list_node *node) {
    return LIST_ENTRY(node, struct hop, node);
}

// --- events

static void stop_when_done(struct trial *trial) {
    if (list_empty(&trial->ready) && list_empty(&trial->running) && list_empty(&trial->waiting)) {
        loop_stop(trial->process.loop);
    }
}

static void on_called(void *owner, struct hop *hop) {
    struct trial *trial = owner;
    hop_move(hop, STEP_JUDGING, &trial->ended);
    stop_when_done(trial);
}

static void on_waiting(void *owner, struct hop *hop, int64_t wait_ms) {
    struct trial *trial = owner;
    hop_move(hop, STEP_WAITING, &trial->waiting);
    heap_push(&trial->due, &hop->due, loop_now_ms(trial->process.loop) + wait_ms);
}

// False: its model may not be called now.
static bool start(struct trial *trial, struct hop *hop, int64_t now_ms) {
    switch (caller_start(hop->call.caller, hop, now_ms)) {
    case CALLER_STARTED:
        hop_move(hop, STEP_CALLING, &trial->running);
        return true;
    case CALLER_FAILED:
        hop_move(hop, STEP_JUDGING, &trial->ended);
        return true;
    case CALLER_FULL:
        break;
    }
    return false;
}

static int64_t on_turn(void *owner) {
    struct trial *trial = owner;
    struct heap_node *due;
    int64_t now_ms = loop_now_ms(trial->process.loop);
    while ((due = heap_first(&trial->due)) != NULL && due->due <= now_ms) {
        heap_remove(&trial->due, due);
        hop_move(LIST_ENTRY(due, struct hop, due), STEP_READY, &trial->ready);
    }
    int64_t wait_ms = due ? due->due - now_ms : -1;
    while (!list_empty(&trial->ready) && trial->running.count < trial->at_a_time) {
        struct hop *hop = hop_of_node(list_first(&trial->ready));
        if (!start(trial, hop, now_ms)) {
            wait_ms = sooner_ms(wait_ms, caller_wait_ms(hop->call.caller));
            break;
        }
    }
    stop_when_done(trial);
    return wait_ms;
}

// --- the trial

void trial_init(struct trial *trial, struct config *config) {
    uint64_t seed = 0;
    ssize_t got = getrandom(&seed, sizeof(seed), 0);
    assert(got == sizeof(seed));
    *trial = (struct trial){.process = {.program = "taskfit", .instance = "taskfit",
                                        .config = config}};
    random_seed(&trial->process.random, seed);
    arena_pool_init(&trial->process.pool, POOL_BYTES);
    trial->process.loop = loop_new();
    loop_on_turn(trial->process.loop, on_turn, trial);
    list_init(&trial->hops);
    list_init(&trial->ready);
    list_init(&trial->running);
    list_init(&trial->waiting);
    list_init(&trial->ended);
}

void trial_fini(struct trial *trial) {
    struct list_node *node;
    while ((node = list_pop(&trial->hops)) != NULL) {
        struct hop *hop = LIST_ENTRY(node, struct hop, all);
        list_remove(&hop->node);
        struct arena arena = hop->arena;  // the hop lies in its own arena
        arena_fini(&arena);
    }
    for (size_t i = 0; i < trial->caller_count; i++) {
        caller_close(trial->callers[i]);
    }
    heap_fini(&trial->due);
    rules_fini(&trial->rules);
    loop_free(trial->process.loop);
    metrics_fini(&trial->process.metrics);
    arena_pool_fini(&trial->process.pool);
}

static struct caller *caller_of(struct trial *trial, const struct config_tier *tier) {
    static const struct caller_events events = {on_called, on_waiting};
    for (size_t i = 0; i < trial->caller_count; i++) {
        if (trial->tiers[i] == tier) {
            return trial->callers[i];
        }
    }
    assert(trial->caller_count < TRIAL_TIERS_MOST);
    trial->tiers[trial->caller_count] = tier;
    return trial->callers[trial->caller_count++] =
               caller_open(&trial->process, tier, CALLER_PLAIN, &events, trial);
}

struct hop *trial_add(struct trial *trial, const struct config_tier *tier,
                      const struct config_path *path, struct slice input) {
    struct arena arena;
    int place = path_tier_index(&path->policy, slice_of(tier->name));
    arena_init(&arena, &trial->process.pool);
    struct hop *hop = arena_zalloc(&arena, sizeof(*hop));
    hop->arena = arena;
    hop->config = trial->process.config;
    hop->path = path;
    hop->job = (struct job){
        .has_id = true,
        .id = uuid_v7(clock_wall_ms(), &trial->process.random),
        .path = slice_of(path->policy.name),
        .input = input,
        .hop = place < 0 ? 0 : (uint32_t)place,
        .tier = slice_of(tier->name),
        .created_ms = clock_wall_ms(),
    };
    hop->attempt = (struct attempt){.hop = hop->job.hop, .tier = hop->job.tier,
                                    .confidence_raw = NAN, .confidence = NAN};
    list_init(&hop->twins);
    list_append(&trial->hops, &hop->all);
    hop->call.caller = caller_of(trial, tier);
    hop_move(hop, STEP_READY, &trial->ready);
    return hop;
}

bool trial_preview(struct hop *hop) {
    return caller_preview(hop->call.caller, hop);
}

int64_t trial_run(struct trial *trial, uint32_t at_a_time) {
    uint32_t most = trial->process.config->limits.in_flight;
    int64_t began_ms = clock_steady_ms();
    trial->at_a_time = at_a_time < most ? at_a_time : most;
    loop_run(trial->process.loop);
    return clock_steady_ms() - began_ms;
}

void trial_decide(struct trial *trial, struct hop *hop) {
    struct rule_verdict verdicts[RULE_VERDICTS_MOST];
    struct rules_subject subject = hop_subject(hop);
    struct facts facts = {
        .job = &hop->job,
        .attempt = &hop->attempt,
        .path = &hop->path->policy,
        .rules = verdicts,
        .rule_count = rules_run(&hop->path->rules, &subject, &hop->arena, &trial->rules,
                                verdicts),
        .now_ms = clock_wall_ms(),
        .chance = 1,  // nothing is audited
    };
    for (uint32_t i = 0; i < hop->path->policy.tier_count; i++) {
        const struct config_tier *tier =
            config_tier_find(hop->config, slice_of(hop->path->policy.tiers[i].name));
        facts.usual[i].latency_ms = tier ? tier->usual_ms : 0;
    }
    hop->decision = arena_zalloc(&hop->arena, sizeof(*hop->decision));
    decide(&facts, &hop->arena, hop->decision);
}
