// What `taskfit switch` said of a worker's tier: asked for once a second. Nothing is called before
// the first answer, and a database that is away leaves what was heard last.
#ifndef TASKFIT_FLEET_SWITCHES_H
#define TASKFIT_FLEET_SWITCHES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct pg;
struct process;

struct switches {
    struct process *process;
    struct pg *pg;
    const char *tier;
    // Other weights hold; absent: those of the configuration.
    void (*switched)(void *owner, struct slice weights);
    void *owner;
    bool sent, known;
    int64_t due_ms;
    struct buf weights;  // as they were heard last; empty: none
};

// tier must live as long.
void switches_init(struct switches *switches, struct process *process, struct pg *pg,
                   const char *tier, void (*switched)(void *owner, struct slice weights),
                   void *owner);
void switches_fini(struct switches *switches);
// Returns milliseconds until it must be called again, -1: not before an event.
int64_t switches_turn(struct switches *switches, int64_t now_ms);

#endif
