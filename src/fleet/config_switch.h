// A tier as `taskfit switch` left it: the configuration's, with other weights, and perhaps models
// that the configuration has for other tiers.
#ifndef TASKFIT_FLEET_CONFIG_SWITCH_H
#define TASKFIT_FLEET_CONFIG_SWITCH_H

#include "fleet/config.h"

// weights: {"name@version": weight}, as rows of `switches` have it; what it does not name keeps its
// own. Absent: nothing was switched. EX_CONFIG: a model that is not there, nothing left to call, or
// a path whose certificate or threshold is not for these models.
bool config_switch(const struct config *config, const struct config_tier *tier,
                   struct slice weights, struct config_tier *out, struct err *err) MUST_CHECK;

#endif
