#include "fleet/models.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/mem.h"
#include "fleet/process.h"
#include "io/http.h"

enum { MODELS_MOST = 8 };

// The models of the tier by one configuration. Lives as long as that does: hops call those of the
// configuration that they began with.
struct model_set {
    struct model_set *next;
    struct config *config;
    struct model_use models[MODELS_MOST];
    uint32_t model_count;
    uint32_t weights;  // their sum
};

struct models {
    struct process *process;
    char *tier;
    struct model_set *sets;
    struct model_state *states;
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
    };
    models->states = state;
    return state;
}

static void use_open(struct models *models, struct model_set *set, const struct config_tier *tier,
                     uint32_t i) {
    struct model_use *use = &set->models[i];
    const struct model *model = &tier->models[i].model->model;
    use->conf = tier->models[i].model;
    use->weight = tier->models[i].weight;
    use->headers = http_headers_new();
    if (model->key && model->dialect->key_header) {
        char line[4096];
        snprintf(line, sizeof(line), "%s%s", model->dialect->key_header, model->key);
        http_headers_add(use->headers, line);
    }
    for (const char *const *line = model->dialect->headers; line && *line; line++) {
        http_headers_add(use->headers, *line);
    }
    use->state = state_of(models, model->name);
    set->weights += use->weight;
}

static void set_free(struct model_set *set) {
    for (uint32_t i = 0; i < set->model_count; i++) {
        http_headers_free(set->models[i].headers);
    }
    config_release(set->config);
    mem_free(set);
}

// Frees those of configurations that neither a hop has any more nor the process.
void models_tidy(struct models *models) {
    struct model_set **at = &models->sets;
    while (*at) {
        struct model_set *set = *at;
        if (set->config->references > 1) {
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
    set->model_count = tier->model_count;
    for (uint32_t i = 0; i < tier->model_count; i++) {
        use_open(models, set, tier, i);
    }
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

struct models *models_new(struct process *process, const struct config_tier *tier) {
    struct models *models = mem_zalloc(sizeof(*models));
    models->process = process;
    models->tier = mem_string(tier->name);
    set_new(models, process->config, tier);
    return models;
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
    mem_free(models->tier);
    mem_free(models);
}

// --- which model

bool model_has_room(const struct model_use *use) {
    return use->weight > 0 && use->state->running < use->conf->model.in_flight;
}

struct model_use *models_choose(struct models *models, const struct hop *hop) {
    struct model_set *set = set_of(models, hop->config);
    uint64_t point = set->weights ? hash64(uuid_slice(&hop->job.id), 0) % set->weights : 0;
    uint32_t chosen = 0;
    while (chosen + 1 < set->model_count && point >= set->models[chosen].weight) {
        point -= set->models[chosen].weight;
        chosen++;
    }
    for (uint32_t i = 0; i < set->model_count; i++) {
        struct model_use *use = &set->models[(chosen + i) % set->model_count];
        if (model_has_room(use)) {
            return use;
        }
    }
    return NULL;
}
