#include "job/bucket.h"

#include <math.h>

// What arrives at a server is now and then closer together than what was sent; and half a hundredth
// of the period's amount may come at once.
static const double margin = 0.99, at_once = 0.005;

void bucket_set(struct bucket *b, double limit, int64_t period_ms, double usual, int64_t now_ms) {
    if (limit <= 0) {
        *b = (struct bucket){0};
        return;
    }
    double most = fmax(limit * at_once, fmin(usual, limit));
    // A period can begin with one that is larger than what is held for the rest of it.
    double steady = fmax(limit * margin - fmax(usual - limit * at_once, 0), limit / 2);
    if (usual <= 1) {
        steady = limit * margin;  // of things that are counted the spacing is exact
    }
    if (b->rate <= 0) {
        b->held = most;
        b->now_ms = now_ms;
    }
    b->rate = steady / (double)period_ms;
    b->most = most;
}

int64_t bucket_wait_ms(struct bucket *b, double size, int64_t now_ms) {
    if (b->rate <= 0) {
        return 0;
    }
    b->held = fmin(b->most, b->held + (double)(now_ms - b->now_ms) * b->rate);
    b->now_ms = now_ms;
    double missing = fmin(size, b->most) - b->held;
    return missing > 1e-9 ? (int64_t)fmin(ceil(missing / b->rate), 86400000) : 0;
}

void bucket_take(struct bucket *b, double size) {
    b->held -= size;
}
