#include "job/tail.h"

#include <math.h>

enum { HEARD_LEAST = 50 };

static const double share = 0.95;
static const double step = 0.05;  // of the estimate itself: it follows a change within some dozens

void tail_hear(struct tail *tail, int64_t latency_ms) {
    double latency = (double)latency_ms, by = fmax(tail->ms * step, 1);
    if (tail->heard == 0) {
        tail->ms = latency;
    } else if (latency > tail->ms) {
        tail->ms += by * share;
    } else {
        tail->ms = fmax(tail->ms - by * (1 - share), 0);
    }
    tail->heard += tail->heard < HEARD_LEAST;
}

int64_t tail_ms(const struct tail *tail) {
    return tail->heard < HEARD_LEAST ? -1 : (int64_t)ceil(tail->ms);
}
