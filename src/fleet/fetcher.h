// A hop's attachments that are named by address: fetched before the call, one after the other,
// below the prefixes of the hop's configuration alone, and held until the request is out.
//
// Bounded: what fetches may bring, and what they brought, is counted, and none begins without room.
#ifndef TASKFIT_FLEET_FETCHER_H
#define TASKFIT_FLEET_FETCHER_H

#include "fleet/hop.h"

struct process;
struct fetcher;

// The end of a hop's fetches. REASON_NONE: all its attachments are here.
struct fetch_end {
    enum reason error;
    struct slice text;  // in the hop's arena
    bool retry;         // the same fetch may do better later
};
typedef void fetcher_done(void *owner, struct hop *hop, const struct fetch_end *end);

struct fetcher *fetcher_open(struct process *process, fetcher_done *done, void *owner);
void fetcher_close(struct fetcher *fetcher);

bool fetcher_wants(const struct hop *hop);  // some attachment is not here
// False: there is no room now, and something will be heard when there is. `done` comes later, from
// the loop.
bool fetcher_start(struct fetcher *fetcher, struct hop *hop);
void fetcher_cancel(struct fetcher *fetcher, struct hop *hop);  // if one is under way
// What was fetched is of no use any more, but for another fetch. Not while one is under way.
void fetcher_release(struct fetcher *fetcher, struct hop *hop);

#endif
