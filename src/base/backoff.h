// Exponential back-off with full jitter: a wait drawn evenly from 0 to min(cap, base * 2^n).
// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#ifndef TASKFIT_BASE_BACKOFF_H
#define TASKFIT_BASE_BACKOFF_H

#include <stdint.h>

#include "base/random.h"

struct backoff {
    int64_t base_ms, cap_ms;
};

// failures: how many in a row, from 1. At least 1 ms.
int64_t backoff_wait_ms(const struct backoff *backoff, unsigned failures, struct random *random);

#endif
