// How far two samples differ, with an interval: of latencies by the bootstrap, of shares by
// formula.
#ifndef TASKFIT_QUALITY_DIFFERENCE_H
#define TASKFIT_QUALITY_DIFFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

// Of b less a, and between what it lies with 95 % certainty.
struct difference {
    double value, low, high;
};

enum difference_of { DIFFERENCE_MEAN, DIFFERENCE_MEDIAN };

// The percentile bootstrap (Efron, 1979): each sample is drawn anew from itself, up to 2,000 times,
// and the middle 95 % of the differences is the interval. Both counts are above 0. The median of an
// even number is the lower of the middle two.
struct difference difference_of(enum difference_of what, const int64_t *a, size_t a_count,
                                const int64_t *b, size_t b_count, struct random *random);

// Of the shares k of n, which are above 0: Newcombe's hybrid of two Wilson intervals (Statistics in
// Medicine 17, 1998, method 10).
struct difference difference_of_shares(uint64_t a_k, uint64_t a_n, uint64_t b_k, uint64_t b_n);

#endif
