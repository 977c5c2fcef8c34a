// Which jobs in hand were cancelled since they were admitted: asked once a second while any are.
//
// One question about the last seconds, whatever is in hand: its cost does not grow with the calls
// under way. It reaches back to the last answer and some seconds more, for a cancellation that was
// written then and committed later; so the same ones are named several times.
#ifndef TASKFIT_FLEET_RECALL_H
#define TASKFIT_FLEET_RECALL_H

#include "fleet/hop.h"
#include "io/pg.h"

struct process;

struct recall {
    struct process *process;
    struct pg *pg;
    // Some were: walk what is in hand and ask recall_names of each.
    void (*recalled)(void *owner, const struct recall *recall);
    void *owner;
    bool sent;
    int64_t sent_ms;   // of the question under way
    int64_t known_ms;  // when the last question that was answered was asked
    struct uuid *ids;  // of jobs and batches, in order
    size_t count;
};

void recall_init(struct recall *recall, struct process *process, struct pg *pg,
                 void (*recalled)(void *owner, const struct recall *recall), void *owner);
void recall_fini(struct recall *recall);

// any: is something in hand? Returns milliseconds until it must be called again, -1: not before an
// event.
int64_t recall_turn(struct recall *recall, bool any, int64_t now_ms);

// Valid within `recalled`: was the hop's job or its batch cancelled?
bool recall_names(const struct recall *recall, const struct hop *hop);

#endif
