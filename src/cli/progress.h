// How far a batch is, tier by tier, and how that looks.
#ifndef TASKFIT_CLI_PROGRESS_H
#define TASKFIT_CLI_PROGRESS_H

#include <stdio.h>

#include "cli/batch.h"
#include "cli/pace.h"
#include "job/policy.h"

struct pg_result;

enum { PROGRESS_TIERS_MOST = 16, PROGRESS_NAME = 64 };

struct progress_tier {
    char name[PROGRESS_NAME];
    int64_t attempts, errors;
    int64_t accepted, escalated, ended;
    int64_t arrived;  // jobs that came or will come here, as far as is known
    int64_t cost_pico_usd;
    struct pace pace;
};

struct progress {
    const struct batch *batch;
    int64_t total;  // -1: it is being submitted
    int64_t accepted, review, dead, expired, cancelled, bad_lines;
    int64_t cost_pico_usd, spend_cap_pico_usd;  // cap 0: none
    int64_t shadow_pico_usd;                    // of shadow models, beside the cost; 0: none
    int64_t created_ms, cancelled_ms, last_decided_ms, now_ms;  // of the database's clock
    struct progress_tier tiers[PROGRESS_TIERS_MOST];
    size_t tier_count;
    struct pace pace;
};

// path NULL: the configuration has it no more; tiers are then shown as they are met.
void progress_init(struct progress *progress, const struct batch *batch, const struct path *path);
// A result of the query `watch_batch`.
void progress_read(struct progress *progress, const struct pg_result *result);

int64_t progress_done(const struct progress *progress);
bool progress_finished(const struct progress *progress);

// A frame for a screen of that width; one line; one JSON object in a line.
void progress_frame(const struct progress *progress, FILE *out, unsigned width);
void progress_line(const struct progress *progress, FILE *out);
void progress_json(const struct progress *progress, FILE *out);

#endif
