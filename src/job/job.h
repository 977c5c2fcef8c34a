// A job and its attempts, as the fleet holds them. All slices live in the arena of the hop.
#ifndef TASKFIT_JOB_JOB_H
#define TASKFIT_JOB_JOB_H

#include <stdint.h>

#include "base/slice.h"
#include "base/uuid.h"
#include "job/attachment.h"

enum { HOPS_MOST = 16 };  // a limit on any path's `hops`

// The stored outcome of one hop: an answer or an error, never both.
struct attempt {
    uint32_t hop;
    struct slice tier;
    struct slice model;       // name@version; absent: none was called
    struct slice answer;      // JSON; absent with an error
    struct slice error;       // reason code; absent with an answer
    struct slice error_text;
    double confidence_raw;    // NaN: none
    double confidence;        // calibrated, NaN: none
    struct slice calibration;
    struct slice prompt;
    struct slice verifier;       // name@version that was asked about the answer; absent: none was
    struct slice verifier_says;  // "correct" or "wrong"; absent: nothing
    uint32_t input_tokens, output_tokens, cached_tokens;
    int64_t cost_pico_usd;    // 1e-12 USD, all calls of the hop
    uint32_t calls;           // requests sent, retries included
    int64_t latency_ms;       // from the first request to the reply that counted
    int64_t started_ms;       // Unix time
    uint32_t http_status;     // of the last reply; 0: none came
    bool breached;            // of an earlier hop: a rule sent the job on from here
};

struct job {
    const void *message;      // the message it came in, which moves on with it (job/wire.h)
    bool has_id;
    struct uuid id;
    struct slice path;
    struct slice input;       // JSON
    struct attachment *attachments;
    uint32_t attachment_count;
    uint32_t schema;
    bool has_batch;
    struct uuid batch_id;
    struct slice custom_id;
    uint64_t line;            // 0: none
    int64_t created_ms;       // Unix time; 0: the message did not say
    int64_t deadline_ms;      // Unix time; 0: none of its own
    struct slice order_key;
    struct slice tenant;
    bool all_tiers;           // every tier answers, whatever the ones before said, then people
    uint32_t hop;
    struct slice tier;
    bool audit;               // it has its outcome, which this tier's answer is held against
    const struct attempt *trail;  // earlier hops, in order
    uint32_t trail_count;
};

// The sum over the trail: what the job cost before this hop.
int64_t job_spent_pico_usd(const struct job *job);

#endif
