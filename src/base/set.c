#include "base/set.h"

#include "base/mem.h"

enum { SLOTS_FIRST = 1024 };  // a power of two

static bool place(uint64_t *slots, size_t cap, uint64_t hash) {
    size_t at = hash & (cap - 1);
    while (slots[at] != 0) {
        if (slots[at] == hash) {
            return false;
        }
        at = (at + 1) & (cap - 1);
    }
    slots[at] = hash;
    return true;
}

static void grow(struct set *set) {
    size_t cap = set->cap ? 2 * set->cap : SLOTS_FIRST;
    uint64_t *slots = mem_array(cap, sizeof(*slots));
    for (size_t i = 0; i < set->cap; i++) {
        if (set->slots[i] != 0) {
            place(slots, cap, set->slots[i]);
        }
    }
    mem_free(set->slots);
    set->slots = slots;
    set->cap = cap;
}

void set_fini(struct set *set) {
    mem_free(set->slots);
    *set = (struct set){0};
}

bool set_add(struct set *set, uint64_t hash) {
    if (set->count >= set->cap / 4 * 3) {
        grow(set);
    }
    if (!place(set->slots, set->cap, hash ? hash : 1)) {
        return false;
    }
    set->count++;
    return true;
}
