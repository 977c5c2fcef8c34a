// Is there time left for a hop to be called at its tier?
#ifndef TASKFIT_FLEET_LATENESS_H
#define TASKFIT_FLEET_LATENESS_H

#include "fleet/caller.h"

// When the hop is taken: how long its tier has for it.
void lateness_begin(struct hop *hop, int64_t now_ms);

// Why it is not to be called any more: its deadline or its tier's limit has passed, or the deadline
// is nearer than what is usual for the model that it would have, if it was not called yet.
// REASON_NONE: it may be. The attempt's error_text says more.
enum reason lateness(struct process *process, struct caller *caller, struct hop *hop,
                     int64_t now_ms);

#endif
