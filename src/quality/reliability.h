// What a confidence is worth: does it say how often answers are right, and does it rank them.
//
// Answers of equal confidence count each with their common rate of right ones, so that no figure
// depends on the order they came in.
#ifndef TASKFIT_QUALITY_RELIABILITY_H
#define TASKFIT_QUALITY_RELIABILITY_H

#include "quality/calibrate.h"

enum { RELIABILITY_BINS = 15, RELIABILITY_POINTS = 100 };

struct reliability_bin {
    size_t count;
    double confidence, accuracy;  // means
};

// The error among the most confident answers that make up `coverage` of all.
struct reliability_point {
    double coverage, risk;
};

// Of answers with a confidence; NaN where there are none of the kind that a figure needs.
struct reliability {
    size_t answers, silent;      // silent: without a confidence
    double accuracy, confidence;  // means
    double ece;    // expected calibration error over bins of equal mass (Naeini et al., AAAI 2015)
    double brier;  // mean square of confidence less outcome (Brier, 1950)
    double auroc;  // a right answer's chance of the higher confidence, ties by halves
    double aurc;   // mean error over all coverages (Geifman and El-Yaniv, 2019)
    struct reliability_bin bins[RELIABILITY_BINS];
    size_t bin_count;            // fewer where there are fewer answers
    struct reliability_point points[RELIABILITY_POINTS];
    size_t point_count;
};

// rows.raw: the confidences, raw or calibrated.
void reliability_measure(struct calibrate_rows rows, struct reliability *reliability);

// Each answer's confidence by a calibration that was chosen and fitted on the answers of the other
// half (halves by place: rows are in random order). NaN where there is no raw one.
void reliability_calibrate(struct calibrate_rows rows, double *calibrated);

#endif
