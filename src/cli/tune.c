// taskfit tune: from labelled answers to thresholds, with the evidence for them.
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/tune_report.h"
#include "fleet/config_certificate.h"
#include "io/pg_session.h"

enum { EX_REFUSED = 1, SEED = 1, REVIEW_COST = 10 };
static const double RISK = 0.05, DELTA = 0.1;

struct options {
    const char *from, *path, *batch, *tiers, *output;
    double risk, delta, budget, review_cost;
    bool all_labels, match, json;
    uint32_t seed;
};

// Where labels go.
struct source {
    struct labels *labels;
    struct arena *arena;
};

static bool is_share(const char *name, double value, struct err *err) {
    return value < 1 || err_exit(err, EX_USAGE, "--%s: %g is not below 1", name, value);
}

static double or_else(double given, double fallback) {
    return given > 0 ? given : fallback;
}

static bool goal(const struct options *options, struct tune_options *into, struct err *err) {
    int goals = (options->risk > 0) + (options->budget > 0) + options->match;
    *into = (struct tune_options){
        .goal = options->match ? TUNE_MATCH : options->budget > 0 ? TUNE_BUDGET : TUNE_RISK,
        .promise = {or_else(options->risk, RISK), or_else(options->delta, DELTA)},
        .budget = options->budget,
        .review_cost = or_else(options->review_cost, REVIEW_COST),
        .seed = options->seed ? options->seed : SEED};
    if (options->from == NULL && options->path == NULL) {
        return err_exit(err, EX_USAGE, "--path is missing: whose labelled jobs; or --from, a file "
                        "with labelled answers");
    }
    if (options->from && (options->batch || options->all_labels)) {
        return err_exit(err, EX_USAGE, "--batch and --all-labels are about jobs of the database, "
                        "and --from names a file");
    }
    if (goals > 1) {
        return err_exit(err, EX_USAGE, "only one of --risk, --budget and --match");
    }
    return is_share("risk", into->promise.risk, err) &&
           is_share("delta", into->promise.delta, err);
}

static bool give(const struct tune_report *c, const struct options *options, struct arena *arena,
                 struct err *err) {
    struct buf json = {0};
    tune_report_json(c, &json);
    buf_char(&json, '\n');
    if (options->json) {
        fwrite(json.data, 1, json.len, stdout);
    } else {
        tune_report_print(c, arena);
    }
    bool ok = options->output == NULL || file_write(options->output, buf_slice(&json), err);
    buf_fini(&json);
    return ok;
}

// Answers whose file does not say are those of the models and prompts that the path has now.
static bool add_versions(const struct config *config, const struct config_path *path,
                         struct labels *labels, struct err *err) {
    for (uint32_t i = 0; i < labels->cascade.tier_count; i++) {
        const char *tier = labels->cascade.tiers[i].name;
        if (path_tier_index(&path->policy, slice_of(tier)) < 0) {
            return err_exit(err, EX_DATAERR, "the path '%s' does not lead through tier '%s'",
                            path->policy.name, tier);
        }
        if (labels->models[i].count == 0) {
            config_tier_versions(config_tier_find(config, slice_of(tier)), &labels->models[i],
                                 &labels->prompts[i]);
        }
    }
    return true;
}

static bool read_stored(const struct options *options, const struct labels_wanted *wanted,
                        struct pg_session *session, struct source *source, struct err *err) {
    struct labels_wanted of = *wanted;
    struct batch batch;
    if (options->batch) {
        if (!batch_find(session, options->batch, source->arena, &batch, err)) {
            return false;
        }
        of.batch = &batch.id;
    }
    return labels_stored(&of, session, source->arena, source->labels, err);
}

// Of a file, or of the database; the exit status.
static int read_labels(const struct options *options, struct source *source) {
    struct labels_wanted wanted = {.tiers = options->tiers, .all = options->all_labels};
    struct config *config = NULL;
    struct pg_session *session;
    struct err err;
    int status = options->path ? cli_config(&config) : EX_OK;
    wanted.config = config;
    if (status == EX_OK && config && !cli_path(config, options->path, &wanted.path, &err)) {
        return cli_fail(&err);
    }
    if (status == EX_OK && options->from) {
        bool ok = labels_read(options->from, options->tiers, source->arena, source->labels, &err) &&
                  (config == NULL || add_versions(config, wanted.path, source->labels, &err));
        return ok ? EX_OK : cli_fail(&err);
    }
    status = status == EX_OK ? cli_database(&session) : status;
    if (status == EX_OK) {
        status = read_stored(options, &wanted, session, source, &err) ? EX_OK : cli_fail(&err);
        pg_session_close(session);
    }
    return status;
}

static int tune_labels(const struct options *options, const struct tune_options *how,
                       struct arena *arena) {
    struct labels *labels = mem_zalloc(sizeof(*labels));
    struct tuned *tuned = mem_zalloc(sizeof(*tuned));
    struct source source = {labels, arena};
    struct err err;
    int status = read_labels(options, &source);
    if (status == EX_OK) {
        tune(&labels->cascade, how, tuned);
        const struct tune_report report = {labels, how, tuned, clock_wall_ms()};
        status = !give(&report, options, arena, &err) ? cli_fail(&err)
                 : tuned->refused                     ? EX_REFUSED
                                                      : EX_OK;
    }
    labels_fini(labels);
    mem_free(labels);
    mem_free(tuned);
    return status;
}

static int run(const void *given, int argc, char **argv) {
    const struct options *options = given;
    struct tune_options how;
    struct arena_pool pool;
    struct arena arena;
    struct err err;
    (void)argc;
    (void)argv;
    if (!goal(options, &how, &err)) {
        return cli_fail(&err);
    }
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    int status = tune_labels(options, &how, &arena);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return status;
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"path", 'p', OPTION_TEXT, AT(path), "NAME", NULL,
     "whose jobs with a label count, of those that were submitted with --all-tiers"},
    {"batch", '\0', OPTION_TEXT, AT(batch), "BATCH", NULL, "only this batch's"},
    {"all-labels", '\0', OPTION_FLAG, AT(all_labels), NULL, NULL,
     "all jobs with a label and an answer of every tier: only where those are a random sample"},
    {"from", 'f', OPTION_TEXT, AT(from), "FILE", NULL,
     "instead: labelled answers of a file, CSV or NDJSON with item, tier, confidence, correct, "
     "cost, model, prompt (-: standard input); with --path, answers without model are those of "
     "its models and prompts"},
    {"tiers", 't', OPTION_TEXT, AT(tiers), "A,B,…", NULL,
     "which, and in which order (default: all, as they first appear)"},
    {"risk", 'r', OPTION_NUMBER, AT(risk), "SHARE", NULL,
     "most of the accepted answers that may be wrong (default: 0.05)"},
    {"delta", 'd', OPTION_NUMBER, AT(delta), "SHARE", NULL,
     "chance that the promise does not hold (default: 0.1)"},
    {"review-cost", '\0', OPTION_NUMBER, AT(review_cost), "CALLS", NULL,
     "what an item costs that is left to people, in calls of the last tier (default: 10); which "
     "tiers pay depends on it"},
    {"budget", 'b', OPTION_NUMBER, AT(budget), "RATIO", NULL,
     "instead: the most right answers for this much of the last tier's cost"},
    {"match", 'm', OPTION_FLAG, AT(match), NULL, NULL,
     "instead: the least cost for as many right answers as the last tier alone"},
    {"seed", 's', OPTION_COUNT, AT(seed), "N", NULL,
     "which items calibrate and which test (default: 1)"},
    {"output", 'o', OPTION_TEXT, AT(output), "FILE", NULL, "write the certificate there"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "the certificate on standard output"},
};

const struct command tune_command = {
    .name = "tune",
    .arguments = "",
    .summary = "thresholds from labelled answers, with a certificate",
    .help =
        "A threshold is raw confidence: an answer is accepted at the first used tier whose raw\n"
        "confidence is at or above it; what no tier accepts is for people. The promise is on\n"
        "answers like the labelled ones: have a random sample answered by every tier (`taskfit\n"
        "submit --all-tiers`), label it (`taskfit review`), and again when inputs or models\n"
        "change. A path names what comes out as its `certificate`. Refused (exit status 1) when\n"
        "the labels do not carry the promise: the reason and about how many would are in it.\n\n"
        "  taskfit tune --path invoices --risk 0.05 --delta 0.1 -o invoices.json\n"
        "  taskfit tune --from labels.csv --path invoices -o invoices.json\n"
        "  taskfit tune --from labels.csv --budget 0.35 --json\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 0,
    .arguments_most = 0,
    .makes_certificates = true,
    .run = run,
};
