// Order keys: jobs with the same key are called one after the other within a tier, in the order of
// the topic; others overtake them.
//
// A key's jobs all come by one partition (the record's key is the order key), so one process sees
// them all. They are admitted together, and the first of a key that is to be called is; the next
// may be once the attempt of the one before is stored, or it was set aside. What comes again after
// a crash or a rebalance comes in the order of the topic, and finds what is stored: nothing is
// called twice or out of turn, but for a process that calls on after it lost a partition.
//
// A key with a long backlog must not stop the others: how many of its jobs may wait in memory is
// bounded. Above that the next of them is not taken, and its partition waits behind it; the other
// partitions go on.
#ifndef TASKFIT_FLEET_ORDER_H
#define TASKFIT_FLEET_ORDER_H

#include "fleet/hop.h"

struct order {
    struct map queues;   // by key
    size_t hops, bytes;  // in all of them; bytes of inputs
};

void order_fini(struct order *order);  // forgets who is in it

// In its key's queue by hop->arrival; a job without a key is in none.
void order_enter(struct order *order, struct hop *hop);

// May one more of this key be taken?
bool order_has_room(const struct order *order, struct slice key,
                    const struct config_limits *limits);

// May it be called? True for one that is in no queue.
bool order_is_first(const struct hop *hop);

// Returns the hop that is first from now on, NULL: none, or it was first before. No-op for one that
// is in no queue.
struct hop *order_leave(struct order *order, struct hop *hop);

#endif
