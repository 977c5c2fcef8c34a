#include "job/policy.h"

#include <assert.h>

int path_tier_index(const struct path *path, struct slice tier) {
    for (uint32_t i = 0; i < path->tier_count; i++) {
        if (slice_is(tier, path->tiers[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

int path_tier_after(const struct path *path, int place, bool all) {
    for (int next = place + 1; next < (int)path->tier_count; next++) {
        if (all || !path->tiers[next].skipped) {
            return next;
        }
    }
    return -1;
}

const char *path_first_tier(const struct path *path, bool all) {
    int first = path_tier_after(path, -1, all);
    assert(first >= 0);
    return path->tiers[first].name;
}
