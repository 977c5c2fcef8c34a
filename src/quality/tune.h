// From labelled answers to a policy: calibrations, which tiers in which order, one cut.
//
// What is chosen by labels (calibrations, arrangement) is chosen on items of its own; the promise
// is tested on the others. A single tier needs neither: its thresholds order its answers as its raw
// confidence does, so all items test the promise, and its calibration, fitted after that, changes
// no answer's lot.
#ifndef TASKFIT_QUALITY_TUNE_H
#define TASKFIT_QUALITY_TUNE_H

#include "quality/calibrate.h"
#include "quality/cascade.h"
#include "quality/certify.h"

enum tune_goal {
    TUNE_RISK,    // the promise, at the least cost of tiers and people
    TUNE_BUDGET,  // the most right answers within a cost; the last tier answers what is left
    TUNE_MATCH,   // the least cost at which as many are right as with the last tier alone
};

struct tune_options {
    enum tune_goal goal;
    struct certify_promise promise;
    double budget;       // of the cost of the last tier alone
    double review_cost;  // TUNE_RISK: of an item that no tier accepts, in calls of the last tier
    uint64_t seed;
};

// How a policy did on the items that did not choose it.
struct tune_outcome {
    uint64_t items, accepted, wrong;
    double cost;
    uint64_t last_right;  // of the last tier alone
    double last_cost;
    uint64_t lost, won;   // items that only the last tier alone got right, that only the policy did
};

struct tune_tier {
    bool used;
    double threshold;  // raw; NaN: accepts nothing
    uint64_t accepted;
    double losses[CALIBRATE_KINDS];  // held-out log loss by enum calibration_kind; NaN: not tried
    struct cascade_auroc auroc;
    // Of a tier that is not used: what it would have brought on the fitting items, in shares of
    // the items (right ones, where the goal is not a promise) and of the last tier's cost.
    double gain, gain_cost;
};

struct tuned {
    struct arrangement arrangement;  // of the tiers that are used
    struct tune_tier tiers[CASCADE_TIERS_MOST];
    struct certify_result certified;  // TUNE_RISK
    bool refused, uninformative;
    uint64_t labels_needed;  // in all, about; 0: more would not help, or none are needed
    double tau;          // calibrated; NaN: refused
    double error_bound;  // of the error among accepted; NaN: refused
    size_t fitted, tested;
    struct tune_outcome outcome;
};

// cascade: with answers in; calibrations and codes are made here.
void tune(struct cascade *cascade, const struct tune_options *options, struct tuned *tuned);

// The items in the order that seed gives; mem_free.
uint32_t *tune_shuffle(size_t count, uint64_t seed);

// Which items calibrate and choose, and which test; fits: any of the first.
struct tune_split {
    uint32_t *shuffled;
    struct items fit, test;
};
void tune_split_init(struct tune_split *split, size_t count, bool fits, uint64_t seed);
void tune_split_fini(struct tune_split *split);

// Fits the tier's calibration on the items (calibrate_choose).
void tune_calibrate(struct cascade_tier *tier, struct items items, double losses[CALIBRATE_KINDS]);

#endif
