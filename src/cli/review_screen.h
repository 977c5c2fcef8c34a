// The queue worked off on a terminal, key by key.
#ifndef TASKFIT_CLI_REVIEW_SCREEN_H
#define TASKFIT_CLI_REVIEW_SCREEN_H

#include "cli/reviewer.h"

// Until nothing waits, or the person leaves: what they hold is given back.
bool review_screen_run(const struct reviewer *reviewer, const struct review_filter *filter,
                       struct err *err) MUST_CHECK;

#endif
