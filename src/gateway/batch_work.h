// What is done for batches beside requests: their lines are looked at and sent, and when all jobs
// have their outcomes these are written to files. One batch at a time, claimed in the database for
// a while; after a crash this process or another goes on.
//
//     claimed ─ validating → intake ─┬─ sent: in_progress … settled: finalizing
//                                    └─ failed
//             ─ finalizing → output ─── completed, expired, cancelled
#ifndef TASKFIT_GATEWAY_BATCH_WORK_H
#define TASKFIT_GATEWAY_BATCH_WORK_H

#include "gateway/frame.h"
#include "job/openai_output.h"

struct batch_work;

// What was claimed, as long as it is in hand.
struct batch_claim {
    struct gateway *gateway;
    struct uuid id, input_file;
    char tenant[256];
    enum openai_form form;
    const char *endpoint;
    bool skip_bad, cancelling;
    int64_t deadline_ms;    // Unix time
    int64_t total, last_line;
    // The intake or output is through with it, one way or another; err: it could not go on now, and
    // the batch is claimed again later. Never from within `begin`.
    void (*over)(struct batch_work *work, const struct err *err);
    struct batch_work *work;
};

struct batch_work *batch_work_new(struct gateway *gateway);
void batch_work_free(struct batch_work *work);
void batch_work_wake(struct batch_work *work);  // there may be something to do
int64_t batch_work_turn(struct batch_work *work, int64_t now_ms);
// Takes nothing new, and lets go of what is in hand.
void batch_work_drain(struct batch_work *work);

#endif
