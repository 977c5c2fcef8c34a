// Memory that dies together: what belongs to one job is allocated from its arena and freed at once.
//
// Blocks come from a pool that the process keeps, so that a job's start and end cost no malloc.
// A request that no block can hold is served by the heap and freed with the arena. Alignment: 16.
#ifndef TASKFIT_BASE_ARENA_H
#define TASKFIT_BASE_ARENA_H

#include "base/slice.h"

enum { ARENA_BLOCK_BYTES = 2048 };

struct arena_block;

struct arena_pool {
    struct arena_block *free;
    size_t free_count;
    size_t keep;  // blocks kept for reuse; what is given back beyond goes to the heap
    size_t held;  // bytes that its arenas have: what a limit on memory counts
};

struct arena {
    struct arena_pool *pool;
    struct arena_block *blocks;
    char *at, *end;  // what is left of the newest block
};

void arena_pool_init(struct arena_pool *pool, size_t keep_bytes);
void arena_pool_fini(struct arena_pool *pool);

void arena_init(struct arena *arena, struct arena_pool *pool);
void arena_fini(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size);  // not zeroed
void *arena_zalloc(struct arena *arena, size_t size);
struct slice arena_slice(struct arena *arena, struct slice from);  // a copy; absent stays absent
char *arena_string(struct arena *arena, struct slice from);        // a copy, ended by NUL
struct slice arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Gives back what was allocated before the arena dies, if the heap served it. False: it lies in a
// block with others, and stays.
bool arena_release(struct arena *arena, const void *memory);

#endif
