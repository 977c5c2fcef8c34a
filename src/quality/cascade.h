// Labelled answers of several tiers on the same items, and what a cascade over them would do.
//
// A cascade asks tiers one after the other and stops at the first whose calibrated confidence
// reaches a cut: one number for all tiers, so that one search finds the thresholds of any number of
// them. Cuts are counted from the highest on: cut c accepts codes 0 .. c.
#ifndef TASKFIT_QUALITY_CASCADE_H
#define TASKFIT_QUALITY_CASCADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job/confidence.h"

enum {
    CASCADE_TIERS_MOST = PATH_TIERS_MOST,
    CASCADE_CUTS_MOST = 4096,  // quantiles of what there is; less than that many values are all
};

struct cascade_tier {
    const char *name;
    double *raw;  // of each item; NaN: none, never accepted
    bool *correct;
    double *cost;
    struct calibration calibration;
    uint16_t *codes;  // CASCADE_CUTS_MOST: below every cut
};

struct cascade {
    struct cascade_tier tiers[CASCADE_TIERS_MOST];
    uint32_t tier_count;
    size_t item_count;
    double cuts[CASCADE_CUTS_MOST];  // calibrated, falling
    size_t cut_count;
};

// Which tiers, in which order.
struct arrangement {
    uint8_t tiers[CASCADE_TIERS_MOST];
    uint32_t count;
};

// Some of the items, as places.
struct items {
    const uint32_t *at;
    size_t count;
};

// What each cut does to the items: rising sums over cuts.
struct cascade_sums {
    uint64_t accepted[CASCADE_CUTS_MOST], wrong[CASCADE_CUTS_MOST];
    uint64_t unanswered_right[CASCADE_CUTS_MOST];  // of those not accepted, the last tier's right
    double cost[CASCADE_CUTS_MOST];                // of the tiers that were asked
};

// Room for the items in every tier; what stands in `tiers` are names.
void cascade_init(struct cascade *cascade, size_t item_count);
void cascade_fini(struct cascade *cascade);

// Chooses the cuts and codes every answer, by the tiers' calibrations.
void cascade_code(struct cascade *cascade);
void cascade_sum(const struct cascade *cascade, const struct arrangement *arrangement,
                 struct items items, struct cascade_sums *sums);

// The raw confidence from which on a tier's answers reach the cut: the shortest decimal between
// those that do and those that do not. 0: all do; NaN: none.
double cascade_threshold(const struct cascade *cascade, uint32_t tier, size_t cut);

// How well a tier's raw confidence tells right from wrong: the chance that a right answer has the
// higher one, and its standard error if there were nothing to it. NaN: all right, or all wrong.
struct cascade_auroc {
    double value, error;
};
struct cascade_auroc cascade_auroc(const struct cascade *cascade, uint32_t tier,
                                   struct items items);

#endif
