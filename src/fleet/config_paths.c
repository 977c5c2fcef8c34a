#include <math.h>

#include "base/file.h"
#include "fleet/config_parts.h"
#include "job/job.h"

enum { PATHS_MOST = 256, FIELDS_MOST = 64 };

struct draft {
    const struct conf_node *tiers, *accept, *answer, *limits, *review;
    const char *rules, *certificate, *audit_by, *lane;
    int last, keep, broken;
    double audit;
};

struct draft_answer {
    const struct conf_node *labels, *fields;
};

struct draft_field {
    const struct conf_node *labels;
    bool optional;
};

struct draft_limits {
    int64_t deadline_ms, spend_pico_usd;
    uint32_t hops;
};

// clang-format off
#define PATH(member) offsetof(struct draft, member)
static const struct conf_row path_rows[] = {
    {"tiers", CONF_NODE, PATH(tiers), NULL, 0, 0, "list",
     "the tiers in the order in which a job visits them, up to 8"},
    {"accept", CONF_NODE, PATH(accept), "", 0, 0, "map",
     "tier: the confidence from 0 to 1 at which its answer stands; 0: only form and rules count, "
     "which is also what holds for an absent tier whose models all have confidence none; every "
     "other tier must be named"},
    {"certificate", CONF_TEXT, PATH(certificate), "", 0, 0, NULL,
     "instead of accept: a file that `taskfit tune` wrote, for the models and prompts of these "
     "tiers; it says which tiers are asked, in which order, and when their answers stand"},
    {"answer", CONF_NODE, PATH(answer), "", 0, 0, "map",
     "the form of an answer, below; absent: any JSON"},
    {"rules", CONF_TEXT, PATH(rules), "", 0, 0, NULL,
     "a file with a jq program that gives { name: breach }: false and null hold, true or a text is "
     "a breach; comments '# rule NAME SEVERITY: text' declare names, SEVERITY being escalate, "
     "review, dead or note; a breach of a name not declared escalates"},
    {"last", CONF_CHOICE, PATH(last), "review", 0, 0, "review accept_best dead",
     "what becomes of a job that cannot move on: it goes to people; or the surest of its answers "
     "that breach no rule stands, and without one it goes to people; or it is dead"},
    {"keep", CONF_CHOICE, PATH(keep), "review", 0, 0, "review all none",
     "which inputs are kept in the database: those that people shall look at (review and audit), "
     "all, or none"},
    {"limits", CONF_NODE, PATH(limits), "", 0, 0, "map", "what bounds a job, below"},
    {"audit", CONF_NUMBER, PATH(audit), "0", 0, 1, NULL,
     "share of accepted answers that are drawn for a check, which delays no outcome; what it finds "
     "is held against the certificate's promise"},
    {"audit_by", CONF_TEXT, PATH(audit_by), "review", 0, 0, NULL,
     "who checks them: people (review), or a tier of this path, whose answer counts as right; its "
     "own answers go to people"},
    {"broken", CONF_CHOICE, PATH(broken), "alert", 0, 0, "alert raise next",
     "while audits show that the promise does not hold: the log and the metrics tell and answers "
     "stand as before; their confidence must be halfway from the threshold to certainty; they go "
     "to the next tier"},
    {"review", CONF_NODE, PATH(review), "", 0, 0, "map", "how people look at jobs, below"},
    {"lane", CONF_TEXT, PATH(lane), "default", 0, 0, NULL,
     "one of lanes, which its jobs wait in at every tier"},
};

#define ANSWER(member) offsetof(struct draft_answer, member)
static const struct conf_row answer_rows[] = {
    {"labels", CONF_NODE, ANSWER(labels), "", 0, 0, "list", "the answer is one of these texts"},
    {"fields", CONF_NODE, ANSWER(fields), "", 0, 0, "map",
     "instead of labels: the answer is an object with these fields"},
};

#define FIELD(member) offsetof(struct draft_field, member)
static const struct conf_row field_rows[] = {
    {"labels", CONF_NODE, FIELD(labels), "", 0, 0, "list",
     "the field is one of these texts; absent: anything but null"},
    {"optional", CONF_SWITCH, FIELD(optional), "false", 0, 0, NULL, "the field may be absent"},
};

#define LIMIT(member) offsetof(struct draft_limits, member)
static const struct conf_row limits_rows[] = {
    {"deadline", CONF_DURATION, LIMIT(deadline_ms), "24h", 0, 31536000000, NULL,
     "from the job's creation to its outcome; 0: none"},
    {"hops", CONF_COUNT, LIMIT(hops), "", 1, HOPS_MOST, NULL,
     "most visits to tiers; absent: the number of tiers"},
    {"spend", CONF_MONEY, LIMIT(spend_pico_usd), "1", 0, 0, NULL,
     "USD a job may cost before it moves no further; 0: no limit"},
};

#define REVIEW(member) offsetof(struct review_policy, member)
static const struct conf_row review_rows[] = {
    {"second", CONF_NUMBER, REVIEW(second), "0", 0, 1, NULL,
     "share of reviewed jobs that a second person looks at, without knowing the first one's word"},
    {"four_eyes", CONF_SWITCH, REVIEW(four_eyes), "false", 0, 0, NULL,
     "nothing becomes the outcome until two persons have said the same"},
    {"lease", CONF_DURATION, REVIEW(lease_ms), "15m", 1000, 86400000, NULL,
     "how long a job stays with the person who looks at it"},
};
// clang-format on

#define TABLE(place, rows) {place, rows, sizeof(rows) / sizeof((rows)[0])}
static const struct conf_table path_table = TABLE("paths.<name>", path_rows);
static const struct conf_table answer_table = TABLE("paths.<name>.answer", answer_rows);
static const struct conf_table field_table = TABLE("paths.<name>.answer.fields.<name>", field_rows);
static const struct conf_table limits_table = TABLE("paths.<name>.limits", limits_rows);
static const struct conf_table review_table = TABLE("paths.<name>.review", review_rows);

void config_paths_reference(FILE *out) {
    conf_reference(&path_table, out);
    conf_reference(&answer_table, out);
    conf_reference(&field_table, out);
    conf_reference(&limits_table, out);
    conf_reference(&review_table, out);
}

// --- tiers

static bool no_tier(struct config *config, const struct conf_node *node, struct err *err) {
    const char **names = arena_alloc(&config->arena, config->tier_count * sizeof(*names));
    for (uint32_t i = 0; i < config->tier_count; i++) {
        names[i] = config->tiers[i].name;
    }
    char shown[CONF_SHOWN];
    return conf_error(node, err, "there is no tier %s%s", conf_shown(node, shown),
                      config_hint(config, node->text, names, config->tier_count));
}

static bool tiers_read(struct config *config, const struct conf_node *list, struct path *path,
                       struct err *err) {
    const char *const *names;
    if (!config_texts(config, list, &names, &path->tier_count, err)) {
        return false;
    }
    if (path->tier_count > PATH_TIERS_MOST) {
        return conf_error(list, err, "here are %u tiers; allowed are 1 to %d", path->tier_count,
                          PATH_TIERS_MOST);
    }
    const struct conf_node *node = list->children;
    for (uint32_t i = 0; i < path->tier_count; i++, node = node->next) {
        if (config_tier_find(config, slice_of(names[i])) == NULL) {
            return no_tier(config, node, err);
        }
        path->tiers[i].name = names[i];
    }
    return true;
}

// --- accept

// A model of the tier that gives a confidence, or (wanted false) one that gives none; NULL: none.
static const struct config_model *model_that(const struct config *config, const char *tier_name,
                                             bool gives) {
    const struct config_tier *tier = config_tier_find(config, slice_of(tier_name));
    for (uint32_t i = 0; i < tier->model_count; i++) {
        bool none = tier->models[i].model->model.confidence == CONFIDENCE_NONE;
        if (none != gives) {
            return tier->models[i].model;
        }
    }
    return NULL;
}

static bool threshold_check(const struct config *config, const struct conf_node *path,
                            const struct path_tier *tier, struct err *err) {
    const struct conf_node *accept = conf_get(path, "accept");
    const struct conf_node *node = conf_get(accept, tier->name);
    const struct config_model *none = model_that(config, tier->name, false);
    const struct config_model *some = model_that(config, tier->name, true);
    if (node && tier->accept > 0 && none) {
        return conf_error(node, err,
                          "model '%s' of this tier has confidence none, so no answer of it could "
                          "reach %g; write 0 for form and rules only, or give the model a "
                          "'confidence'",
                          none->model.name, tier->accept);
    }
    if (node == NULL && some) {
        return conf_error(accept ? accept : path, err,
                          "accept for tier '%s' is missing: model '%s' gives a confidence; write "
                          "the threshold from 0 to 1, or 0 for form and rules only",
                          tier->name, some->model.name);
    }
    return true;
}

// The tiers of this path are the keys of its map.
static bool accept_read(struct config *config, const struct conf_node *path_node,
                        struct path *path, struct err *err) {
    struct conf_row rows[PATH_TIERS_MOST];
    double thresholds[PATH_TIERS_MOST];
    for (uint32_t i = 0; i < path->tier_count; i++) {
        rows[i] = (struct conf_row){.key = path->tiers[i].name,
                                    .kind = CONF_NUMBER,
                                    .offset = i * sizeof(double),
                                    .fallback = "",
                                    .most = 1};
    }
    struct conf_table table = {"this path's accept", rows, path->tier_count};
    if (!conf_fill(&table, conf_get(path_node, "accept"), thresholds, &config->arena, err)) {
        return false;
    }
    for (uint32_t i = 0; i < path->tier_count; i++) {
        path->tiers[i].accept = thresholds[i];
        if (!threshold_check(config, path_node, &path->tiers[i], err)) {
            return false;
        }
    }
    return true;
}

static bool thresholds_read(struct config *config, const struct conf_node *node,
                            struct config_path *path, struct err *err) {
    const struct conf_node *certificate = conf_get(node, "certificate");
    if (certificate == NULL) {
        return accept_read(config, node, &path->policy, err);
    }
    if (conf_get(node, "accept")) {
        return conf_error(certificate, err, "write either 'accept' or 'certificate'");
    }
    for (uint32_t i = 0; config->to_tune && i < path->policy.tier_count; i++) {
        path->policy.tiers[i].accept = INFINITY;
    }
    return config->to_tune || config_certificate_read(config, certificate, path, err);
}

// --- answer

static bool labels_read(struct config *config, const struct conf_node *list,
                        struct answer_field *field, struct err *err) {
    return list == NULL ||
           config_texts(config, list, &field->labels, &field->label_count, err);
}

static bool field_read(struct config *config, const struct conf_node *node,
                       struct answer_field *field, struct err *err) {
    struct draft_field draft;
    field->name = node->key;
    if (node->key[0] == '\0') {
        return conf_error(node, err, "a field has a name");
    }
    if (!conf_fill(&field_table, node, &draft, &config->arena, err)) {
        return false;
    }
    field->optional = draft.optional;
    return labels_read(config, draft.labels, field, err);
}

static bool fields_read(struct config *config, const struct conf_node *map,
                        struct answer_form *form, struct err *err) {
    size_t count = config_children(map);
    if (count == 0 || count > FIELDS_MOST) {
        return conf_error(map, err, "here are %zu fields; allowed are 1 to %d", count,
                          FIELDS_MOST);
    }
    struct answer_field *fields = arena_zalloc(&config->arena, count * sizeof(*fields));
    form->fields = fields;
    for (const struct conf_node *node = map->children; node; node = node->next) {
        if (!field_read(config, node, &fields[form->field_count++], err)) {
            return false;
        }
    }
    return true;
}

static bool answer_read(struct config *config, const struct conf_node *node,
                        struct answer_form *form, struct err *err) {
    struct draft_answer draft;
    if (node == NULL) {
        return true;
    }
    if (!conf_fill(&answer_table, node, &draft, &config->arena, err)) {
        return false;
    }
    if ((draft.labels == NULL) == (draft.fields == NULL)) {
        return conf_error(node, err, "write either 'labels' or 'fields'");
    }
    if (draft.fields) {
        return fields_read(config, draft.fields, form, err);
    }
    struct answer_field *whole = arena_zalloc(&config->arena, sizeof(*whole));
    form->fields = whole;
    form->field_count = 1;
    return labels_read(config, draft.labels, whole, err);
}

// --- a path

static bool limits_read(struct config *config, const struct conf_node *node, struct path *path,
                        struct err *err) {
    struct draft_limits draft;
    if (!conf_fill(&limits_table, node, &draft, &config->arena, err)) {
        return false;
    }
    path->deadline_ms = draft.deadline_ms;
    path->spend_pico_usd = draft.spend_pico_usd;
    path->hops = draft.hops ? draft.hops : path->tier_count;
    return true;
}

static bool rules_read(struct config *config, const struct conf_node *node,
                       struct config_path *path, struct err *err) {
    const char *file = file_beside(node->file, node->text, &config->arena);
    struct err why;
    return rules_load(&path->rules, file, CONFIG_PROGRAM_BYTES, &config->arena, &why) ||
           conf_error(node, err, "%s", why.text);
}

static bool audit_read(const struct conf_node *node, const struct draft *draft,
                       struct path *path, struct err *err) {
    path->audit = draft->audit;
    path->broken = (enum path_broken)draft->broken;
    path->audit_tier = strcmp(draft->audit_by, "review") == 0 ? NULL : draft->audit_by;
    return path->audit_tier == NULL || path_tier_index(path, slice_of(path->audit_tier)) >= 0 ||
           conf_error(conf_get(node, "audit_by"), err,
                      "this is neither review nor one of the path's tiers");
}

static bool path_read(struct config *config, const struct conf_node *node,
                      struct config_path *path, struct err *err) {
    static const struct config_naming naming = {"a path", "._-", 64};
    struct path *policy = &path->policy;
    struct draft draft;
    if (!config_name_check(&naming, node, node->key, err) ||
        !conf_fill(&path_table, node, &draft, &config->arena, err)) {
        return false;
    }
    policy->name = node->key;
    policy->last = (enum path_last)draft.last;
    policy->keep = (enum path_keep)draft.keep;
    if (!config_lane_of_path(config, conf_get(node, "lane"), policy, err) ||
        !tiers_read(config, draft.tiers, policy, err) ||
        !thresholds_read(config, node, path, err) || !audit_read(node, &draft, policy, err) ||
        !answer_read(config, draft.answer, &policy->answer, err) ||
        !limits_read(config, draft.limits, policy, err) ||
        !conf_fill(&review_table, draft.review, &policy->review, &config->arena, err)) {
        return false;
    }
    if (draft.rules && !rules_read(config, conf_get(node, "rules"), path, err)) {
        return false;
    }
    config_policy_seal(config, path);
    return true;
}

bool config_paths_read(struct config *config, const struct conf_node *paths, struct err *err) {
    size_t count = config_children(paths);
    if (count == 0 || count > PATHS_MOST) {
        return conf_error(paths, err, "here are %zu paths; allowed are 1 to %d", count, PATHS_MOST);
    }
    struct config_path *all = arena_zalloc(&config->arena, count * sizeof(*all));
    config->paths = all;
    for (const struct conf_node *node = paths->children; node; node = node->next) {
        if (!path_read(config, node, &all[config->path_count++], err)) {
            return false;
        }
    }
    return true;
}
