// How a record becomes a worker's hop.
#ifndef TASKFIT_FLEET_ENTRY_H
#define TASKFIT_FLEET_ENTRY_H

#include "fleet/order.h"

struct process;

// May one more be taken? By its order key (fleet/order.h), its lane and its tenant (job/room.h).
bool entry_allowed(const struct process *process, const struct order *order,
                   const struct room *room, const struct record *record, uint32_t lane);

// Reads the job of a tier's record, and begins its attempt. A reason with its particulars: it is
// none of ours.
enum reason entry_read(struct hop *hop, struct slice tier, const struct record *record,
                       struct slice *text);
// No model of the tier is called for it: its path's certificate leaves the tier out.
bool entry_is_skipped(const struct hop *hop);

#endif
