// Labels and answers of the database. An item is a job; what would keep an answer from standing in
// force, a breach of form or rule, keeps it from being accepted here.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/labels_rows.h"
#include "fleet/config.h"
#include "io/pg_session.h"
#include "job/answer.h"
#include "job/job.h"
#include "job/reason.h"

// The columns of the query `tune_answers`, in its order.
enum column {
    COLUMN_JOB, COLUMN_LABEL, COLUMN_TIER, COLUMN_MODEL, COLUMN_PROMPT, COLUMN_ANSWER,
    COLUMN_ERROR, COLUMN_CONFIDENCE, COLUMN_COST, COLUMN_REASONS,
};

struct reading {
    const struct labels_wanted *wanted;
    struct labels_rows rows;
    struct arena_pool pool;
    struct sha256 sha;
    struct buf line;
    struct err *err;
};

struct answer {
    struct slice label, tier, model, prompt, answer, error, reasons;
    double confidence;
    int64_t cost_pico_usd;
};

// --- one answer

// That of a model, with the prompt, that the tier's jobs are called with now.
static bool is_current(const struct reading *r, const struct answer *a) {
    const struct config_tier *tier = config_tier_find(r->wanted->config, a->tier);
    for (uint32_t i = 0; tier && i < tier->model_count; i++) {
        const struct model *model = &tier->models[i].model->model;
        if (tier->models[i].weight > 0 && slice_is(a->model, model->name)) {
            return slice_equal(a->prompt, slice_of(model->prompt_version));
        }
    }
    return false;
}

// Rules that an answer broke, by what its decision says, so that neither the input nor the rules of
// then are needed.
struct breaches {
    uint32_t places;  // as bits
    bool moves;       // some keep the answer from standing: all but notes
};

static struct breaches breaches_of(const struct rules *rules, struct slice reasons) {
    static const char prefix[] = "rule.";
    enum { PREFIX = sizeof(prefix) - 1 };
    struct breaches breaches = {0, false};
    while (reasons.len > 0) {
        const struct slice code = slice_take(&reasons, ',');
        if (code.len > PREFIX && memcmp(code.at, prefix, PREFIX) == 0) {
            int place = rules_place(rules, code);
            breaches.places |= place >= 0 ? 1u << place : 0;
            breaches.moves |= place < 0 || rules->table[place].severity != RULE_NOTE;
        }
    }
    return breaches;
}

static double confidence_of(const struct reading *r, const struct answer *a,
                            const struct breaches *breaches, struct arena *arena) {
    struct slice detail;
    enum reason form = answer_check(&r->wanted->path->policy.answer, a->answer, arena, &detail);
    return form == REASON_NONE && !breaches->moves ? confidence_checked(a->confidence) : NAN;
}

static struct labels_fact fact_of(const struct reading *r, const struct answer *a,
                                  const struct breaches *breaches, struct arena *arena) {
    const struct answer_field *field = r->rows.labels->field;
    struct labels_fact fact = {.rules = breaches->places};
    if (field) {
        fact.said = answer_label(field, a->answer, arena);
        fact.right = answer_label(field, a->label, arena);
    }
    return fact;
}

// The same rows have the same digest.
static void digest(struct reading *r, const struct uuid *job, const struct labels_row *row,
                   const struct answer *a) {
    char id[UUID_TEXT];
    uuid_format(*job, id);
    buf_clear(&r->line);
    buf_printf(&r->line, "%s,%.*s,", id, SLICE_ARGS(a->tier));
    buf_json_number(&r->line, row->confidence);
    buf_printf(&r->line, ",%d,%" PRId64 ",%.*s,%.*s\n", row->correct, a->cost_pico_usd,
               SLICE_ARGS(a->model), SLICE_ARGS(a->prompt));
    sha256_update(&r->sha, buf_slice(&r->line));
}

static bool add(struct reading *r, const struct uuid *job, const struct answer *a,
                struct arena *arena) {
    struct labels *labels = r->rows.labels;
    int place;
    labels->rows++;
    if (!labels_rows_tier(&r->rows, a->tier, &place, r->err)) {
        return false;
    }
    if (place < 0 || reason_effect(reason_parse(a->error)) == REASON_EFFECT_ENDS) {
        return true;
    }
    const struct breaches breaches = breaches_of(&r->wanted->path->rules, a->reasons);
    // The item is there even if nothing of it counts: it is told of as one that lacks an answer.
    struct labels_row row = {.item = labels_rows_item(&r->rows, uuid_slice(job)),
                             .tier = (uint8_t)place,
                             .confidence = confidence_of(r, a, &breaches, arena),
                             .cost = (double)a->cost_pico_usd * 1e-12,
                             .correct = answer_same(&r->wanted->path->policy.answer, a->answer,
                                                    a->label, arena),
                             .fact = fact_of(r, a, &breaches, arena)};
    if (!is_current(r, a)) {
        labels->others++;
        return true;
    }
    labels->costs = labels->costs || a->cost_pico_usd > 0;
    labels_rows_add(&r->rows, &row);
    digest(r, job, &row, a);
    return labels_rows_see_version(&r->rows, &labels->models[place], a->model, r->err) &&
           labels_rows_see_version(&r->rows, &labels->prompts[place], a->prompt, r->err);
}

static bool on_rows(void *owner, const struct pg_result *result) {
    struct reading *r = owner;
    bool ok = true;
    for (int row = 0; row < pg_rows(result) && ok; row++) {
        const struct answer a = {
            .label = pg_get_slice(result, row, COLUMN_LABEL),
            .tier = pg_get_slice(result, row, COLUMN_TIER),
            .model = pg_get_slice(result, row, COLUMN_MODEL),
            .prompt = pg_get_slice(result, row, COLUMN_PROMPT),
            .answer = pg_get_slice(result, row, COLUMN_ANSWER),
            .error = pg_get_slice(result, row, COLUMN_ERROR),
            .reasons = pg_get_slice(result, row, COLUMN_REASONS),
            .confidence = pg_get_float8(result, row, COLUMN_CONFIDENCE),
            .cost_pico_usd = pg_get_int(result, row, COLUMN_COST),
        };
        const struct uuid job = pg_get_uuid(result, row, COLUMN_JOB);
        struct arena arena;
        arena_init(&arena, &r->pool);
        ok = add(r, &job, &a, &arena);
        arena_fini(&arena);
    }
    return ok;
}

// --- which jobs

void labels_params(const struct labels_wanted *wanted, struct pg_params *params) {
    pg_scalar(params, PG_TEXT);
    pg_slice(params, slice_of(wanted->path->policy.name));
    pg_scalar(params, PG_UUID);
    if (wanted->batch) {
        pg_uuid(params, *wanted->batch);
    } else {
        pg_null(params);
    }
}

// Says what is missing before anything is read.
static bool check_jobs(const struct labels_wanted *wanted, struct pg_session *session,
                       struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    const char *path = wanted->path->policy.name, *of = wanted->batch ? " and this batch" : "";
    labels_params(wanted, &params);
    bool ok = pg_session_run(session, PG_tune_jobs, &params, &result, err);
    pg_params_fini(&params);
    if (!ok) {
        return false;
    }
    int64_t labelled = pg_get_int(result, 0, 0), sampled = pg_get_int(result, 0, 1);
    if (labelled == 0) {
        return err_exit(err, EX_DATAERR, "no job of path '%s'%s has a label: `taskfit review` and "
                        "`taskfit label import` give jobs one", path, of);
    }
    return sampled > 0 || wanted->all ||
           err_exit(err, EX_DATAERR, "%" PRId64 " jobs of path '%s'%s have a label, but none was "
                    "sent for all tiers: submit a random sample with --all-tiers and label that; "
                    "--all-labels if those you have are one", labelled, path, of);
}

static bool name_tiers(struct reading *r, struct err *err) {
    const struct path *policy = &r->wanted->path->policy;
    const struct cascade *cascade = &r->rows.labels->cascade;
    struct buf names = {0};
    for (uint32_t i = 0; i < policy->tier_count; i++) {
        buf_printf(&names, "%s%s", i ? "," : "", policy->tiers[i].name);
    }
    bool ok = labels_rows_name_tiers(
        &r->rows, r->wanted->tiers ? r->wanted->tiers : buf_string(&names), err);
    for (uint32_t i = 0; i < cascade->tier_count && ok; i++) {
        ok = path_tier_index(policy, slice_of(cascade->tiers[i].name)) >= 0 ||
             err_exit(err, EX_USAGE, "--tiers: the path '%s' does not lead through '%s'; its tiers "
                      "are %s", policy->name, cascade->tiers[i].name, buf_string(&names));
    }
    buf_fini(&names);
    return ok;
}

// Of which field classes are counted.
static bool name_field(struct reading *r, struct err *err) {
    const struct path *policy = &r->wanted->path->policy;
    const char *name = r->wanted->field;
    for (uint32_t i = 0; i < policy->answer.field_count && r->wanted->facts; i++) {
        const struct answer_field *field = &policy->answer.fields[i];
        bool named = name == NULL || (field->name && strcmp(field->name, name) == 0);
        if (named && field->label_count > 0) {
            r->rows.labels->field = field;
            return true;
        }
    }
    return name == NULL || err_exit(err, EX_USAGE, "--field: answers of path '%s' have no field "
                                    "'%s' with labels", policy->name, name);
}

static bool read_answers(struct reading *r, struct pg_session *session, struct err *err) {
    struct pg_params params = {0};
    r->err = err;
    err->kind = ERR_NONE;
    labels_params(r->wanted, &params);
    pg_scalar(&params, PG_BOOL);
    pg_bool(&params, r->wanted->all);
    bool ok = pg_session_each(session, PG_tune_answers, &params, on_rows, r, err);
    pg_params_fini(&params);
    if (!ok || err->kind != ERR_NONE) {
        return false;
    }
    const struct labels *labels = r->rows.labels;
    return r->rows.count > 0 || labels->others == 0 ||
           err_exit(err, EX_DATAERR, "%s: all %" PRIu64 " answers are of models or prompts that "
                    "its tiers have no more; submit a sample to those of now", r->rows.source,
                    labels->others);
}

bool labels_stored(const struct labels_wanted *wanted, struct pg_session *session,
                   struct arena *arena, struct labels *labels, struct err *err) {
    struct slice source = arena_printf(arena, "path '%s'", wanted->path->policy.name);
    struct reading r = {.wanted = wanted,
                        .rows = {.source = source.at, .arena = arena, .labels = labels,
                                 .facts = wanted->facts}};
    unsigned char hash[SHA256_BYTES];
    *labels = (struct labels){.path = wanted->path};
    arena_pool_init(&r.pool, 1 << 16);
    sha256_init(&r.sha);
    bool ok = check_jobs(wanted, session, err) && name_tiers(&r, err) && name_field(&r, err) &&
              read_answers(&r, session, err) &&
              (!wanted->words || labels_rows_words(&r.rows, wanted, session, err)) &&
              labels_rows_settle(&r.rows, err);
    sha256_final(&r.sha, hash);
    sha256_to_hex(hash, labels->sha256);
    labels_rows_fini(&r.rows);
    arena_pool_fini(&r.pool);
    buf_fini(&r.line);
    return ok;
}
