// What a program of the fleet looks at before it takes anything: brokers, topics, database, schema.
//
// A mistake in the configuration must end the start with words about it. Servers that are away are
// waited for: as long as limits.start says now, later for ever.
#ifndef TASKFIT_FLEET_STARTUP_H
#define TASKFIT_FLEET_STARTUP_H

#include <stdint.h>

#include "fleet/config.h"
#include "io/notify.h"

// Blocks; log and supervisor hear every few seconds of what is waited for. Errors: EX_UNAVAILABLE,
// EX_NOPERM, EX_CONFIG; what to do. EX_OK: a signal ended the wait.
bool startup_check(const struct config *config, const char *program, struct notify *notify,
                   struct err *err) MUST_CHECK;

// The part about the topics of the configuration. Blocks for up to timeout_ms.
bool startup_check_topics(const struct config *config, int64_t timeout_ms,
                          struct err *err) MUST_CHECK;

#endif
