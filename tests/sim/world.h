// The simulated world: one virtual clock, one queue of what happens next, one seed that decides
// everything. There is one world at a time.
#ifndef TASKFIT_SIM_WORLD_H
#define TASKFIT_SIM_WORLD_H

#include "base/arena.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/random.h"
#include "tally.h"

struct node;

// Something that happens at a time. With a node it is heard there, and a turn of that process
// follows, as in the real loop; a process that stands still hears it later.
struct event {
    struct heap_node due;
    void (*fire)(void *owner);
    void *owner;
    struct node *node;
};

struct world {
    uint64_t seed;
    struct random random;
    int64_t now_us;
    int64_t steps;
    struct heap events;
    struct arena_pool pool;
    struct arena arena;  // of all that lives as long as the world
    uint64_t in_hand;            // calls that processes had in hand when they died
    uint64_t repeated, by_death; // calls that came to nothing, and those only for a death
    bool trace;
    bool faults;         // may things go wrong? at first yes, in the end no more
    bool is_broken;
    char broken[400];    // the first invariant that was
};

extern struct world world;

enum { SECOND_US = 1000000, MS_US = 1000 };

void world_begin(uint64_t seed, bool trace);
void world_end(void);
// The next event; false: there is none before the given time, which it now is.
bool world_step(int64_t until_us);

int64_t world_steady_ms(void);
int64_t world_wall_ms(void);

void event_in(struct event *event, int64_t delay_us, void (*fire)(void *owner), void *owner);
void event_for(struct event *event, struct node *node, int64_t delay_us,
               void (*fire)(void *owner), void *owner);
void event_stop(struct event *event);
bool event_waits(const struct event *event);

bool chance(double share);
bool fault(double share);  // as chance, while things may go wrong
int64_t between(int64_t low, int64_t high);
// How long something takes that usually takes so long: now and then much longer.
int64_t about_us(int64_t usual_us);

void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
// An invariant does not hold; the first is kept, and the schedule ends.
void broken(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
