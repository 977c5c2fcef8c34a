#include "job/opinion.h"

#include <assert.h>

const char *round_why_name(enum round_why why) {
    static const char *const names[] = {NULL, "second", "four_eyes", "dispute"};
    return names[why];
}

// The newest word of each other person counts.
static bool is_newest(const struct opinion *opinions, uint32_t count, uint32_t place) {
    for (uint32_t i = place + 1; i < count; i++) {
        if (slice_equal(opinions[i].person, opinions[place].person)) {
            return false;
        }
    }
    return true;
}

static struct slice partner(const struct opinion *opinions, uint32_t count) {
    for (uint32_t i = 0; i + 1 < count; i++) {
        if (opinions[i].agrees && is_newest(opinions, count, i)) {
            return opinions[i].person;
        }
    }
    return (struct slice){0};
}

struct ruling opinion_rule(const struct review_policy *policy, const struct opinion *opinions,
                           uint32_t count, double chance) {
    assert(count > 0);
    if (policy->four_eyes) {
        struct slice with = partner(opinions, count);
        return (struct ruling){.settles = with.at != NULL,
                               .with = with,
                               .next = with.at      ? ROUND_NONE
                                       : count == 1 ? ROUND_FOUR_EYES
                                                    : ROUND_DISPUTE};
    }
    if (count == 1) {
        return (struct ruling){.settles = true,
                               .next = chance < policy->second ? ROUND_SECOND : ROUND_NONE};
    }
    if (count == 2) {
        return (struct ruling){.next = opinions[0].agrees ? ROUND_NONE : ROUND_DISPUTE};
    }
    return (struct ruling){.settles = true};
}
