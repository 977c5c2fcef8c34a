// taskfit tune --frontier.
#ifndef TASKFIT_CLI_TUNE_FRONTIER_H
#define TASKFIT_CLI_TUNE_FRONTIER_H

#include "base/err.h"
#include "cli/frontier_report.h"

struct tune_frontier {
    int format;          // enum frontier_format
    const char *output;  // NULL: standard output
    uint64_t seed;
};

// Settles the format: by the ending of the output's name where none was asked for. EX_USAGE.
bool tune_frontier_settle(struct tune_frontier *wanted, struct err *err) MUST_CHECK;

// The exit status.
int tune_frontier(const struct tune_frontier *wanted, struct labels *labels, struct arena *arena);

#endif
