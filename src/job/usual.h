// What is usual by now: the time that 19 of 20 good replies do not take longer than (tail.h), as
// long as it is known from enough of them and the last is not long ago. Forgotten after that, or
// who is held to be too slow would not be called, and never be heard of again.
#ifndef TASKFIT_JOB_USUAL_H
#define TASKFIT_JOB_USUAL_H

#include "job/tail.h"

struct usual {
    struct tail tail;
    int64_t heard_ms;
};

void usual_hear(struct usual *usual, int64_t latency_ms, int64_t now_ms);
int64_t usual_ms(const struct usual *usual, int64_t now_ms);  // -1: not known

#endif
