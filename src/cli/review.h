// The parts of `taskfit review`.
#ifndef TASKFIT_CLI_REVIEW_H
#define TASKFIT_CLI_REVIEW_H

#include "cli/reviewer.h"

struct review_options {
    const char *path, *batch, *reason, *by, *accept, *answer, *note;
    bool list, stats, json, skip, undo;
    uint32_t most;
};

// What is open; how the queue stands, and how far people agree.
bool review_list(struct pg_session *session, const struct review_filter *filter,
                 const struct review_options *options, struct err *err) MUST_CHECK;
bool review_stats(struct pg_session *session, const struct review_filter *filter,
                  const struct review_options *options, struct arena *arena,
                  struct err *err) MUST_CHECK;

#endif
