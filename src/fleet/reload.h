// A new configuration for a process that runs: SIGHUP.
//
// It is loaded whole and looked at; then it holds for the hops that are taken from now on, while
// those in hand keep what they began with. What cannot be used stays out as a whole, and the old
// one holds.
#ifndef TASKFIT_FLEET_RELOAD_H
#define TASKFIT_FLEET_RELOAD_H

#include "base/err.h"
#include "fleet/process.h"

// tier: whose jobs the process takes; NULL: none. May block for some seconds, where the new file
// has tiers that the old one had not: their topics must be there. Errors: those of config_load, or
// what needs a restart.
bool reload(struct process *process, const char *tier, struct err *err) MUST_CHECK;

// May a process that runs with `old` go on with `fresh`? (what reload asks before it asks brokers)
bool reload_allowed(const struct config *old, const struct config *fresh, const char *tier,
                    struct err *err) MUST_CHECK;

#endif
