// A path's thresholds from its certificate: only for the models and prompts that it was made with.
#include "fleet/config_certificate.h"

#include <assert.h>
#include <sysexits.h>

#include "base/file.h"
#include "fleet/config_parts.h"

struct joining {
    struct config *config;
    const struct conf_node *node;  // the key `certificate`, which errors are said about
    const struct certificate *certificate;
    const char *file;
};

// --- versions

static void versions_add(struct certificate_versions *versions, const char *name) {
    if (name && !certificate_versions_has(versions, slice_of(name))) {
        assert(versions->count < CERTIFICATE_VERSIONS_MOST);
        versions->names[versions->count++] = slice_of(name);
    }
}

void config_tier_versions(const struct config_tier *tier, struct certificate_versions *models,
                          struct certificate_versions *prompts) {
    models->count = prompts->count = 0;
    for (uint32_t i = 0; i < tier->model_count; i++) {
        if (tier->models[i].weight > 0) {
            versions_add(models, tier->models[i].model->model.name);
            versions_add(prompts, tier->models[i].model->model.prompt_version);
        }
    }
}

static bool is_same(const struct certificate_versions *a, const struct certificate_versions *b) {
    for (uint32_t i = 0; i < a->count; i++) {
        if (!certificate_versions_has(b, a->names[i])) {
            return false;
        }
    }
    return a->count == b->count;
}

static void list(const struct certificate_versions *versions, struct buf *out) {
    for (uint32_t i = 0; i < versions->count; i++) {
        buf_text(out, i ? ", " : "");
        buf_slice_add(out, versions->names[i]);
    }
    buf_text(out, versions->count ? "" : "none");
}

static const char *listed(const struct joining *j, const struct certificate_versions *versions) {
    struct buf text = {0};
    list(versions, &text);
    const char *kept = arena_string(&j->config->arena, buf_slice(&text));
    buf_fini(&text);
    return kept;
}

bool config_certificate_fits(const struct path *path, const struct config_tier *tier,
                             struct err *err) {
    const struct certificate_tier *of =
        path->certificate ? certificate_tier_find(path->certificate, tier->name) : NULL;
    struct certificate_versions models, prompts;
    if (of == NULL || !of->used) {
        return true;
    }
    config_tier_versions(tier, &models, &prompts);
    bool same = is_same(&models, &of->models);
    if (same && is_same(&prompts, &of->prompts)) {
        return true;
    }
    struct buf was = {0}, would_be = {0};
    list(same ? &of->prompts : &of->models, &was);
    list(same ? &prompts : &models, &would_be);
    err_exit(err, EX_CONFIG, "path %s: its certificate was made with %s %s of tier '%s', and this "
             "would be %s; tune anew with it", path->name, same ? "prompt" : "model",
             buf_string(&was), tier->name, buf_string(&would_be));
    buf_fini(&was);
    buf_fini(&would_be);
    return false;
}

static bool versions_check(const struct joining *j, const struct certificate_tier *tier,
                           struct err *err) {
    struct certificate_versions models, prompts;
    config_tier_versions(config_tier_find(j->config, slice_of(tier->name)), &models, &prompts);
    if (tier->models.count == 0) {
        return conf_error(j->node, err,
                          "%s does not say which models of tier '%s' it was made with; let "
                          "`taskfit tune` know the path with --path", j->file, tier->name);
    }
    bool same = is_same(&models, &tier->models);
    if (same && is_same(&prompts, &tier->prompts)) {
        return true;
    }
    return conf_error(j->node, err,
                      "%s was made with %s %s of tier '%s', and here is %s; tune anew, or put the "
                      "old one back", j->file, same ? "prompt" : "model",
                      listed(j, same ? &tier->prompts : &tier->models), tier->name,
                      listed(j, same ? &prompts : &models));
}

// --- tiers

static bool confidence_check(const struct joining *j, const struct path_tier *tier,
                             struct err *err) {
    const struct config_tier *conf = config_tier_find(j->config, slice_of(tier->name));
    for (uint32_t i = 0; i < conf->model_count; i++) {
        const struct model *model = &conf->models[i].model->model;
        if (tier->accept > 0 && model->confidence == CONFIDENCE_NONE) {
            return conf_error(j->node, err, "model '%s' of tier '%s' has confidence none, and %s "
                              "a threshold for it", model->name, tier->name, j->file);
        }
    }
    return true;
}

// Of a policy that promises nothing the last tier answers what is left, sure or not.
static bool use_tier(const struct joining *j, const struct certificate_tier *from, bool last,
                     struct path_tier *tier, struct err *err) {
    bool rest = last && !j->certificate->promises;
    *tier = (struct path_tier){.name = from->name,
                               .accept = rest ? 0 : j->certificate->tau,
                               .calibration = &from->calibration};
    return versions_check(j, from, err) && confidence_check(j, tier, err);
}

static bool has_tier(const struct path_tier *tiers, uint32_t count, const char *name) {
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(tiers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool tiers_join(const struct joining *j, struct path *path, struct err *err) {
    const struct certificate *c = j->certificate;
    struct path_tier tiers[PATH_TIERS_MOST];
    uint32_t count = 0, used = 0;
    for (uint32_t i = 0; i < path->tier_count; i++) {
        const struct certificate_tier *of = certificate_tier_find(c, path->tiers[i].name);
        if (of == NULL) {
            return conf_error(j->node, err, "%s says nothing of tier '%s'; tune with it, or take "
                              "it out of this path's tiers", j->file, path->tiers[i].name);
        }
        used += of->used;
        if (!of->used) {
            tiers[count++] = (struct path_tier){.name = of->name, .accept = 1,
                                                .calibration = &of->calibration,
                                                .skipped = true};
        }
    }
    for (uint32_t i = 0; i < c->tier_count; i++) {
        if (!c->tiers[i].used) {
            continue;
        }
        if (!has_tier(path->tiers, path->tier_count, c->tiers[i].name)) {
            return conf_error(j->node, err, "%s needs tier '%s', which is none of this path's",
                              j->file, c->tiers[i].name);
        }
        used--;
        if (!use_tier(j, &c->tiers[i], used == 0, &tiers[count++], err)) {
            return false;
        }
    }
    memcpy(path->tiers, tiers, count * sizeof(*tiers));
    return true;
}

bool config_certificate_read(struct config *config, const struct conf_node *node,
                             struct config_path *path, struct err *err) {
    struct certificate *certificate = arena_zalloc(&config->arena, sizeof(*certificate));
    struct joining j = {config, node, certificate,
                        file_beside(node->file, node->text, &config->arena)};
    struct slice text;
    if (!file_read(j.file, CERTIFICATE_BYTES_MOST, &config->arena, &text, err)) {
        struct err why = *err;
        return conf_error(node, err, "%s", why.text);
    }
    if (!certificate_read(text, &config->arena, certificate, err)) {
        struct err why = *err;
        return conf_error(node, err, "%s: %s", j.file, why.text);
    }
    path->policy.certificate = certificate;
    return tiers_join(&j, &path->policy, err);
}
