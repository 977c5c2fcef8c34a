#include "node.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "facts.h"
#include "fleet/escalator.h"
#include "fleet/worker.h"
#include "io/loop.h"

struct node nodes[NODES_MOST];
unsigned node_count;
struct life lives[LIVES_MOST];

static unsigned life_count;
static struct config *config_of_all;

enum { POOL_BYTES = 256 << 10 };

static void nothing(void *owner) {
    (void)owner;  // the turn that follows is all
}

void nodes_begin(struct config *config) {
    memset(nodes, 0, sizeof(nodes));
    memset(lives, 0, sizeof(lives));
    node_count = 0;
    life_count = 0;
    config_of_all = config;
}

struct node *node_add(const char *tier, const char *name) {
    struct node *node = &nodes[node_count];
    node->number = node_count++;
    node->tier = tier;
    node->is_static = chance(0.4);
    snprintf(node->instance, sizeof(node->instance), "%s", name);
    return node;
}

static void on_fatal(void *owner, const struct err *err) {
    struct node *node = owner;
    trace("%s: fatal: %s", node->instance, err->text);
    node->failed = true;
}

void node_start(struct node *node) {
    struct err err = {0};
    bool ok;
    assert(!node->up && life_count + 1 < LIVES_MOST);
    if (node->for_good) {
        return;
    }
    node->life = ++life_count;
    node->up = true;
    node->draining = node->giving_back = node->failed = node->doomed = node->armed = false;
    node->stalled_until_us = 0;
    node->recalled_us = node->woke_us = -1;
    node->switch_heard = -1;
    node->loop = (struct loop){node};
    node->process = (struct process){
        .program = node->tier ? "taskfit-worker" : "taskfit-escalator",
        .instance = node->instance,
        .static_member = node->is_static,
        .loop = &node->loop,
        .config = config_keep(config_of_all),
        .fatal = on_fatal,
        .fatal_owner = node,
    };
    random_seed(&node->process.random, random_u64(&world.random));
    arena_pool_init(&node->process.pool, POOL_BYTES);
    trace("%s: starts, life %u", node->instance, node->life);
    if (node->tier) {
        ok = worker_open(&node->worker, &node->process, node->tier, &err);
    } else {
        ok = escalator_open(&node->escalator, &node->process, &err);
    }
    if (!ok) {
        broken("%s does not start: %s", node->instance, err.text);
    }
    node_wake(node);
}

static void close_it(struct node *node) {
    node->up = false;
    event_stop(&node->turn);
    event_stop(&node->wake);
    event_stop(&node->stall);
    if (node->tier) {
        worker_close(node->worker);
    } else {
        escalator_close(node->escalator);
    }
    node->worker = NULL;
    node->escalator = NULL;
    metrics_fini(&node->process.metrics);
    config_release(node->process.config);
    arena_pool_fini(&node->process.pool);
}

static void on_restart(void *owner) {
    node_start(owner);
}

static void restart_later(struct node *node) {
    if (!node->for_good) {
        event_in(&node->restart, between(10 * MS_US, 8 * SECOND_US), on_restart, node);
    }
}

static void died(const struct node *node) {
    lives[node->life].crashed = true;
    world.in_hand += facts_calls_in_hand(node->life);
}

void node_crash(struct node *node) {
    trace("%s: dies at %s", node->instance, op_name(node->died_at));
    tally(TALLY_CRASHES);
    tallies.crashes[node->died_at]++;
    died(node);
    node->doomed = true;  // closing has no effect on the outside
    close_it(node);
    restart_later(node);
}

// The process ends by itself: it leaves its groups and closes its connections.
static void end(struct node *node) {
    trace("%s: ends%s", node->instance, node->failed ? ", failed" : "");
    if (node->failed) {
        tally(TALLY_EXITS);
        died(node);
    } else if (world_steady_ms() >= node->drain_until_ms) {
        tally(TALLY_EARLY_CLOSES);
        died(node);
    } else {
        tally(TALLY_RESTARTS);
    }
    close_it(node);
    restart_later(node);
}

void node_turn(struct node *node) {
    if (!node->up) {
        return;
    }
    int64_t wait_ms = -1;
    if (!node->doomed) {
        wait_ms = node->tier ? worker_turn(node->worker, world_steady_ms())
                             : escalator_turn(node->escalator, world_steady_ms());
    }
    if (node->doomed) {
        node_crash(node);
        return;
    }
    bool drained = node->tier ? worker_drained(node->worker)
                              : escalator_drained(node->escalator);
    if (node->failed || drained) {
        end(node);
        return;
    }
    if (wait_ms < 0) {
        event_stop(&node->turn);
    } else {
        event_for(&node->turn, node, wait_ms * MS_US + between(1, 50), nothing, node);
    }
}

void node_wake(struct node *node) {
    if (node->up && !event_waits(&node->wake)) {
        event_for(&node->wake, node, between(1, 200), nothing, node);
    }
}

static void on_drain(void *owner) {
    struct node *node = owner;
    if (node->draining) {
        return;
    }
    node->draining = true;
    node->drain_until_ms = world_steady_ms() + node->process.config->limits.drain_ms;
    lives[node->life].left = true;
    node_op(node, OP_DRAIN);
    trace("%s: drains", node->instance);
    if (node->tier) {
        worker_drain(node->worker, world_steady_ms());
    } else {
        escalator_drain(node->escalator, world_steady_ms());
    }
}

void node_drain(struct node *node) {
    if (node->up) {
        event_for(&node->stall, node, 1, on_drain, node);
    }
}

void node_arm(struct node *node, enum op op) {
    node->armed = true;
    node->armed_before = chance(0.5);
    node->armed_at = op;
}

void nodes_disarm(void) {
    for (unsigned i = 0; i < node_count; i++) {
        nodes[i].armed = false;
    }
}

bool node_op(struct node *node, enum op op) {
    tallies.ops[op]++;
    if (node->doomed || !node->up) {
        return false;
    }
    if (!node->armed || node->armed_at != op) {
        return true;
    }
    node->armed = false;
    node->doomed = true;
    node->died_at = op;
    return !node->armed_before;
}

// --- io/loop.h, as far as the fleet uses it

int64_t loop_now_ms(const struct loop *loop) {
    (void)loop;
    return world_steady_ms();
}

int64_t loop_wall_ms(const struct loop *loop) {
    (void)loop;
    return world_wall_ms();
}

void loop_wake(struct loop *loop) {
    node_wake(loop->node);
}
