// How many calls at a time a model gets: as many as it takes, which nobody tells.
//
//        │      ╭───╮ refused       ╭─ known: the most that was not refused
//  calls │     ╱    ╰──╮╱────────╯╲─╮╱───  a little less, up to it, and after many good replies
//        │    ╱                            beyond it: first by one, then by more
//        │   ╱ each good reply lets it
//        │__╱  grow, as long as latency holds
//
// A refused call (429, 503, 529) tells the limit exactly: one less than there were when it was
// sent. A time-out, or refusals again and again, cut by a third. When more calls at a time only
// wait longer for their replies, there are no more of them (the queue would be in the server).
//
// Sources: V. Jacobson, "Congestion avoidance and control", 1988 (a round of replies doubles, slow
// start); S. Ha et al., "CUBIC", 2008 (holding near the level that was lost at, then probing);
// L. Brakmo, L. Peterson, "TCP Vegas", 1995 (latency as the sign).
//
// Pure: time is an argument, in ms of the steady clock.
#ifndef TASKFIT_JOB_CONCURRENCY_H
#define TASKFIT_JOB_CONCURRENCY_H

#include <stdbool.h>
#include <stdint.h>

struct concurrency {
    double limit;
    double earned;       // what it may grow by
    double known;        // the highest level that held; 0: it never was refused
    double step;         // what a round of good replies earns, once it was
    double refusing;     // share of refused calls, of the last ones
    double hold;         // good replies before it goes beyond `known`
    uint32_t heard;      // of them since the last cut
    uint32_t round;      // of them in this round
    int64_t hold_ms;     // nor before
    int64_t grown_ms;
    uint64_t sent;       // calls
    uint64_t cut;        // how many were sent at the last cut: what they say came before it
    // Latency over a round of replies, and over the last round that was as good as it got.
    uint64_t measured_from;
    uint32_t measured;
    double latency_sum, level_sum, usual_latency, usual_level;
    double proven;       // the highest level of a reply that did not take longer for it
};

// A call, as long as it is under way.
struct concurrency_call {
    uint64_t number;  // of all that were sent
    uint32_t level;   // how many were under way then, with it
    int64_t sent_ms;
};

struct concurrency_bounds {
    uint32_t least, most;
};

void concurrency_init(struct concurrency *c);
void concurrency_restart(struct concurrency *c);  // after an outage: slowly again

// May there be one more than `running`? While it may not, and could grow, ask again soon.
bool concurrency_has_room(struct concurrency *c, struct concurrency_bounds bounds,
                          uint32_t running, int64_t now_ms);
struct concurrency_call concurrency_send(struct concurrency *c, uint32_t running, int64_t now_ms);

// What came of a call. pause_ms: how long nothing may be sent now, for the refusal.
void concurrency_good(struct concurrency *c, const struct concurrency_call *call, int64_t now_ms);
void concurrency_refused(struct concurrency *c, const struct concurrency_call *call,
                         int64_t pause_ms, int64_t now_ms);
void concurrency_late(struct concurrency *c, const struct concurrency_call *call);

#endif
