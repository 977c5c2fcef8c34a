#include "base/map.h"

#include <assert.h>

#include "base/mem.h"

void map_fini(struct map *map) {
    mem_free(map->slots);
    *map = (struct map){0};
}

static struct map_node **slot_of(const struct map *map, uint64_t hash) {
    return &map->slots[hash & (map->slot_count - 1)];
}

static void grow(struct map *map) {
    struct map old = *map;
    map->slot_count = old.slot_count ? 2 * old.slot_count : 64;
    map->slots = mem_array(map->slot_count, sizeof(struct map_node *));
    for (size_t i = 0; i < old.slot_count; i++) {
        while (old.slots[i]) {
            struct map_node *node = old.slots[i];
            old.slots[i] = node->next;
            struct map_node **slot = slot_of(map, node->hash);
            node->next = *slot;
            *slot = node;
        }
    }
    mem_free(old.slots);
}

void map_insert(struct map *map, struct map_node *node, uint64_t hash) {
    if (map->count == map->slot_count) {
        grow(map);
    }
    struct map_node **slot = slot_of(map, hash);
    *node = (struct map_node){.next = *slot, .hash = hash};
    *slot = node;
    map->count++;
}

void map_remove(struct map *map, struct map_node *node) {
    struct map_node **at = slot_of(map, node->hash);
    while (*at != node) {
        assert(*at);
        at = &(*at)->next;
    }
    *at = node->next;
    node->next = NULL;
    map->count--;
}

static struct map_node *first_with(struct map_node *node, uint64_t hash) {
    while (node && node->hash != hash) {
        node = node->next;
    }
    return node;
}

struct map_node *map_find(const struct map *map, uint64_t hash) {
    return map->slot_count ? first_with(*slot_of(map, hash), hash) : NULL;
}

struct map_node *map_next(const struct map_node *node, uint64_t hash) {
    return first_with(node->next, hash);
}
