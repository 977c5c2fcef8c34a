// taskfit tune: from labelled answers to thresholds, with the evidence for them.
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/labels_source.h"
#include "cli/tune_frontier.h"
#include "cli/tune_report.h"

enum { EX_REFUSED = 1, SEED = 1, REVIEW_COST = 10 };
static const double RISK = 0.05, DELTA = 0.1;

struct options {
    struct labels_source labels;
    const char *output;
    double risk, delta, budget, review_cost;
    bool match, frontier, json;
    int format;
    uint32_t seed;
};

static bool is_share(const char *name, double value, struct err *err) {
    return value < 1 || err_exit(err, EX_USAGE, "--%s: %g is not below 1", name, value);
}

static double or_else(double given, double fallback) {
    return given > 0 ? given : fallback;
}

static bool goal(const struct options *options, struct tune_options *into, struct err *err) {
    int goals = (options->risk > 0) + (options->budget > 0) + options->match + options->frontier;
    *into = (struct tune_options){
        .goal = options->match ? TUNE_MATCH : options->budget > 0 ? TUNE_BUDGET : TUNE_RISK,
        .promise = {or_else(options->risk, RISK), or_else(options->delta, DELTA)},
        .budget = options->budget,
        .review_cost = or_else(options->review_cost, REVIEW_COST),
        .seed = options->seed ? options->seed : SEED};
    if (!labels_source_check(&options->labels, err)) {
        return false;
    }
    if (goals > 1) {
        return err_exit(err, EX_USAGE, "only one of --risk, --budget, --match and --frontier");
    }
    if (options->format != FRONTIER_AUTO && !options->frontier) {
        return err_exit(err, EX_USAGE, "--format is about --frontier");
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

static int certify_labels(const struct options *options, const struct tune_options *how,
                          struct labels *labels, struct arena *arena) {
    struct tuned *tuned = mem_zalloc(sizeof(*tuned));
    struct err err;
    tune(&labels->cascade, how, tuned);
    const struct tune_report report = {labels, how, tuned, clock_wall_ms()};
    int status = !give(&report, options, arena, &err) ? cli_fail(&err)
                 : tuned->refused                     ? EX_REFUSED
                                                      : EX_OK;
    mem_free(tuned);
    return status;
}

static int tune_labels(const struct options *options, const struct tune_options *how,
                       struct arena *arena) {
    struct labels *labels = mem_zalloc(sizeof(*labels));
    struct tune_frontier wanted = {options->json ? FRONTIER_JSON : options->format,
                                   options->output, how->seed};
    struct labels_source source = options->labels;
    struct err err;
    source.words = !options->frontier;
    int status = options->frontier && !tune_frontier_settle(&wanted, &err)
                     ? cli_fail(&err)
                     : labels_source_read(&source, arena, labels);
    if (status == EX_OK) {
        status = options->frontier ? tune_frontier(&wanted, labels, arena)
                                   : certify_labels(options, how, labels, arena);
    }
    labels_fini(labels);
    mem_free(labels);
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
    LABELS_SOURCE_ROWS(struct options, labels),
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
    {"frontier", '\0', OPTION_FLAG, AT(frontier), NULL, NULL,
     "instead: what accuracy costs, over all tiers and orders, with 95 % intervals"},
    {"format", '\0', OPTION_CHOICE, AT(format), "FORMAT", FRONTIER_FORMATS,
     "of the frontier: auto (the default) is what the ending of -o says, else a plot on a terminal "
     "and CSV elsewhere"},
    {"seed", 's', OPTION_COUNT, AT(seed), "N", NULL,
     "which items calibrate and which test (default: 1)"},
    {"output", 'o', OPTION_TEXT, AT(output), "FILE", NULL,
     "write the certificate (the frontier) there"},
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
        "  taskfit tune --from labels.csv --budget 0.35 --json\n"
        "  taskfit tune --from labels.csv --frontier -o frontier.svg\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 0,
    .arguments_most = 0,
    .skips_certificates = true,
    .run = run,
};
