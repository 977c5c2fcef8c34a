// Fitting the map from raw confidence to P(correct) on labels.
//
// No map falls: a tier whose confidence is against it gets a flat one, its rate of right answers,
// because a threshold on raw confidence could not follow it.
#ifndef TASKFIT_QUALITY_CALIBRATE_H
#define TASKFIT_QUALITY_CALIBRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "job/confidence.h"

// Labelled answers of one model, in random order (folds are taken by place). Raw confidences are
// probabilities or NaN; what is NaN is passed over.
struct calibrate_rows {
    const double *raw;
    const bool *correct;
    size_t count;
};

// Isotonic steps belong to the calibration; calibrate_release frees them.
void calibrate_fit(enum calibration_kind kind, struct calibrate_rows rows,
                   struct calibration *calibration);
void calibrate_release(struct calibration *calibration);

// What a kind costs on rows that it was not fitted on: mean log loss over CALIBRATE_FOLDS folds.
enum { CALIBRATE_FOLDS = 5, CALIBRATE_KINDS = 3 };
double calibrate_loss(enum calibration_kind kind, struct calibrate_rows rows);

// Fits the kind with the least held-out loss, the simpler of what is about equal; losses[kind] are
// told, NaN for kinds that were not tried: isotonic needs CALIBRATE_STEPS_LEAST rows, the others
// CALIBRATE_LEAST.
enum {
    CALIBRATE_LEAST = 30,
    CALIBRATE_STEPS_LEAST = 500,
    CALIBRATE_MOST = 50000,  // rows: more make none better that matters
};
void calibrate_choose(struct calibrate_rows rows, struct calibration *calibration,
                      double losses[CALIBRATE_KINDS]);

const char *calibrate_kind_name(enum calibration_kind kind);  // "none", "platt", "isotonic"

#endif
