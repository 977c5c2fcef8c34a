#include "fleet/config_parts.h"

// TIERS_MOST is also what the escalator keeps figures of.
enum { TIERS_MOST = 64, TIER_MODELS_MOST = 8, TIER_SHADOWS_MOST = 4 };

struct draft {
    const struct conf_node *models, *shadow;
    uint32_t in_flight;
    int64_t usual_ms, latency_ms;
    int away;
};

struct draft_use {
    const char *use;
    uint32_t weight;
};

struct draft_shadow {
    const char *use;
    double share;
};

// clang-format off
static const struct conf_row tier_rows[] = {
    {"models", CONF_NODE, offsetof(struct draft, models), NULL, 0, 0, "list",
     "up to 8 models that stand in for each other, [name@version] or as below"},
    {"shadow", CONF_NODE, offsetof(struct draft, shadow), "", 0, 0, "list",
     "up to 4 models that are asked the same when a job's attempt is stored, [name@version] or as "
     "below; what they say is stored and never decided upon"},
    {"in_flight", CONF_COUNT, offsetof(struct draft, in_flight), "", 1, 1000000, NULL,
     "most calls at a time, of one worker; absent: limits.in_flight"},
    {"usual", CONF_DURATION, offsetof(struct draft, usual_ms), "1s", 0, 86400000, NULL,
     "latency to expect before any was measured: a job with less time left is not sent here, and, "
     "where this is written, not called"},
    {"latency", CONF_DURATION, offsetof(struct draft, latency_ms), "", 1, 86400000, NULL,
     "longest that a job is kept, from being taken to its answer, retries and waiting for room "
     "included; then it goes to the next tier (limit.latency); absent: any"},
    {"away", CONF_CHOICE, offsetof(struct draft, away), "hold", 0, 0, "hold next",
     "while none of its models is there: hold, its jobs wait, in their topic and up to their "
     "deadline; next, they go to the next tier"},
};

static const struct conf_row use_rows[] = {
    {"use", CONF_TEXT, offsetof(struct draft_use, use), NULL, 0, 0, NULL,
     "a name@version of models"},
    {"weight", CONF_COUNT, offsetof(struct draft_use, weight), "1", 0, 1000000, NULL,
     "its share of the jobs, among the weights of the tier; 0: none"},
};

static const struct conf_row shadow_rows[] = {
    {"use", CONF_TEXT, offsetof(struct draft_shadow, use), NULL, 0, 0, NULL,
     "a name@version of models, none of the tier's own"},
    {"share", CONF_NUMBER, offsetof(struct draft_shadow, share), "1", 0, 1, NULL,
     "of the jobs, drawn by their ids"},
};
// clang-format on

#define TABLE(place, rows) {place, rows, sizeof(rows) / sizeof((rows)[0])}
static const struct conf_table tier_table = TABLE("tiers.<name>", tier_rows);
static const struct conf_table use_table = TABLE("tiers.<name>.models[]", use_rows);
static const struct conf_table shadow_table = TABLE("tiers.<name>.shadow[]", shadow_rows);

void config_tiers_reference(FILE *out) {
    conf_reference(&tier_table, out);
    conf_reference(&use_table, out);
    conf_reference(&shadow_table, out);
}

// A tier is a part of its topic's name, beside those of results, decisions and dead letters.
static bool name_check(const struct conf_node *node, struct err *err) {
    static const struct config_naming naming = {"a tier", "_-", 48};
    static const char *const taken[] = {"results", "decisions", "dead", "review"};
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        if (strcmp(node->key, taken[i]) == 0) {
            return conf_error(node, err, "the name stands for something else; call it otherwise");
        }
    }
    return config_name_check(&naming, node, node->key, err);
}

bool config_no_model(struct config *config, const struct conf_node *node, struct err *err) {
    char shown[CONF_SHOWN];
    const char **names = arena_alloc(&config->arena, config->model_count * sizeof(*names));
    for (uint32_t i = 0; i < config->model_count; i++) {
        names[i] = config->models[i].model.name;
    }
    return conf_error(node, err, "there is no model %s%s", conf_shown(node, shown),
                      config_hint(config, node->text, names, config->model_count));
}

static bool use_read(struct config *config, const struct conf_node *node,
                     struct config_tier *tier, struct err *err) {
    struct draft_use draft = {.weight = 1};
    if (node->type == CONF_SCALAR) {
        draft.use = node->text;
    } else if (!conf_fill(&use_table, node, &draft, &config->arena, err)) {
        return false;
    }
    const struct config_model *model = config_model_find(config, slice_of(draft.use));
    if (model == NULL) {
        return config_no_model(config, config_at(node, "use"), err);
    }
    for (uint32_t i = 0; i < tier->model_count; i++) {
        if (tier->models[i].model == model) {
            return conf_error(node, err, "model '%s' is twice in this tier", draft.use);
        }
    }
    tier->models[tier->model_count].model = model;
    tier->models[tier->model_count++].weight = draft.weight;
    return true;
}

static bool shadow_read(struct config *config, const struct conf_node *node,
                        struct config_tier *tier, struct err *err) {
    struct draft_shadow draft = {.share = 1};
    if (node->type == CONF_SCALAR) {
        draft.use = node->text;
    } else if (!conf_fill(&shadow_table, node, &draft, &config->arena, err)) {
        return false;
    }
    const struct config_model *model = config_model_find(config, slice_of(draft.use));
    if (model == NULL) {
        return config_no_model(config, config_at(node, "use"), err);
    }
    bool twice = false;
    for (uint32_t i = 0; i < tier->model_count; i++) {
        twice |= tier->models[i].model == model;
    }
    for (uint32_t i = 0; i < tier->shadow_count; i++) {
        twice |= tier->shadows[i].model == model;
    }
    if (twice) {
        return conf_error(node, err, "model '%s' is twice in this tier", draft.use);
    }
    tier->shadows[tier->shadow_count].model = model;
    tier->shadows[tier->shadow_count++].share = draft.share;
    return true;
}

static bool shadows_read(struct config *config, const struct conf_node *list,
                         struct config_tier *tier, struct err *err) {
    if (list && config_children(list) > TIER_SHADOWS_MOST) {
        return conf_error(list, err, "here are %zu models; allowed are up to %d",
                          config_children(list), TIER_SHADOWS_MOST);
    }
    for (const struct conf_node *use = list ? list->children : NULL; use; use = use->next) {
        if (!shadow_read(config, use, tier, err)) {
            return false;
        }
    }
    return true;
}

static bool tier_read(struct config *config, const struct conf_node *node,
                      struct config_tier *tier, struct err *err) {
    struct draft draft;
    uint64_t weights = 0;
    if (!name_check(node, err) || !conf_fill(&tier_table, node, &draft, &config->arena, err)) {
        return false;
    }
    size_t count = config_children(draft.models);
    if (count == 0 || count > TIER_MODELS_MOST) {
        return conf_error(draft.models, err, "here are %zu models; allowed are 1 to %d", count,
                          TIER_MODELS_MOST);
    }
    tier->name = node->key;
    tier->in_flight = draft.in_flight ? draft.in_flight : config->limits.in_flight;
    if (tier->in_flight > config->limits.in_flight) {
        return conf_error(conf_get(node, "in_flight"), err, "more than limits.in_flight, %u",
                          config->limits.in_flight);
    }
    tier->usual_ms = draft.usual_ms;
    tier->usual_given = conf_get(node, "usual") != NULL;
    tier->latency_ms = draft.latency_ms;
    tier->away = (enum tier_away)draft.away;
    for (const struct conf_node *use = draft.models->children; use; use = use->next) {
        if (!use_read(config, use, tier, err)) {
            return false;
        }
        weights += tier->models[tier->model_count - 1].weight;
    }
    return (weights > 0 || conf_error(draft.models, err, "all weights are 0")) &&
           shadows_read(config, draft.shadow, tier, err);
}

bool config_tiers_read(struct config *config, const struct conf_node *tiers, struct err *err) {
    size_t count = config_children(tiers);
    if (count == 0 || count > TIERS_MOST) {
        return conf_error(tiers, err, "here are %zu tiers; allowed are 1 to %d", count, TIERS_MOST);
    }
    struct config_tier *all = arena_zalloc(&config->arena, count * sizeof(*all));
    config->tiers = all;
    for (const struct conf_node *node = tiers->children; node; node = node->next) {
        if (!tier_read(config, node, &all[config->tier_count++], err)) {
            return false;
        }
    }
    return true;
}
