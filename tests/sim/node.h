// A process of the fleet in the simulated world: a worker or the escalator, its loop, and its
// deaths. The real ones run in role.c; here each has its own struct process.
#ifndef TASKFIT_SIM_NODE_H
#define TASKFIT_SIM_NODE_H

#include "fleet/process.h"
#include "world.h"

struct worker;
struct escalator;

struct loop {
    struct node *node;
};

enum { NODES_MOST = 12 };

struct node {
    unsigned number;
    const char *tier;  // NULL: an escalator
    char instance[24];
    bool is_static;
    struct process process;
    struct loop loop;
    struct worker *worker;
    struct escalator *escalator;
    unsigned life;           // which start of any process this is, from 1
    bool up;
    bool draining;
    bool giving_back;        // its partitions go: no call may begin
    bool failed;             // told of something fatal
    bool doomed;             // dies when the event is over; nothing it still does gets out
    bool for_good;           // not started again
    enum op died_at;
    bool armed, armed_before;
    enum op armed_at;        // the next time it does this, it dies: before or after it got out
    int64_t stalled_until_us, drain_until_ms;
    int64_t woke_us;         // when it last woke, or will, from standing still for too long; -1
    int64_t recalled_us;     // all that was cancelled until then was heard
    int switch_heard;        // the last that it heard; -1: none yet
    struct event turn, wake, restart, stall;
};

extern struct node nodes[NODES_MOST];
extern unsigned node_count;

void nodes_begin(struct config *config);
struct node *node_add(const char *tier, const char *name);
void node_start(struct node *node);
void node_turn(struct node *node);
void node_wake(struct node *node);
void node_drain(struct node *node);
void node_arm(struct node *node, enum op op);    // dies at its next such step
void node_crash(struct node *node);
void nodes_disarm(void);

// The fakes say what the process does or hears; false: it dies here, and this has no effect any
// more.
bool node_op(struct node *node, enum op op);

static inline struct node *node_of(struct loop *loop) {
    return loop->node;
}

// Ended lives and how: a call that was in hand in one may be repeated.
enum { LIVES_MOST = 512 };
struct life {
    bool crashed;     // or failed, or left at its drain deadline
    bool left;        // went through a revocation or a drain: hops that waited were dropped
    bool lost;        // lost partitions, or let them go with hops in hand
};
extern struct life lives[LIVES_MOST];

#endif
