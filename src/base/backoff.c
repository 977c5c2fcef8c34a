#include "base/backoff.h"

int64_t backoff_wait_ms(const struct backoff *backoff, unsigned failures, struct random *random) {
    int64_t limit = backoff->base_ms;
    for (unsigned i = 1; i < failures && limit < backoff->cap_ms; i++) {
        limit *= 2;
    }
    if (limit > backoff->cap_ms) {
        limit = backoff->cap_ms;
    }
    return 1 + (int64_t)random_below(random, (uint64_t)(limit > 0 ? limit : 1));
}
