// taskfit compare: models, tiers, prompts, policies, batches or the whole, two on the same jobs.
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/compare.h"
#include "cli/quantile.h"
#include "io/pg_session.h"

static const double LEVEL = 0.05;

struct options {
    const char *path, *batch, *field;
    double level;
    bool once, json;
};

struct reading {
    struct comparison *comparison;
    struct arena *arena;
};

// The columns of the query `compare_pairs`, in its order.
enum column {
    COLUMN_JOB, COLUMN_CUSTOM_ID, COLUMN_A, COLUMN_B, COLUMN_LABEL, COLUMN_SAME, COLUMN_A_RIGHT,
    COLUMN_B_RIGHT, COLUMN_A_COST, COLUMN_B_COST, COLUMN_A_MS, COLUMN_B_MS, COLUMN_LABELLED,
    COLUMN_UNSURE,
};

// --- pairs

static void add_latency(struct comparison *c, int64_t a_ms, int64_t b_ms) {
    if (c->pairs == c->latency_cap) {
        c->latency_cap = c->latency_cap ? 2 * c->latency_cap : 1024;
        c->a.latency_ms = mem_realloc(c->a.latency_ms, c->latency_cap * sizeof(int64_t));
        c->b.latency_ms = mem_realloc(c->b.latency_ms, c->latency_cap * sizeof(int64_t));
    }
    c->a.latency_ms[c->pairs] = a_ms;
    c->b.latency_ms[c->pairs] = b_ms;
}

static void add_example(struct compare_example *list, uint32_t *count, const struct pg_result *r,
                        int row, struct arena *arena) {
    if (*count == COMPARE_EXAMPLES) {
        return;
    }
    struct compare_example *example = &list[(*count)++];
    uuid_format(pg_get_uuid(r, row, COLUMN_JOB), example->job);
    example->custom_id = arena_slice(arena, pg_get_slice(r, row, COLUMN_CUSTOM_ID));
    example->a = arena_slice(arena, pg_get_slice(r, row, COLUMN_A));
    example->b = arena_slice(arena, pg_get_slice(r, row, COLUMN_B));
    example->label = arena_slice(arena, pg_get_slice(r, row, COLUMN_LABEL));
}

static void add_labelled(struct reading *reading, const struct pg_result *r, int row) {
    struct comparison *c = reading->comparison;
    bool a = pg_get_int(r, row, COLUMN_A_RIGHT) != 0, b = pg_get_int(r, row, COLUMN_B_RIGHT) != 0;
    compare_count_class(&c->count, pg_get_slice(r, row, COLUMN_LABEL), a, b, reading->arena);
    if (a && !b) {
        add_example(c->only_a, &c->only_a_count, r, row, reading->arena);
    } else if (b && !a) {
        add_example(c->only_b, &c->only_b_count, r, row, reading->arena);
    }
    *(a && b ? &c->paired.both : a ? &c->paired.only_a : b ? &c->paired.only_b
                                                           : &c->paired.neither) += 1;
}

static bool on_rows(void *owner, const struct pg_result *r) {
    struct reading *reading = owner;
    struct comparison *c = reading->comparison;
    for (int row = 0; row < pg_rows(r); row++) {
        add_latency(c, pg_get_int(r, row, COLUMN_A_MS), pg_get_int(r, row, COLUMN_B_MS));
        c->a.cost_pico_usd += pg_get_int(r, row, COLUMN_A_COST);
        c->b.cost_pico_usd += pg_get_int(r, row, COLUMN_B_COST);
        c->same += pg_get_int(r, row, COLUMN_SAME) != 0;
        if (pg_get_int(r, row, COLUMN_SAME) == 0) {
            compare_count_difference(&c->count, pg_get_slice(r, row, COLUMN_LABEL),
                                     pg_get_slice(r, row, COLUMN_A),
                                     pg_get_slice(r, row, COLUMN_B), reading->arena);
        }
        c->unsure += pg_get_int(r, row, COLUMN_UNSURE) != 0;
        c->pairs++;
        if (pg_get_int(r, row, COLUMN_LABELLED) != 0) {
            add_labelled(reading, r, row);
        }
    }
    return true;
}

// --- sides

// What the name is of; NULL: of nothing that was stored.
static bool find_kind(struct pg_session *session, const char *name, const char **kind,
                      struct err *err) {
    static const char *const kinds[] = {"model", "tier", "prompt", "policy"};
    struct pg_params params = {0};
    const struct pg_result *result;
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(name));
    bool ok = pg_session_run(session, PG_compare_names, &params, &result, err);
    pg_params_fini(&params);
    *kind = NULL;
    for (int i = 3; i >= 0 && ok; i--) {
        *kind = pg_get_int(result, 0, i) != 0 ? kinds[i] : *kind;
    }
    return ok;
}

// `outcomes`, a model that answered, a tier that was visited, a version of a prompt or a policy,
// else a batch.
static bool find_side(struct pg_session *session, const char *name, struct arena *arena,
                      struct compare_side *side, struct err *err) {
    struct batch batch;
    *side = (struct compare_side){.kind = "outcomes", .name = name};
    if (strcmp(name, "outcomes") == 0) {
        return true;
    }
    if (!find_kind(session, name, &side->kind, err)) {
        return false;
    }
    if (side->kind) {
        return true;
    }
    if (!batch_find(session, name, arena, &batch, err)) {
        return err_exit(err, EX_NOINPUT, "'%s' is no model, tier or version of a prompt that "
                        "answered a job, no version of a policy, and no batch", name);
    }
    side->kind = "batch";
    side->batch = batch.id;
    return true;
}

static void put_text(struct pg_params *params, const char *text) {
    pg_scalar(params, PG_TEXT);
    pg_slice(params, slice_of(text));
}

static void put_batch(struct pg_params *params, const struct uuid *batch) {
    pg_scalar(params, PG_UUID);
    if (batch) {
        pg_uuid(params, *batch);
    } else {
        pg_null(params);
    }
}

static void put_side(struct pg_params *params, const struct compare_side *side) {
    put_text(params, side->kind);
    put_text(params, side->name);
    put_batch(params, strcmp(side->kind, "batch") == 0 ? &side->batch : NULL);
}

static bool is_whole(const struct compare_side *side) {
    return strcmp(side->kind, "batch") == 0 || strcmp(side->kind, "policy") == 0;
}

static bool read_of(struct pg_session *session, const struct options *options,
                    const struct uuid *batch, struct reading *reading, struct err *err) {
    struct pg_params params = {0};
    const struct comparison *c = reading->comparison;
    put_side(&params, &c->a);
    put_side(&params, &c->b);
    put_text(&params, options->path);
    put_batch(&params, batch);
    put_text(&params, options->field);
    pg_scalar(&params, PG_BOOL);
    pg_bool(&params, c->by_name);
    bool ok = pg_session_each(session, PG_compare_pairs, &params, on_rows, reading, err);
    pg_params_fini(&params);
    return ok;
}

// A job has one outcome, so two batches or policies never have the same one. Models and prompts
// may: where they have not, the same line that was submitted again counts as the same job.
static bool read_pairs(struct pg_session *session, const struct options *options,
                       struct comparison *c, struct arena *arena, struct err *err) {
    struct reading reading = {c, arena};
    struct batch batch;
    if (options->batch && !batch_find(session, options->batch, arena, &batch, err)) {
        return false;
    }
    const struct uuid *of = options->batch ? &batch.id : NULL;
    c->by_name = is_whole(&c->a) && is_whole(&c->b);
    bool ok = read_of(session, options, of, &reading, err);
    if (ok && c->pairs == 0 && !c->by_name) {
        c->by_name = true;
        ok = read_of(session, options, of, &reading, err);
    }
    if (ok && c->pairs == 0) {
        return err_exit(err, EX_NOINPUT, "there is no job that both %s and %s answered", c->a.name,
                        c->b.name);
    }
    return ok;
}

static bool compare(struct pg_session *session, const struct options *options, char **names,
                    struct arena *arena, struct err *err) {
    struct comparison c = {.field = options->field, .once = options->once,
                           .level = options->level > 0 ? options->level : LEVEL};
    bool ok = find_side(session, names[0], arena, &c.a, err) &&
              find_side(session, names[1], arena, &c.b, err) &&
              read_pairs(session, options, &c, arena, err);
    if (ok) {
        quantile_sort(c.a.latency_ms, c.pairs);
        quantile_sort(c.b.latency_ms, c.pairs);
        compare_count_settle(&c.count);
        if (options->json) {
            compare_json(&c);
        } else {
            compare_print(&c, arena);
        }
    }
    mem_free(c.a.latency_ms);
    mem_free(c.b.latency_ms);
    compare_count_fini(&c.count);
    return ok;
}

static int run(const void *given, int argc, char **argv) {
    const struct options *options = given;
    struct pg_session *session;
    struct arena_pool pool;
    struct arena arena;
    struct err err;
    (void)argc;
    if (options->level >= 1) {
        err_exit(&err, EX_USAGE, "--level: %g is not below 1", options->level);
        return cli_fail(&err);
    }
    int status = cli_database(&session);
    if (status != EX_OK) {
        return status;
    }
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    bool ok = compare(session, options, argv, &arena, &err);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    pg_session_close(session);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"path", 'p', OPTION_TEXT, AT(path), "PATH", NULL, "only jobs of this path"},
    {"batch", 'b', OPTION_TEXT, AT(batch), "BATCH", NULL, "only jobs of this batch"},
    {"field", 'f', OPTION_TEXT, AT(field), "FIELD", NULL, "only this field of the answers counts"},
    {"level", '\0', OPTION_NUMBER, AT(level), "SHARE", NULL,
     "chance that a winner is named where there is none (default: 0.05)"},
    {"once", '\0', OPTION_FLAG, AT(once), NULL, NULL,
     "this is the only look, decided on beforehand: the exact test of McNemar names the winner"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object"},
};

const struct command compare_command = {
    .name = "compare",
    .arguments = "A B",
    .summary = "two models, tiers, prompts or policies on the same jobs: who is right more often",
    .help = "A and B are a model (name@version; a shadow, too), a tier, a version of a prompt\n"
            "or of a policy (as `taskfit show` tells them), a batch, or `outcomes`: what jobs\n"
            "came to. Jobs of two batches or policies are matched by their custom ids, and so\n"
            "are others that have no job in common. Right is what labels say. A winner is\n"
            "named only with significance that holds however often this is run while labels\n"
            "come in.\n\n"
            "  taskfit compare tiny large --path invoices\n"
            "  taskfit compare mini@2026-05 mini@2026-08 --batch lines.csv\n"
            "  taskfit compare 62fa4fc98126072f 0b1f6c3a55e07d21\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 2,
    .arguments_most = 2,
    .run = run,
};
