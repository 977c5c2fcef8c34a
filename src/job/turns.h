// Whose turn it is: those that wait, by lane and by tenant.
//
// Lanes share by their weights: of two that always have someone waiting, one with eight times the
// other's weight is served eight times as often, and nobody is left out. One that had nobody comes
// first when somebody does come, with no claim on what it did not use. Within a lane tenants share
// by deficit round robin (Shreedhar and Varghese, 1995), whatever each of them has waiting; each
// tenant's own go in their order.
//
// Pure. A tenant with nobody waiting costs nothing: what is kept of it is used for the next one.
#ifndef TASKFIT_JOB_TURNS_H
#define TASKFIT_JOB_TURNS_H

#include <stdint.h>

#include "base/list.h"
#include "base/map.h"

enum { LANES_MOST = 8 };

struct turns_tenant;

// One that waits; embedded, and zeroed before its first use.
struct turn {
    struct list_node node;
    struct turns_tenant *tenant;  // NULL: it does not wait
    uint32_t cost;
};

struct turns_lane {
    struct list round;  // of tenants who have someone waiting
    uint32_t weight;
    uint64_t pass;  // what it was served, over its weight
};

struct turns {
    struct turns_lane lanes[LANES_MOST];
    struct map tenants;  // of all lanes
    struct list spare;   // to be used again
    uint64_t pass;       // of the lane that was served last, before that
    size_t count;
};

void turns_init(struct turns *turns);
void turns_fini(struct turns *turns);  // nobody may wait
void turns_weigh(struct turns *turns, uint32_t lane, uint32_t weight);

// Who is to be served, from now on.
struct turns_place {
    uint32_t lane;
    uint64_t tenant;  // a hash of its name: two with the same one share a turn
    uint32_t cost;    // of serving it, in calls: at least 1
    bool first;       // before all others of its tenant
};
void turns_add(struct turns *turns, struct turn *turn, const struct turns_place *place);
void turns_remove(struct turns *turns, struct turn *turn);  // is not served; may not be waiting

// Whose turn it is, NULL: nobody waits. The same until turns_take, or until others come or go.
struct turn *turns_next(struct turns *turns);
void turns_take(struct turns *turns, struct turn *turn);  // that one is served

#endif
