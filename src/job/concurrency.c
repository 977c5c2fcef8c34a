#include "job/concurrency.h"

#include <math.h>

enum {
    FIRST = 4,           // at the start, and after an outage
    FIRST_EARNED = 60,   // so far it grows before a reply has come
    RAMP = 3,            // each good reply earns so many more, until it is refused once
    SPREAD_MS = 50,      // doubling takes as long at least: a refusal mostly comes back sooner
    BURST_MS = 5,        // of this much of it at once
    HOLD_REPLIES = 128,  // good ones before the next probe: one refused call in so many
    HOLD_PAUSES = 20,    // and so many times the pause that the last refusal brought
    HOLD_MOST_MS = 60000,
    HOLD_LEAST = 16,     // where a cut was a guess: what holds is not known yet
    LATENCY_MS = 100,    // less is no queue worth speaking of
    MEASURE_LEAST = 8,   // replies to a measure
    UNPROVEN_LEAST = (FIRST + FIRST_EARNED) / 4,
};

static const double recall = 1.0 / 64;     // weight of a call in the share that is refused
static const double storm = 0.1;           // such a share is no probe's doing
static const double cut_to = 0.7;
static const double below_known = 0.05;
static const double measure_weight = 0.25; // of a new round in the usual one
// Latency holds as long as it grows by less than this power of what is under way: twice as many
// must bring a fifth more replies. Less than half more says nothing; and it goes no further than so
// many times beyond a level at which latency held.
static const double holds = 0.75, more_calls = 1.5, unproven = 4;

void concurrency_init(struct concurrency *c) {
    *c = (struct concurrency){.limit = FIRST, .earned = FIRST_EARNED, .step = 1};
}

static void measure_anew(struct concurrency *c) {
    c->measured_from = c->sent;
    c->measured = 0;
    c->latency_sum = c->level_sum = 0;
}

void concurrency_restart(struct concurrency *c) {
    c->limit = fmin(c->limit, FIRST);
    c->earned = 0;
    c->known = 0;
    c->refusing = 0;
    c->heard = c->round = 0;
    c->cut = c->sent;
    measure_anew(c);
}

// --- sending

// Spread over time, so that the first refusal comes back before much was sent.
static void grow(struct concurrency *c, int64_t now_ms) {
    double since_ms = fmin((double)(now_ms - c->grown_ms), BURST_MS);
    double by = fmin(c->earned, c->limit * since_ms / SPREAD_MS);
    c->grown_ms = now_ms;
    c->earned -= by;
    c->limit += by;
}

bool concurrency_has_room(struct concurrency *c, struct concurrency_bounds bounds,
                          uint32_t running, int64_t now_ms) {
    c->limit = fmin(fmax(c->limit, bounds.least), bounds.most);
    if ((double)running + 1 > c->limit && c->limit < bounds.most && c->earned > 0) {
        grow(c, now_ms);
        c->limit = fmin(c->limit, bounds.most);
    }
    return (double)running + 1 <= c->limit;
}

struct concurrency_call concurrency_send(struct concurrency *c, uint32_t running,
                                         int64_t now_ms) {
    return (struct concurrency_call){++c->sent, running + 1, now_ms};
}

// --- cutting

static void cut(struct concurrency *c, double known, double limit, uint32_t hold) {
    c->known = fmax(known, 1);
    c->limit = fmax(limit, 1);
    c->hold = fmax(c->known, hold);
    c->earned = 0;
    c->step = 1;
    c->heard = c->round = 0;
    c->cut = c->sent;
    c->proven = fmin(c->proven, c->limit);
    measure_anew(c);
}

// A few less than what held: the others that share the server get their part, and a probe of
// theirs is not felt.
static double under(double known) {
    return known - floor(known * below_known);
}

void concurrency_refused(struct concurrency *c, const struct concurrency_call *call,
                         int64_t pause_ms, int64_t now_ms) {
    double held = fmin((double)call->level - 1, c->limit);
    int64_t hold_ms = pause_ms * HOLD_PAUSES < HOLD_MOST_MS ? pause_ms * HOLD_PAUSES
                                                            : HOLD_MOST_MS;
    c->hold_ms = now_ms + hold_ms > c->hold_ms ? now_ms + hold_ms : c->hold_ms;
    if (call->number <= c->cut) {
        // It was sent before the cut, and can only say that it was not deep enough.
        if (c->known > 0 && held < c->known) {
            c->known = fmax(held, 1);
            c->limit = fmin(c->limit, fmax(under(c->known), 1));
        }
        return;
    }
    c->refusing += (1 - c->refusing) * recall;
    if (c->refusing > storm) {
        cut(c, c->limit * cut_to, c->limit * cut_to, HOLD_LEAST);
    } else {
        cut(c, held, under(held), HOLD_REPLIES);
    }
}

void concurrency_late(struct concurrency *c, const struct concurrency_call *call) {
    if (call->number > c->cut) {
        cut(c, c->limit * cut_to, c->limit * cut_to, HOLD_LEAST);
    }
}

// --- growing

static void earn(struct concurrency *c, int64_t now_ms) {
    if (c->limit + c->earned >= unproven * fmax(c->proven, UNPROVEN_LEAST)) {
        return;
    }
    if (c->known <= 0) {
        c->earned = fmin(c->earned + RAMP, fmax(c->limit * RAMP, c->earned));
        return;
    }
    if (c->limit < c->known) {
        c->limit = fmin(c->known, c->limit + c->known * below_known / c->hold);
        return;
    }
    if (c->heard < c->hold || now_ms < c->hold_ms) {
        return;
    }
    c->earned = fmin(c->earned + c->step / c->limit, fmax(c->step, 1));
    if (++c->round >= c->limit) {
        c->round = 0;
        c->step = fmin(c->step * 2, c->limit);
    }
}

static bool latency_holds(const struct concurrency *c, double level, double latency) {
    return latency < LATENCY_MS ||
           latency / c->usual_latency <= pow(level / c->usual_level, holds);
}

// A round of replies is in. True: with more calls at a time than usual it only took longer.
static bool is_queue(struct concurrency *c, double level, double latency) {
    double more = level / c->usual_level;
    if (c->usual_level > 0 && more >= more_calls && !latency_holds(c, level, latency)) {
        return true;
    }
    if (c->usual_level <= 0 || more >= more_calls || more < 1 / more_calls) {
        c->usual_level = level;
        c->usual_latency = latency;
    } else if (more <= 1.1) {
        c->usual_level += (level - c->usual_level) * measure_weight;
        c->usual_latency += (latency - c->usual_latency) * measure_weight;
    }
    return false;
}

static void measure(struct concurrency *c, const struct concurrency_call *call, int64_t now_ms) {
    if (call->number <= c->measured_from) {
        return;
    }
    c->measured++;
    c->latency_sum += (double)(now_ms - call->sent_ms);
    c->level_sum += call->level;
    if (c->measured < fmax(MEASURE_LEAST, c->limit / 2)) {
        return;
    }
    double level = c->level_sum / c->measured, latency = c->latency_sum / c->measured;
    measure_anew(c);
    if (is_queue(c, level, latency)) {
        cut(c, c->usual_level, c->usual_level, HOLD_REPLIES);
    }
}

static void prove(struct concurrency *c, const struct concurrency_call *call, int64_t now_ms) {
    if (call->level > c->proven && c->usual_level > 0 &&
        latency_holds(c, call->level, (double)(now_ms - call->sent_ms))) {
        c->proven = call->level;
    }
}

void concurrency_good(struct concurrency *c, const struct concurrency_call *call,
                      int64_t now_ms) {
    c->refusing -= c->refusing * recall;
    // What was sent while there was little to do says nothing about more.
    if (call->number > c->cut && (double)call->level * 2 >= c->limit) {
        c->heard++;
        prove(c, call, now_ms);
        earn(c, now_ms);
    }
    measure(c, call, now_ms);
}
