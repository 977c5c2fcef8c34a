// Which idempotency keys have been seen: a set of their 64-bit hashes.
#ifndef TASKFIT_FAKE_KEYS_H
#define TASKFIT_FAKE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keys {
    uint64_t *slots;  // 0: free
    size_t slot_count, used;
};

uint64_t bytes_hash(const char *bytes, size_t len, uint64_t seed);

// True when it was not there before.
bool keys_add(struct keys *keys, uint64_t hash);

#endif
