// What `taskfit try` shows: the requests, and what they came to, side by side.
#ifndef TASKFIT_CLI_TRY_PRINT_H
#define TASKFIT_CLI_TRY_PRINT_H

#include <stdio.h>

#include "fleet/hop.h"

// A job at each of its tiers. Without a decision a hop was not called: only its request is shown.
struct try_result {
    const struct config_path *path;
    struct slice input;
    struct job attached;  // of which only the attachments are set
    struct hop *hops[PATH_TIERS_MOST];
    size_t count;
};

void try_print(const struct try_result *result, FILE *out, struct arena *arena);
void try_json(const struct try_result *result, FILE *out);

#endif
