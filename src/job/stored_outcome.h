// A job's outcome as the database tells it (the view `outcomes`), and how programs read it.
#ifndef TASKFIT_JOB_STORED_OUTCOME_H
#define TASKFIT_JOB_STORED_OUTCOME_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/uuid.h"

// What people made of it, and of what waits for them: the answer to begin with, and the input where
// it was kept; and what it had beside.
struct stored_people {
    int64_t revision;  // 0: the outcome is the fleet's
    struct slice reviewer;
    struct slice proposed, proposed_tier, input;
    double proposed_confidence;
    int64_t shadow_pico_usd;  // of shadow models, beside its cost; 0: none
};

struct stored_outcome {
    struct uuid job_id;
    struct slice custom_id;
    int64_t line;  // 0: none
    struct slice verdict, tier;
    struct slice answer;  // JSON; absent: none stands
    double confidence;    // NaN: none
    struct slice model;
    struct slice reasons;      // codes with commas between
    struct slice explanation;  // JSON as in the table `decisions`; absent: none
    int64_t cost_pico_usd;
    int64_t input_tokens, output_tokens;
    int64_t decided_ms;
    const struct stored_people *people;  // NULL: it was not asked for
};

// Of an answer: a JSON string's characters; of any other JSON its text.
struct slice stored_outcome_plain(struct slice answer, struct arena *arena);

// Members of a JSON object: verdict, tier, confidence, model, reasons, explanation, cost_usd.
void stored_outcome_verdict(const struct stored_outcome *outcome, struct buf *out);

// A line of NDJSON, its end included.
void stored_outcome_ndjson(const struct stored_outcome *outcome, struct buf *out);

#endif
