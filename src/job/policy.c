#include "job/policy.h"

int path_tier_index(const struct path *path, struct slice tier) {
    for (uint32_t i = 0; i < path->tier_count; i++) {
        if (slice_is(tier, path->tiers[i].name)) {
            return (int)i;
        }
    }
    return -1;
}
