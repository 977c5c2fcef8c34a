// What lanes and tenants hold of a worker's room, and whether one of them may have more.
//
// One lane must not fill the room for the others, nor one tenant its lane: of the room a lane may
// have all but what is kept for each of the others, the half of an even share, as long as they do
// not use it themselves. And of what its lane may have, the last eighth is for tenants with less
// than that. A lone lane with one tenant has all but that eighth; without a tenant's name, all.
//
// Pure. A tenant that holds nothing costs nothing.
#ifndef TASKFIT_JOB_ROOM_H
#define TASKFIT_JOB_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job/turns.h"

// Jobs, and bytes of them.
struct room_use {
    size_t jobs, bytes;
};

struct room_tenant;

// One job's part; embedded, and zeroed before its first use.
struct room_part {
    uint32_t lane;
    struct room_tenant *tenant;  // NULL: none
    size_t bytes;
};

struct room {
    uint32_t lane_count;
    struct room_use lanes[LANES_MOST];
    struct map tenants;  // of all lanes
    struct list spare;   // to be used again
};

void room_init(struct room *room, uint32_t lane_count);
void room_fini(struct room *room);  // forgets who is in it

void room_enter(struct room *room, struct room_part *part, uint32_t lane, size_t bytes);
void room_name(struct room *room, struct room_part *part, uint64_t tenant);  // once, after that
void room_leave(struct room *room, struct room_part *part);

// What all lanes may have, where jobs hold so many bytes in memory, what is made of them included.
struct room_use room_in_all(const struct room *room, size_t jobs, size_t bytes, size_t held);
// May the lane have one more job? all: what all lanes may have.
bool room_for_lane(const struct room *room, uint32_t lane, struct room_use all);
// Is the lane so full that it matters whose the job is? And may that tenant (a hash) have it?
bool room_is_scarce(const struct room *room, uint32_t lane, struct room_use all);
bool room_for_tenant(const struct room *room, uint32_t lane, uint64_t tenant, struct room_use all);

#endif
