// A hash table of embedded nodes by a 64-bit hash; the caller compares keys.
//
//     for (struct map_node *n = map_find(map, hash); n; n = map_next(n, hash)) if (same(n)) …
#ifndef TASKFIT_BASE_MAP_H
#define TASKFIT_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_node {
    struct map_node *next;
    uint64_t hash;
};

struct map {
    struct map_node **slots;
    size_t slot_count;  // a power of two, or 0
    size_t count;
};

void map_fini(struct map *map);
void map_insert(struct map *map, struct map_node *node, uint64_t hash);
void map_remove(struct map *map, struct map_node *node);  // it must be in the map
struct map_node *map_find(const struct map *map, uint64_t hash);
struct map_node *map_next(const struct map_node *node, uint64_t hash);

#endif
