// Did the process stand still for as long as its group has patience? Then it may have lost its
// partitions, and hears of it only later: what was asked about before, even what is answered only
// now, may be stored by another meanwhile, and is asked about again before it is called.
#ifndef TASKFIT_FLEET_PATIENCE_H
#define TASKFIT_FLEET_PATIENCE_H

#include "fleet/hop.h"

struct patience {
    int64_t turned_ms, woke_ms;  // the last turn; the last that came after too long
};

void patience_turn(struct patience *patience, const struct config *config, int64_t now_ms);

static inline bool patience_is_over(const struct patience *patience, const struct hop *hop) {
    return hop->asked_ms < patience->woke_ms;
}

#endif
