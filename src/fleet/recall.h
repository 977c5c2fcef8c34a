// Which jobs in hand were cancelled since they were admitted, or are of a batch that has spent what
// it may by now: asked once a second while any are.
//
// One question about the last seconds, whatever is in hand: its cost does not grow with the calls
// under way. It reaches back to the last answer and some seconds more, for a cancellation that was
// written then and committed later; so the same ones are named several times.
#ifndef TASKFIT_FLEET_RECALL_H
#define TASKFIT_FLEET_RECALL_H

#include "fleet/hop.h"
#include "io/pg.h"

struct process;

// A job or a batch.
struct recalled {
    struct uuid id;
    bool capped;  // has spent what it may; else it was cancelled
};

struct recall {
    struct process *process;
    struct pg *pg;
    // Some were: walk what is in hand and ask recall_reason of each.
    void (*recalled)(void *owner, const struct recall *recall);
    void *owner;
    bool sent;
    int64_t sent_ms;   // of the question under way
    int64_t known_ms;  // when the last question that was answered was asked
    struct recalled *ids;  // in order
    size_t count;
};

void recall_init(struct recall *recall, struct process *process, struct pg *pg,
                 void (*recalled)(void *owner, const struct recall *recall), void *owner);
void recall_fini(struct recall *recall);

// any: is something in hand? Returns milliseconds until it must be called again, -1: not before an
// event.
int64_t recall_turn(struct recall *recall, bool any, int64_t now_ms);

// Valid within `recalled`: why the hop, which waits for a call or is called, shall not be called
// any more: JOB_CANCELLED, SPEND_BATCH, or NONE. A call under way is not given up for money that it
// costs anyhow: the hop is marked, and not tried again.
enum reason recall_reason(const struct recall *recall, struct hop *hop);

#endif
