// Records that cannot be processed: a row in dead_letters first, then a message on the dead topic,
// and only then is the record finished. Worker and escalator both bury.
#ifndef TASKFIT_FLEET_BURIAL_H
#define TASKFIT_FLEET_BURIAL_H

#include "fleet/publisher.h"
#include "fleet/store.h"

// A store of dead letters. `buried` gets each hop whose row is stored, to publish its letter.
struct burial {
    struct process *process;
    struct store *store;
    void (*buried)(void *owner, struct hop *hop);
    void *owner;
};

void burial_init(struct burial *burial, struct process *process, struct pg *pg,
                 void (*buried)(void *owner, struct hop *hop), void *owner);
void burial_fini(struct burial *burial);

// What the letter holds: key and value of the record (copied), or with value absent the job packed
// again. reason: MESSAGE_*, PATH_* or ROW_REFUSED.
void burial_add(struct burial *burial, struct hop *hop, enum reason reason, struct slice text,
                const struct record *record);

// Sends the letter; false: the producer's queue is full.
bool burial_publish(struct publisher *publisher, struct hop *hop, struct buf *scratch);

#endif
