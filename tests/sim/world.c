#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "node.h"

struct world world;

// 2026-01-01, so that traces can be read.
static const int64_t epoch_ms = 1767225600000;

enum { POOL_BYTES = 4 << 20 };

void world_begin(uint64_t seed, bool trace) {
    memset(&world, 0, sizeof(world));
    world.seed = seed;
    world.trace = trace;
    world.faults = true;
    random_seed(&world.random, seed);
    arena_pool_init(&world.pool, POOL_BYTES);
    arena_init(&world.arena, &world.pool);
}

void world_end(void) {
    heap_fini(&world.events);
    arena_fini(&world.arena);
    arena_pool_fini(&world.pool);
}

bool world_step(int64_t until_us) {
    struct heap_node *first = heap_first(&world.events);
    if (first == NULL || first->due > until_us) {
        world.now_us = until_us;
        return false;
    }
    struct event *event = LIST_ENTRY(first, struct event, due);
    struct node *node = event->node;
    world.now_us = first->due;
    heap_remove(&world.events, first);
    if (node && world.now_us < node->stalled_until_us) {
        heap_push(&world.events, first, node->stalled_until_us + between(0, MS_US));
        return true;
    }
    tallies.events++;
    event->fire(event->owner);
    if (node) {
        node_turn(node);
    }
    return true;
}

int64_t world_steady_ms(void) {
    return world.now_us / MS_US;
}

int64_t world_wall_ms(void) {
    return epoch_ms + world.now_us / MS_US;
}

void event_in(struct event *event, int64_t delay_us, void (*fire)(void *owner), void *owner) {
    event_for(event, NULL, delay_us, fire, owner);
}

void event_for(struct event *event, struct node *node, int64_t delay_us,
               void (*fire)(void *owner), void *owner) {
    event_stop(event);
    event->fire = fire;
    event->owner = owner;
    event->node = node;
    heap_push(&world.events, &event->due, world.now_us + delay_us);
}

void event_stop(struct event *event) {
    heap_remove(&world.events, &event->due);
}

bool event_waits(const struct event *event) {
    return event->due.place > 0;
}

bool chance(double share) {
    return random_unit(&world.random) < share;
}

bool fault(double share) {
    return world.faults && chance(share);
}

int64_t between(int64_t low, int64_t high) {
    return low + (int64_t)random_below(&world.random, (uint64_t)(high - low + 1));
}

int64_t about_us(int64_t usual_us) {
    int64_t us = between(usual_us / 4, usual_us * 2);
    return chance(0.03) ? us * 20 : us;
}

void trace(const char *format, ...) {
    va_list args;
    if (!world.trace) {
        return;
    }
    printf("%12.6f  ", (double)world.now_us / SECOND_US);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void broken(const char *format, ...) {
    va_list args;
    if (world.is_broken) {
        return;
    }
    world.is_broken = true;
    va_start(args, format);
    vsnprintf(world.broken, sizeof(world.broken), format, args);
    va_end(args);
    trace("BROKEN: %s", world.broken);
}
