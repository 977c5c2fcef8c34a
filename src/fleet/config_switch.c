#include "fleet/config_switch.h"

#include <string.h>
#include <sysexits.h>

#include "base/json.h"
#include "fleet/config_certificate.h"

enum { WEIGHT_MOST = 1000000 };

static const uint32_t models_most =
    sizeof(((struct config_tier *)0)->models) / sizeof(((struct config_tier *)0)->models[0]);

// One that gets nothing makes room for another.
static bool add(struct config_tier *tier, const struct config_model *model, uint32_t weight,
                struct err *err) {
    uint32_t place = tier->model_count;
    for (uint32_t i = 0; place == models_most && i < tier->model_count; i++) {
        place = tier->models[i].weight == 0 ? i : place;
    }
    if (place == models_most) {
        return err_exit(err, EX_CONFIG, "more than %u models in tier '%s'", models_most,
                        tier->name);
    }
    tier->models[place].model = model;
    tier->models[place].weight = weight;
    tier->model_count += place == tier->model_count;
    return true;
}

static bool weigh(const struct config *config, struct config_tier *tier, struct slice name,
                  int64_t weight, struct err *err) {
    const struct config_model *model = config_model_find(config, name);
    if (weight < 0 || weight > WEIGHT_MOST) {
        return err_exit(err, EX_CONFIG, "a weight is a whole number from 0 to %d", WEIGHT_MOST);
    }
    for (uint32_t i = 0; i < tier->model_count; i++) {
        if (slice_is(name, tier->models[i].model->model.name)) {
            tier->models[i].weight = (uint32_t)weight;
            return true;
        }
    }
    if (model == NULL && weight > 0) {
        return err_exit(err, EX_CONFIG, "%s has no model '%.*s'", config->file, SLICE_ARGS(name));
    }
    return weight == 0 || add(tier, model, (uint32_t)weight, err);
}

// Those that get nothing first, to make room.
static bool read(const struct config *config, struct slice weights, struct config_tier *tier,
                 struct arena *arena, struct err *err) {
    struct json json;
    struct err why;
    if (!json_parse(&json, weights, &json_default_limits, arena, &why)) {
        return err_exit(err, EX_CONFIG, "weights that cannot be read: %s", why.text);
    }
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t at = json_first(&json, 0); at; at = json_after(&json, 0, at)) {
            int64_t weight = -1;
            bool ok = json_integer(&json, at + 1, &weight);
            if ((weight == 0) == (pass == 0) &&
                !weigh(config, tier, json_string(&json, at, arena), ok ? weight : -1, err)) {
                return false;
            }
        }
    }
    return true;
}

// --- the paths that lead there

static bool threshold_check(const struct path *path, const struct path_tier *of,
                            const struct config_tier *tier, struct err *err) {
    for (uint32_t i = 0; of->accept > 0 && !of->skipped && i < tier->model_count; i++) {
        const struct model *model = &tier->models[i].model->model;
        if (tier->models[i].weight > 0 && model->confidence == CONFIDENCE_NONE) {
            return err_exit(err, EX_CONFIG,
                            "path %s: model '%s' has confidence none, so no answer "
                            "of it could reach %g",
                            path->name, model->name, of->accept);
        }
    }
    return true;
}

static bool paths_check(const struct config *config, const struct config_tier *tier,
                        struct err *err) {
    for (uint32_t i = 0; i < config->path_count; i++) {
        const struct path *path = &config->paths[i].policy;
        int place = path_tier_index(path, slice_of(tier->name));
        if (place < 0) {
            continue;
        }
        if (!threshold_check(path, &path->tiers[place], tier, err) ||
            !config_certificate_fits(path, tier, err)) {
            return false;
        }
    }
    return true;
}

bool config_switch(const struct config *config, const struct config_tier *tier,
                   struct slice weights, struct config_tier *out, struct err *err) {
    struct arena_pool pool;
    struct arena arena;
    uint64_t sum = 0;
    *out = *tier;
    if (weights.at == NULL) {
        return true;
    }
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    bool ok = read(config, weights, out, &arena, err);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    for (uint32_t i = 0; i < out->model_count; i++) {
        sum += out->models[i].weight;
    }
    if (ok && sum == 0) {
        return err_exit(err, EX_CONFIG, "all weights of tier '%s' would be 0", tier->name);
    }
    return ok && paths_check(config, out, err);
}
