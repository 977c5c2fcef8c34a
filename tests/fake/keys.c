#include "keys.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1 << 12 };

// The finaliser of MurmurHash3.
static uint64_t mix(uint64_t h) {
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

uint64_t bytes_hash(const char *bytes, size_t len, uint64_t seed) {
    uint64_t h = mix(seed + len);
    while (len >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        h = (h ^ mix(word)) * UINT64_C(0x9e3779b97f4a7c15);
        bytes += 8;
        len -= 8;
    }
    uint64_t rest = 0;
    memcpy(&rest, bytes, len);
    return mix(h ^ mix(rest));
}

static bool place(struct keys *keys, uint64_t hash) {
    size_t mask = keys->slot_count - 1;
    size_t i = hash & mask;
    while (keys->slots[i] != 0 && keys->slots[i] != hash) {
        i = (i + 1) & mask;
    }
    bool new = keys->slots[i] == 0;
    keys->slots[i] = hash;
    return new;
}

static void grow(struct keys *keys) {
    struct keys old = *keys;
    keys->slot_count = old.slot_count ? old.slot_count * 2 : FIRST_SLOTS;
    keys->slots = calloc(keys->slot_count, sizeof(*keys->slots));
    if (keys->slots == NULL) {
        abort();
    }
    for (size_t i = 0; i < old.slot_count; i++) {
        if (old.slots[i]) {
            place(keys, old.slots[i]);
        }
    }
    free(old.slots);
}

bool keys_add(struct keys *keys, uint64_t hash) {
    if (keys->used * 2 >= keys->slot_count) {
        grow(keys);
    }
    bool new = place(keys, hash ? hash : 1);
    keys->used += new;
    return new;
}
