// What `taskfit dead` writes of letters: rows of a table, all there is of one, JSON, bytes.
#ifndef TASKFIT_CLI_DEAD_H
#define TASKFIT_CLI_DEAD_H

#include <stdio.h>

#include "cli/letter.h"

struct dead_options {
    const char *batch, *reason;
    int64_t older_ms;
    bool all, dry_run, raw, json;
};

struct dead_output;

struct dead_output *dead_output_new(const struct dead_options *options, FILE *out);
void dead_output_free(struct dead_output *output);  // writes what was kept back

void dead_output_row(struct dead_output *output, const struct letter *letter);
void dead_output_show(struct dead_output *output, const struct letter *letter);

#endif
