#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

enum { ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *next;
    size_t size;  // of the whole; ARENA_BLOCK_BYTES: goes back to the pool
    _Alignas(ALIGNMENT) char data[];
};

void arena_pool_init(struct arena_pool *pool, size_t keep_bytes) {
    *pool = (struct arena_pool){.keep = keep_bytes / ARENA_BLOCK_BYTES};
}

void arena_pool_fini(struct arena_pool *pool) {
    while (pool->free) {
        struct arena_block *block = pool->free;
        pool->free = block->next;
        mem_free(block);
    }
    pool->free_count = 0;
}

void arena_init(struct arena *arena, struct arena_pool *pool) {
    *arena = (struct arena){.pool = pool};
}

void arena_fini(struct arena *arena) {
    struct arena_pool *pool = arena->pool;
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        pool->held -= block->size;
        if (block->size == ARENA_BLOCK_BYTES && pool->free_count < pool->keep) {
            block->next = pool->free;
            pool->free = block;
            pool->free_count++;
        } else {
            mem_free(block);
        }
    }
    *arena = (struct arena){.pool = pool};
}

static struct arena_block *block_take(struct arena_pool *pool, size_t size) {
    if (size == ARENA_BLOCK_BYTES && pool->free) {
        struct arena_block *block = pool->free;
        pool->free = block->next;
        pool->free_count--;
        return block;
    }
    struct arena_block *block = mem_alloc(size);
    block->size = size;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size) {
    if (size > SIZE_MAX / 2) {
        abort();
    }
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if ((size_t)(arena->end - arena->at) >= size) {
        char *memory = arena->at;
        arena->at += size;
        return memory;
    }
    const size_t room = ARENA_BLOCK_BYTES - sizeof(struct arena_block);
    struct arena_block *block =
        block_take(arena->pool, size <= room ? ARENA_BLOCK_BYTES
                                             : size + sizeof(struct arena_block));
    arena->pool->held += block->size;
    block->next = arena->blocks;
    arena->blocks = block;
    if (size <= room) {
        arena->at = block->data + size;
        arena->end = block->data + room;
    }
    return block->data;
}

bool arena_release(struct arena *arena, const void *memory) {
    for (struct arena_block **at = &arena->blocks; *at; at = &(*at)->next) {
        struct arena_block *block = *at;
        if (block->data == memory && block->size > ARENA_BLOCK_BYTES) {
            *at = block->next;
            arena->pool->held -= block->size;
            mem_free(block);
            return true;
        }
    }
    return false;
}

void *arena_zalloc(struct arena *arena, size_t size) {
    return memset(arena_alloc(arena, size), 0, size);
}

struct slice arena_slice(struct arena *arena, struct slice from) {
    if (from.at == NULL) {
        return from;
    }
    return (struct slice){arena_string(arena, from), from.len};
}

char *arena_string(struct arena *arena, struct slice from) {
    char *copy = arena_alloc(arena, from.len + 1);
    if (from.len > 0) {
        memcpy(copy, from.at, from.len);
    }
    copy[from.len] = '\0';
    return copy;
}

struct slice arena_printf(struct arena *arena, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return (struct slice){text, (size_t)len};
}
