// How long the slowest few take: a running estimate of a high quantile of latency, that forgets.
//
// Source: after Q. Ma et al., "Frugal streaming for estimating quantiles", 2013.
#ifndef TASKFIT_JOB_TAIL_H
#define TASKFIT_JOB_TAIL_H

#include <stdint.h>

struct tail {
    double ms;
    uint32_t heard;
};

void tail_hear(struct tail *tail, int64_t latency_ms);

// What 19 of 20 do not take longer than; -1: too few were heard to say.
int64_t tail_ms(const struct tail *tail);

#endif
