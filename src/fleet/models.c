#include "fleet/models.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "fleet/config_switch.h"
#include "fleet/process.h"
#include "io/http.h"
#include "io/loop.h"

enum { SAY_MS = 1000 };

// The models of the tier by one configuration. Lives as long as that does: hops call those of the
// configuration that they began with.
struct model_set {
    struct model_set *next;
    struct config *config;
    const struct config_tier *tier;
    struct model_use **models;  // as many as the configuration has, at most
    uint32_t model_count;
    uint32_t weights;  // their sum
};

struct models {
    struct process *process;
    char *tier;
    struct model_set *sets;
    struct model_state *states;
    struct buf switched;  // the weights that hold in place of the configuration's; empty: none
    double share;
    enum caller_kind kind;
};

static struct model_state *state_of(struct models *models, const char *name) {
    struct metrics *metrics = &models->process->metrics;
    for (struct model_state *state = models->states; state; state = state->next) {
        if (strcmp(state->name, name) == 0) {
            return state;
        }
    }
    struct model_state *state = mem_zalloc(sizeof(*state));
    *state = (struct model_state){
        .next = models->states,
        .name = mem_string(name),
        .calls = metric_cell(metrics, METRIC_CALLS, name),
        .seconds = metric_cell(metrics, METRIC_CALL_SECONDS, name),
        .input_tokens = metric_cell(metrics, METRIC_TOKENS_INPUT, name),
        .output_tokens = metric_cell(metrics, METRIC_TOKENS_OUTPUT, name),
        .cost = metric_cell(metrics, METRIC_COST_USD, name),
        .hedges = HEDGES_MOST,
        .refused = metric_cell(metrics, METRIC_CALLS_REFUSED, name),
        .hedged = metric_cell(metrics, METRIC_CALLS_HEDGED, name),
    };
    gate_init(&state->gate);
    models->states = state;
    return state;
}

static struct model_use *use_open(struct models *models, struct model_set *set,
                                  const struct config_tier *tier,
                                  const struct config_model *conf) {
    struct model_use *use = mem_zalloc(sizeof(*use));
    const struct model *model = &conf->model;
    use->conf = conf;
    use->headers = http_headers_new();
    if (model->key && model->dialect->key_header) {
        struct buf line = {0};
        buf_printf(&line, "%s%s", model->dialect->key_header, model->key);
        http_headers_add(use->headers, buf_string(&line));
        buf_fini(&line);
    }
    for (const char *const *line = model->dialect->headers; line && *line; line++) {
        http_headers_add(use->headers, *line);
    }
    use->state = state_of(models, model->name);
    use->holds = models->kind == CALLER_SHADOWS ||
                 (tier->away == AWAY_HOLD && models->kind == CALLER_JOBS);
    set->models[set->model_count++] = use;
    return use;
}

static struct model_use *use_of(struct models *models, struct model_set *set,
                                const struct config_tier *tier, const struct config_model *conf) {
    for (uint32_t i = 0; i < set->model_count; i++) {
        if (set->models[i]->conf == conf) {
            return set->models[i];
        }
    }
    return use_open(models, set, tier, conf);
}

static struct config_tier tier_of_shadows(const struct config_tier *tier) {
    struct config_tier as = *tier;
    as.model_count = tier->shadow_count;
    for (uint32_t i = 0; i < tier->shadow_count; i++) {
        as.models[i].model = tier->shadows[i].model;
        as.models[i].weight = 1;
    }
    return as;
}

// Models that were switched to, and away from, stay in the set: hops may hold them.
static void weigh(struct models *models, struct model_set *set) {
    const struct config_tier *tier = set->tier;
    struct slice weights = models->switched.len > 0 ? buf_slice(&models->switched)
                                                    : (struct slice){0};
    struct config_tier as;
    struct err err;
    if (models->kind == CALLER_SHADOWS) {
        as = tier_of_shadows(tier);
    } else if (!config_switch(set->config, tier, weights, &as, &err)) {
        log_error("tier %s was switched, which this configuration is not for; its own weights "
                  "hold: %s", models->tier, err.text);
        as = *tier;
    }
    for (uint32_t i = 0; i < set->model_count; i++) {
        set->models[i]->weight = 0;
    }
    set->weights = 0;
    for (uint32_t i = 0; i < as.model_count; i++) {
        const struct config_model *model = as.models[i].model;
        use_of(models, set, tier, model)->weight = as.models[i].weight;
        set->weights += as.models[i].weight;
        if (model->verifier) {
            use_of(models, set, tier, model->verifier);
        }
    }
}

// The limits of the newest configuration.
static void limit(struct models *models, const struct model_set *set, int64_t now_ms) {
    for (uint32_t i = 0; i < set->model_count; i++) {
        const struct model_use *use = set->models[i];
        struct gate_limits limits = use->conf->model.limits;
        limits.plain = models->kind == CALLER_PLAIN;
        gate_set(&use->state->gate, &limits, models->share, now_ms);
        if (models->kind == CALLER_JOBS) {
            metric_set(&models->process->metrics, METRIC_MODEL_WEIGHT, use->state->name,
                       (double)use->weight);
        }
    }
}

static void set_free(struct model_set *set) {
    for (uint32_t i = 0; i < set->model_count; i++) {
        http_headers_free(set->models[i]->headers);
        mem_free(set->models[i]);
    }
    mem_free(set->models);
    set->config->idle--;
    config_release(set->config);
    mem_free(set);
}

// Frees those of configurations that neither a hop has any more nor the process. Others that have
// sets of them (a worker's shadows) are none who keep one.
static void sets_tidy(struct models *models) {
    struct model_set **at = &models->sets;
    while (*at) {
        struct model_set *set = *at;
        if (set->config->references > set->config->idle) {
            at = &set->next;
            continue;
        }
        *at = set->next;
        set_free(set);
    }
}

static struct model_set *set_new(struct models *models, struct config *config,
                                 const struct config_tier *tier) {
    struct model_set *set = mem_zalloc(sizeof(*set));
    set->next = models->sets;
    models->sets = set;
    set->config = config_keep(config);
    config->idle++;
    set->tier = tier;
    set->models = mem_array(tier->model_count + config->model_count, sizeof(struct model_use *));
    weigh(models, set);
    limit(models, set, loop_now_ms(models->process->loop));
    return set;
}

static struct model_set *set_of(struct models *models, struct config *config) {
    for (struct model_set *set = models->sets; set; set = set->next) {
        if (set->config == config) {
            return set;
        }
    }
    return set_new(models, config, config_tier_find(config, slice_of(models->tier)));
}

struct models *models_new(struct process *process, const struct config_tier *tier,
                          enum caller_kind kind) {
    struct models *models = mem_zalloc(sizeof(*models));
    models->process = process;
    models->tier = mem_string(tier->name);
    models->kind = kind;
    models->share = 1;
    set_new(models, process->config, tier);
    return models;
}

void models_switch(struct models *models, struct slice weights) {
    int64_t now_ms = loop_now_ms(models->process->loop);
    buf_clear(&models->switched);
    buf_slice_add(&models->switched, weights);
    for (struct model_set *set = models->sets; set; set = set->next) {
        weigh(models, set);
        limit(models, set, now_ms);
    }
    limit(models, set_of(models, models->process->config), now_ms);
}

void models_free(struct models *models) {
    while (models->sets) {
        struct model_set *set = models->sets;
        models->sets = set->next;
        set_free(set);
    }
    while (models->states) {
        struct model_state *state = models->states;
        models->states = state->next;
        mem_free((char *)(uintptr_t)state->name);
        mem_free(state);
    }
    buf_fini(&models->switched);
    mem_free(models->tier);
    mem_free(models);
}

// --- which model

// Notes what holds calls back, and for how long it did.
static void note(struct models *models, struct model_state *state, enum gate_hold hold,
                 int64_t now_ms) {
    if (hold == state->held) {
        return;
    }
    if (state->held != GATE_FREE) {
        state->held_by->value += (double)(now_ms - state->held_ms) / 1000;
    }
    state->held = hold;
    state->held_ms = now_ms;
    if (hold == GATE_FREE) {
        return;
    }
    const char *by = gate_hold_name(&state->gate, hold);
    state->held_by = metric_cell(&models->process->metrics, METRIC_HELD_SECONDS, by);
    if (hold != GATE_IN_FLIGHT && log_wants(LOG_DEBUG) && now_ms - state->said_ms >= SAY_MS) {
        log_debug("%s: calls are kept back by %s", state->name, by);
        state->said_ms = now_ms;
    }
}

static bool may_call(struct models *models, struct model_use *use, const struct hop *hop,
                     int64_t now_ms, struct models_wait *wait) {
    int64_t wait_ms;
    enum gate_hold hold = gate_ask(&use->state->gate, hop->job.input.len, now_ms, &wait_ms);
    note(models, use->state, hold, now_ms);
    if (hold == GATE_FREE) {
        return true;
    }
    const enum gate_rate rate = use->state->gate.narrowest;
    wait->away &= hold == GATE_AWAY;
    wait->too_large |= hold == GATE_RATE && rate != GATE_REQUESTS && rate != GATE_SPEND;
    wait->busy |= hold == GATE_IN_FLIGHT;
    if (wait->wait_ms < 0 || (wait_ms >= 0 && wait_ms < wait->wait_ms)) {
        wait->wait_ms = wait_ms;
    }
    return false;
}

static uint32_t place_of(const struct model_set *set, const struct hop *hop) {
    uint64_t point = set->weights ? hash64(uuid_slice(&hop->job.id), 0) % set->weights : 0;
    uint32_t chosen = 0;
    while (chosen + 1 < set->model_count && point >= set->models[chosen]->weight) {
        point -= set->models[chosen]->weight;
        chosen++;
    }
    return chosen;
}

// Its place in the set was made with the model that it verifies.
static struct model_use *verifier_of(struct models *models, const struct hop *hop) {
    struct model_set *set = set_of(models, hop->config);
    return use_of(models, set, set->tier, hop->call.verified->conf->verifier);
}

struct model_use *models_choose(struct models *models, const struct hop *hop, int64_t now_ms,
                                struct models_wait *wait) {
    struct model_set *set = set_of(models, hop->config);
    uint32_t chosen = place_of(set, hop);
    *wait = (struct models_wait){.asked = true, .away = true, .wait_ms = -1};
    if (hop->call.verified) {
        struct model_use *use = verifier_of(models, hop);
        return may_call(models, use, hop, now_ms, wait) ? use : NULL;
    }
    for (uint32_t i = 0; i < set->model_count; i++) {
        struct model_use *use = set->models[(chosen + i) % set->model_count];
        bool meant = hop->call.only == NULL ? use->weight > 0 : use->conf == hop->call.only;
        if (meant && may_call(models, use, hop, now_ms, wait)) {
            return use;
        }
    }
    return NULL;
}

bool models_use(struct models *models, const struct hop *hop, const struct config_model *conf) {
    const struct model_set *set = set_of(models, hop->config);
    for (uint32_t i = 0; i < set->model_count; i++) {
        if (set->models[i]->conf == conf) {
            return set->models[i]->weight > 0;
        }
    }
    return false;
}

struct model_use *models_first(struct models *models, const struct hop *hop) {
    if (hop->call.verified) {
        return verifier_of(models, hop);
    }
    struct model_set *set = set_of(models, hop->config);
    return set->models[place_of(set, hop)];
}

bool model_may_call(struct models *models, struct model_use *use, const struct hop *hop,
                    int64_t now_ms) {
    struct models_wait wait = {.wait_ms = -1};
    return may_call(models, use, hop, now_ms, &wait);
}

bool models_away(struct models *models) {
    struct model_set *set = set_of(models, models->process->config);
    for (uint32_t i = 0; i < set->model_count; i++) {
        if (set->models[i]->weight > 0 && !gate_is_away(&set->models[i]->state->gate)) {
            return false;
        }
    }
    return true;
}

bool models_have_room(struct models *models, size_t bytes, int64_t now_ms) {
    struct model_set *set = set_of(models, models->process->config);
    int64_t wait_ms;
    for (uint32_t i = 0; i < set->model_count; i++) {
        struct model_use *use = set->models[i];
        if (use->weight > 0 && gate_ask(&use->state->gate, bytes, now_ms, &wait_ms) == GATE_FREE) {
            return true;
        }
    }
    return false;
}

// --- what is heard

static void tell(const struct models *models, const struct model_state *state,
                 enum gate_news news, bool holds) {
    const char *then = models->kind == CALLER_SHADOWS ? "it is a shadow, and no job waits for it"
                       : holds ? "its jobs wait, and it is tried now and then"
                             : "its jobs go to the next tier, and it is tried now and then";
    if (!gate_is_away(&state->gate)) {
        log_info("%s answers again", state->name);
    } else if (news == GATE_LOCKED) {
        log_error("%s refuses the credentials, or that it is used; %s", state->name, then);
    } else {
        log_warn("%s is away: %s; %s", state->name,
                 news == GATE_UNREACHED ? "it cannot be reached" : "it does not answer, or fails",
                 then);
    }
}

static void measure(struct models *models, const struct model_state *state) {
    struct metrics *metrics = &models->process->metrics;
    metric_set(metrics, METRIC_MODEL_STATE, state->name, (double)state->gate.breaker.state);
    metric_set(metrics, METRIC_CALLS_MOST, state->name, gate_most(&state->gate));
}

void model_heard(struct models *models, struct model_use *use, const struct gate_call *call,
                 const struct gate_reply *reply, int64_t now_ms) {
    struct model_state *state = use->state;
    bool was_away = gate_is_away(&state->gate);
    gate_hear(&state->gate, call, reply, now_ms, &models->process->random);
    state->refused->value += reply->news == GATE_BUSY;
    if (was_away != gate_is_away(&state->gate)) {
        tell(models, state, reply->news, use->holds);
        measure(models, state);
    }
}

void models_tidy(struct models *models, double share, int64_t now_ms) {
    sets_tidy(models);
    models->share = share;
    limit(models, set_of(models, models->process->config), now_ms);
    for (struct model_state *state = models->states; state; state = state->next) {
        measure(models, state);
    }
}
