// Of a (job, hop) one is in hand at a time: a second copy waits until the first is through.
#ifndef TASKFIT_FLEET_TWINS_H
#define TASKFIT_FLEET_TWINS_H

#include "fleet/hop.h"

// True: it is the first, and in the map from now on. Else it waits in the first one's list.
bool twins_enter(struct map *in_hand, struct hop *hop);
// It is through. Those that waited for it are in its list.
void twins_leave(struct map *in_hand, struct hop *hop);

#endif
