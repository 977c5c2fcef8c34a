// Records that cannot be processed: a row in dead_letters first, then a message on the dead topic,
// and only then is the record finished. Worker and escalator both bury.
#ifndef TASKFIT_FLEET_BURIAL_H
#define TASKFIT_FLEET_BURIAL_H

#include "fleet/publisher.h"
#include "fleet/store.h"

struct burial_events {
    void (*buried)(void *owner, struct hop *hop);  // its row is stored: publish its letter
    // The value of the record that brought the hop, again: a letter can be replayed.
    void (*pack)(void *owner, struct hop *hop, struct buf *out);
};

struct burial {
    struct process *process;
    struct store *store;
    struct burial_events events;
    void *owner;
};

void burial_init(struct burial *burial, struct process *process, struct pg *pg,
                 const struct burial_events *events, void *owner);
void burial_fini(struct burial *burial);

// What the letter holds: key and value of the record (copied), or without one those that are made
// again. reason: MESSAGE_*, PATH_* or ROW_REFUSED.
void burial_add(struct burial *burial, struct hop *hop, enum reason reason, struct slice text,
                const struct record *record);

// Sends the letter; false: the producer's queue is full.
bool burial_publish(struct publisher *publisher, struct hop *hop, struct buf *scratch);

#endif
