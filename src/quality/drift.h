// Is what comes to a tier, and what it says of itself, as it was when its threshold was tested?
//
// The population-stability index over bins that held a tenth of the tested confidences each: the
// sum of (now - then) ln(now / then). In credit scoring, where it comes from, below 0.1 is the
// same, above 0.25 is another population. Now: the last answers, older ones with less and less
// weight. Of a share (of unknown words) there are two bins: what is of it, and what is not.
#ifndef TASKFIT_QUALITY_DRIFT_H
#define TASKFIT_QUALITY_DRIFT_H

#include <stddef.h>
#include <stdint.h>

enum { DRIFT_BINS = 10, DRIFT_WINDOW = 2000, DRIFT_LEAST = 500 };

// Bin i holds what lies from from[i - 1] on and below from[i].
struct drift_spread {
    double from[DRIFT_BINS - 1];  // rising
    double share[DRIFT_BINS];
    uint32_t bins;                // 0: not known
};

struct drift {
    const struct drift_spread *then;
    double counts[DRIFT_BINS], weight;
    uint64_t seen;
};

// Sorts values, none of them NaN.
void drift_spread_of(double *values, size_t count, struct drift_spread *spread);
void drift_spread_of_share(double share, struct drift_spread *spread);

void drift_see(struct drift *drift, double value);
void drift_see_share(struct drift *drift, double share);  // of a spread of a share, from 0 to 1
double drift_share(const struct drift *drift);            // of those, the mean; NaN as below
double drift_index(const struct drift *drift);  // NaN: fewer than DRIFT_LEAST were seen

#endif
