// A queue by time: the entry due first comes out first. Entries are embedded, nothing is copied.
#ifndef TASKFIT_BASE_HEAP_H
#define TASKFIT_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t due;   // in the caller's unit
    size_t place;  // index + 1; 0: in no heap
};

struct heap {
    struct heap_node **nodes;
    size_t count, cap;
};

void heap_fini(struct heap *heap);
void heap_push(struct heap *heap, struct heap_node *node, int64_t due);
void heap_remove(struct heap *heap, struct heap_node *node);  // no-op when it is in none
struct heap_node *heap_first(const struct heap *heap);        // NULL when empty

#endif
