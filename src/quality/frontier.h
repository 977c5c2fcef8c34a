// What accuracy costs: the policies that no other is both cheaper and right more often than.
//
// A policy is an arrangement of tiers and a cut; what no tier accepts its last one answers.
// Policies are found on items of their own and measured on the others, so that no point owes
// anything to the luck of having been picked.
#ifndef TASKFIT_QUALITY_FRONTIER_H
#define TASKFIT_QUALITY_FRONTIER_H

#include "quality/cascade.h"

enum {
    FRONTIER_STEPS = 24,      // of accuracy, from the cheapest policy's to the best one's
    FRONTIER_MOST = FRONTIER_STEPS + 1,
    FRONTIER_DRAWS = 1000,    // of the bootstrap
    FRONTIER_GROUPS = 1000,   // more items than that are drawn in so many groups
};

extern const double frontier_level;  // of the intervals

// A mean over the measured items, and the middle `frontier_level` of its bootstrap (Efron 1979,
// percentiles).
struct frontier_figure {
    double value, low, high;
};

struct frontier_point {
    struct arrangement arrangement;
    double tau;  // calibrated; NaN: of a tier that answers all
    // By place in the arrangement: raw thresholds (the last tier's is 0), and the share of the
    // items that the tier answers.
    double thresholds[CASCADE_TIERS_MOST], answers[CASCADE_TIERS_MOST];
    struct frontier_figure right;  // share of the items
    struct frontier_figure cost;   // of that of the last tier alone; NaN: that is nothing
};

struct frontier {
    struct frontier_point points[FRONTIER_MOST];  // rising cost
    size_t count;
    struct frontier_point alone[CASCADE_TIERS_MOST];  // each tier by itself
    size_t fitted, tested;
    double last_cost;  // of an item, by the last tier alone
};

// cascade: with answers in; calibrations and codes are made here. On the fitting items no policy is
// cheaper than a shown one and right as often, and each has a shown one that costs no more and is
// right less often by under a step.
void frontier_trace(struct cascade *cascade, uint64_t seed, struct frontier *frontier);

#endif
