// What a program of the fleet looks at before it takes anything: brokers, topics, database, schema.
//
// A mistake in the configuration must end the start with words about it. What goes away later is
// waited for.
#ifndef TASKFIT_FLEET_STARTUP_H
#define TASKFIT_FLEET_STARTUP_H

#include <stdint.h>

#include "fleet/config.h"

// Blocks, for seconds at most. Errors: EX_UNAVAILABLE, EX_NOPERM, EX_CONFIG; what to do.
bool startup_check(const struct config *config, const char *program, struct err *err) MUST_CHECK;

// The part about the topics of the configuration. Blocks for up to timeout_ms.
bool startup_check_topics(const struct config *config, int64_t timeout_ms,
                          struct err *err) MUST_CHECK;

#endif
