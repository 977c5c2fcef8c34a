// How fast a count grows, over a window of the last seconds, and when it will reach its end. Pure.
#ifndef TASKFIT_CLI_PACE_H
#define TASKFIT_CLI_PACE_H

#include <stdint.h>

enum { PACE_SEEN = 16 };  // looks that are kept: the window, at a look a second

struct pace {
    struct {
        int64_t ms, count;
    } seen[PACE_SEEN];
    unsigned next, held;
};

void pace_see(struct pace *pace, int64_t now_ms, int64_t count);
double pace_per_second(const struct pace *pace);  // 0 before the second look
// Milliseconds until `left` more; -1: not known, because nothing moves.
int64_t pace_left_ms(const struct pace *pace, int64_t left);

#endif
