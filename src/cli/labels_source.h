// Where a command takes its labelled answers from: a file, or the labelled jobs of a path.
#ifndef TASKFIT_CLI_LABELS_SOURCE_H
#define TASKFIT_CLI_LABELS_SOURCE_H

#include "cli/cli.h"
#include "cli/labels.h"

struct labels_source {
    const char *from, *path, *batch, *tiers;
    bool all;
    bool facts, words;  // of the database: what else answers and inputs tell (labels.h)
    const char *field;  // of which
};

// Its rows among those of a command; `source` is the member of the command's options.
#define LABELS_SOURCE_AT(options, source, member) \
    (offsetof(options, source) + offsetof(struct labels_source, member))
#define LABELS_SOURCE_ROWS(options, source) \
    {"path", 'p', OPTION_TEXT, LABELS_SOURCE_AT(options, source, path), "NAME", NULL, \
     "whose jobs with a label count, of those that were submitted with --all-tiers"}, \
    {"batch", '\0', OPTION_TEXT, LABELS_SOURCE_AT(options, source, batch), "BATCH", NULL, \
     "only this batch's"}, \
    {"all-labels", '\0', OPTION_FLAG, LABELS_SOURCE_AT(options, source, all), NULL, NULL, \
     "all jobs with a label and an answer of every tier: only where those are a random sample"}, \
    {"from", 'f', OPTION_TEXT, LABELS_SOURCE_AT(options, source, from), "FILE", NULL, \
     "instead: labelled answers of a file, CSV or NDJSON with item, tier, confidence, correct, " \
     "cost, model, prompt (-: standard input); with --path, answers without model are those of " \
     "its models and prompts"}, \
    {"tiers", 't', OPTION_TEXT, LABELS_SOURCE_AT(options, source, tiers), "A,B,…", NULL, \
     "which, and in which order (default: all, as they first appear)"}

// Are the options together what can be meant? EX_USAGE.
bool labels_source_check(const struct labels_source *source, struct err *err) MUST_CHECK;

// For people, of --path or --from.
const char *labels_source_name(const struct labels_source *source, struct arena *arena);

// Reads them, and says on stderr what is wrong: the exit status. Names live in the arena.
int labels_source_read(const struct labels_source *source, struct arena *arena,
                       struct labels *labels);

#endif
