// Options of a command line: read from tables, and shown from them.
#ifndef TASKFIT_CLI_OPTION_H
#define TASKFIT_CLI_OPTION_H

#include <stdio.h>

#include "cli/cli.h"

// Rows and the struct that they fill.
struct option_table {
    const struct option_row *rows;
    size_t count;
    void *into;
};

// Reads --name VALUE, --name=VALUE, -x VALUE and -xVALUE; after "--" nothing is an option. What is
// none moves to the front of argv, and *argc counts it. Errors: EX_USAGE with what is allowed, and
// the nearest name for an unknown one.
bool option_parse(const struct option_table *tables, size_t table_count, int *argc, char **argv,
                  struct err *err) MUST_CHECK;

void option_help(const struct option_row *rows, size_t count, FILE *out);

#endif
