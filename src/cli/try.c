// taskfit try: one input at several tiers, side by side, without a topic.
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/attached.h"
#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/trial.h"
#include "cli/try_print.h"

struct options {
    const char *path, *attachments;
    struct option_list tiers;
    bool dry;
    bool json;
};

static bool choose_tier(const struct config *config, const struct config_path *path,
                        const char *name, const struct config_tier **tier, struct err *err) {
    *tier = config_tier_find(config, slice_of(name));
    if (*tier && path_tier_index(&path->policy, slice_of(name)) >= 0) {
        return true;
    }
    char known[200] = "";
    for (uint32_t i = 0; i < path->policy.tier_count; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
                 path->policy.tiers[i].name);
    }
    return err_exit(err, EX_USAGE, "--tier: the path '%s' does not lead through '%s'; its tiers "
                    "are %s", path->policy.name, name, known);
}

// Adds the job at each tier asked for: all of the path when none was.
static bool add_tiers(struct trial *trial, const struct options *options,
                      struct try_result *result, struct err *err) {
    assert(result->path);
    const struct path *policy = &result->path->policy;
    size_t count = options->tiers.count ? options->tiers.count : policy->tier_count;
    if (count > PATH_TIERS_MOST) {
        return err_exit(err, EX_USAGE, "--tier: at most %d tiers", PATH_TIERS_MOST);
    }
    for (size_t i = 0; i < count; i++) {
        const struct config_tier *tier;
        const char *name =
            options->tiers.count ? options->tiers.values[i] : policy->tiers[i].name;
        if (!choose_tier(trial->process.config, result->path, name, &tier, err)) {
            return false;
        }
        struct hop *hop = trial_add(trial, tier, result->path, result->input);
        hop->job.attachments = attachments_copy(result->attached.attachments,
                                                result->attached.attachment_count, &hop->arena);
        hop->job.attachment_count = result->attached.attachment_count;
        result->hops[result->count++] = hop;
    }
    return true;
}

static void carry_out(struct trial *trial, const struct options *options,
                      struct try_result *result) {
    if (!options->dry) {
        trial_run(trial, PATH_TIERS_MOST);
    }
    for (size_t i = 0; i < result->count; i++) {
        bool made = trial_preview(result->hops[i]);
        (void)made;  // or the attempt says why not, which is shown
    }
    for (size_t i = 0; !options->dry && i < result->count; i++) {
        trial_decide(trial, result->hops[i]);
    }
}

static int status_of(const struct try_result *result) {
    for (size_t i = 0; i < result->count; i++) {
        if (result->hops[i]->attempt.error.at == NULL) {
            return EX_OK;
        }
    }
    return EX_UNAVAILABLE;
}

static bool try(struct trial *trial, const struct options *options, const char *file,
                struct arena *arena, int *status, struct err *err) {
    struct try_result result = {0};
    struct inputs inputs;
    const struct config *config = trial->process.config;
    if (!cli_path(config, options->path, &result.path, err) ||
        !inputs_read(file, 1, (size_t)config->limits.input_bytes, arena, &inputs, err)) {
        return false;
    }
    const struct attached attached = {config, options->attachments, inputs_file(file), false};
    struct slice bad;
    result.input = inputs.items[0];
    if (!attached_read(&attached, result.input, arena, &result.attached, &bad)) {
        return err_exit(err, EX_DATAERR, "%.*s", SLICE_ARGS(bad));
    }
    if (!add_tiers(trial, options, &result, err)) {
        return false;
    }
    carry_out(trial, options, &result);
    if (options->json) {
        try_json(&result, stdout);
    } else {
        try_print(&result, stdout, arena);
    }
    *status = status_of(&result);
    return true;
}

static int run(const void *given, int argc, char **argv) {
    struct arena_pool pool;
    struct arena arena;
    struct config *config;
    struct trial trial;
    struct err err;
    int status = cli_config(&config);
    if (status != EX_OK) {
        return status;
    }
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    trial_init(&trial, config);
    if (!try(&trial, given, argc > 0 ? argv[0] : "-", &arena, &status, &err)) {
        status = cli_fail(&err);
    }
    trial_fini(&trial);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return status;
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"path", 'p', OPTION_TEXT, AT(path), "PATH", NULL,
     "the path whose rules and thresholds hold (default: the only one)"},
    {"tier", 't', OPTION_LIST, AT(tiers), "TIER", NULL,
     "a tier of the path; may be given again (default: all of them)"},
    {"attachments", '\0', OPTION_TEXT, AT(attachments), "NAME", NULL,
     "member or column that names images and documents, as for submit"},
    {"dry", 'n', OPTION_FLAG, AT(dry), NULL, NULL, "send nothing, show the requests"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object"},
};

const struct command try_command = {
    .name = "try",
    .arguments = "[FILE|-]",
    .summary = "one input at several tiers side by side: nothing queued, nothing stored",
    .help = "The input is the first of FILE, or of standard input: a JSON document, or a line of\n"
            "what submit reads. Shows the exact requests, answers, confidence, rules, and the\n"
            "decision that would be made at each tier. Models are called, and cost what they\n"
            "cost. Exit status 69 when no model answered.\n\n"
            "  taskfit try line.json --path invoices --tier tiny --tier mid\n"
            "  head -2 lines.csv | taskfit try --dry\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 0,
    .arguments_most = 1,
    .run = run,
};
