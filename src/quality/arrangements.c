#include "quality/arrangements.h"

#include <assert.h>

struct listing {
    uint32_t tier_count;
    struct arrangement *out;
    size_t count;
};

unsigned arrangement_set(const struct arrangement *arrangement) {
    unsigned set = 0;
    for (uint32_t i = 0; i < arrangement->count; i++) {
        set |= 1u << arrangement->tiers[i];
    }
    return set;
}

static bool may_follow(const struct listing *l, const struct arrangement *begun, uint32_t tier) {
    if (arrangement_set(begun) & 1u << tier) {
        return false;
    }
    bool ordered = l->tier_count <= ARRANGEMENTS_ORDERED || begun->count == 0;
    return ordered || tier > begun->tiers[begun->count - 1];
}

static void extend(struct listing *l, const struct arrangement *begun) {
    for (uint32_t tier = 0; tier < l->tier_count; tier++) {
        if (may_follow(l, begun, tier)) {
            struct arrangement longer = *begun;
            longer.tiers[longer.count++] = (uint8_t)tier;
            assert(l->count < ARRANGEMENTS_MOST);
            l->out[l->count++] = longer;
            extend(l, &longer);
        }
    }
}

size_t arrangements_list(uint32_t tier_count, struct arrangement out[ARRANGEMENTS_MOST]) {
    struct listing l = {tier_count, out, 0};
    const struct arrangement none = {.count = 0};
    assert(tier_count <= CASCADE_TIERS_MOST);
    extend(&l, &none);
    return l.count;
}
