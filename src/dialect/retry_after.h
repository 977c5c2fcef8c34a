// When a server asks to be called again (RFC 9110, 10.2.3).
#ifndef TASKFIT_DIALECT_RETRY_AFTER_H
#define TASKFIT_DIALECT_RETRY_AFTER_H

#include <stdint.h>

#include "dialect/dialect.h"

// Milliseconds from now: of seconds, milliseconds or any of the three forms of HTTP dates; 0 for a
// date that has passed, a year at most. -1: nothing was asked, or nothing that can be read.
int64_t retry_after_ms(const struct reply *reply);

#endif
