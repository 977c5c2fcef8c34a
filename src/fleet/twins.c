#include "fleet/twins.h"

#include "base/hash.h"

static uint64_t hop_hash(const struct hop *hop) {
    return hash64(uuid_slice(&hop->job.id), hop->job.hop);
}

static struct hop *find(const struct map *in_hand, const struct hop *like) {
    uint64_t hash = hop_hash(like);
    for (struct map_node *n = map_find(in_hand, hash); n; n = map_next(n, hash)) {
        struct hop *hop = LIST_ENTRY(n, struct hop, by_job);
        if (uuid_equal(hop->job.id, like->job.id) && hop->job.hop == like->job.hop) {
            return hop;
        }
    }
    return NULL;
}

bool twins_enter(struct map *in_hand, struct hop *hop) {
    struct hop *first = find(in_hand, hop);
    if (first) {
        hop_move(hop, STEP_TAKEN, &first->twins);
        return false;
    }
    map_insert(in_hand, &hop->by_job, hop_hash(hop));
    hop->registered = true;
    return true;
}

void twins_leave(struct map *in_hand, struct hop *hop) {
    if (hop->registered) {
        map_remove(in_hand, &hop->by_job);
    }
}
