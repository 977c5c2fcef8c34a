// Hops that wait for a model, and which of them is called next: by lane, by tenant (job/turns.h).
//
// Nobody is called while the next cannot be, or it would never be: small ones would use up what a
// large one waits for. But for three who are set aside, and tried before all others as soon as a
// model may have room again: those that began with an older configuration, whose models are not
// those that the others wait for; a few for whom one model has too little left of a rate while
// another is at its calls, which they wait for; and, first of all, those whose attachments are
// fetched, who had their turn: the next may wait for the room that these take. Those that have an
// answer, and wait for its verifier, have no turn either.
#ifndef TASKFIT_FLEET_READY_H
#define TASKFIT_FLEET_READY_H

#include "fleet/hop.h"

struct process;

struct ready {
    struct list hops;  // all
    struct list aside;
    struct list verifying, held;  // those for a verifier; those of them that are WAITING
    struct turns turns;
    char *lanes[LANES_MOST];  // their names, in the order of the start
    uint32_t lane_count;
};

void ready_init(struct ready *ready, const struct config *config);
void ready_fini(struct ready *ready);                                // forgets who is in it
// Once a second: weighs the lanes as the newest configuration says, and measures them.
void ready_tidy(struct ready *ready, struct process *process, const struct intake *intake);

// retried: before those of its tenant that were never called.
void ready_add(struct ready *ready, struct hop *hop, bool retried);
void ready_leave(struct ready *ready, struct hop *hop);  // no-op for one that is not in it

// Whose turn it is; NULL: nobody's. It is served when it leaves by ready_take.
struct hop *ready_next(struct ready *ready);
void ready_take(struct ready *ready, struct hop *hop);
// It has its turn, but waits on. False: too many do.
bool ready_set_aside(struct ready *ready, struct hop *hop, bool any_number);

static inline size_t ready_held(const struct ready *ready) {
    return ready->verifying.count + ready->held.count;
}

// The first of those that wait for a verifier; NULL: none does.
static inline struct hop *ready_verified(struct ready *ready) {
    struct list_node *node = list_first(&ready->verifying);
    return node ? LIST_ENTRY(node, struct hop, node) : NULL;
}

static inline struct hop *ready_hop(struct list_node *in_aside) {
    return LIST_ENTRY(in_aside, struct hop, turn.node);
}

#endif
