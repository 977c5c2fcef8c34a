// A set of 64-bit hashes: 11 to 21 bytes an element, none removed. Two things with the same hash
// are one; among 10 million that happens to anyone with a chance of 1 in 370,000.
#ifndef TASKFIT_BASE_SET_H
#define TASKFIT_BASE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct set {
    uint64_t *slots;  // 0: free
    size_t cap, count;
};

void set_fini(struct set *set);
bool set_add(struct set *set, uint64_t hash);  // false: it was there

#endif
