// Calls to models outside any topic: what `try` and `probe` are made of. The fleet's own caller,
// rules and decision do the work, on a loop of its own; nothing is stored.
#ifndef TASKFIT_CLI_TRIAL_H
#define TASKFIT_CLI_TRIAL_H

#include "fleet/caller.h"
#include "fleet/process.h"
#include "fleet/rules.h"

enum { TRIAL_TIERS_MOST = PATH_TIERS_MOST };

struct trial {
    struct process process;
    struct caller *callers[TRIAL_TIERS_MOST];
    const struct config_tier *tiers[TRIAL_TIERS_MOST];
    size_t caller_count;
    struct list hops;  // all, in the order in which they were added
    struct list ready, running, waiting, ended;
    struct heap due;   // of those waiting
    uint32_t at_a_time;
    struct rules_scratch rules;
};

void trial_init(struct trial *trial, struct config *config);
void trial_fini(struct trial *trial);

// A job of the path with this input at the tier, which need not be one of the path. tier, path and
// input must outlive the trial.
struct hop *trial_add(struct trial *trial, const struct config_tier *tier,
                      const struct config_path *path, struct slice input);

// Makes the request and sends nothing; false: the attempt says why there is none.
bool trial_preview(struct hop *hop);
// Calls all that were added, with their retries, so many at a time; returns the time it took, in
// milliseconds.
int64_t trial_run(struct trial *trial, uint32_t at_a_time);
// What the escalator would decide, as hop->decision.
void trial_decide(struct trial *trial, struct hop *hop);

#endif
