// A threshold with a promise: among what is accepted, at most `risk` is wrong, and the chance that
// the labels led to a threshold for which that is not so is at most `delta`.
//
// Cuts are thresholds from the highest to the lowest, chosen without looking at labels; each
// accepts all that the one before does, and more. For a cut that accepts n of the labelled items,
// of which k were wrong, P(Bin(n, risk) <= k) is an exact p-value of "its error rate is above
// risk". Which cuts are tested, in which order and at which level, is fixed before k is looked at
// (Angelopoulos et al., "Learn then Test", 2021), so that the chance of certifying any that is
// above stays within delta.
#ifndef TASKFIT_QUALITY_CERTIFY_H
#define TASKFIT_QUALITY_CERTIFY_H

#include <stddef.h>
#include <stdint.h>

struct certify_promise {
    double risk, delta;  // within (0, 1)
};

// What each cut accepts of the labelled items, and how many of that were wrong.
struct certify_counts {
    const uint64_t *accepted, *wrong;  // neither ever falls
    size_t cuts;
    uint64_t labels;
};

enum certify_verdict {
    CERTIFY_HOLDS,
    CERTIFY_SILENT,     // no answer has a confidence, and there is no cut
    CERTIFY_FEW,        // labels: even without an error they would not do
    CERTIFY_UNCERTAIN,  // some cut's rate is below risk, but by less than chance could do
    CERTIFY_ABOVE,      // no cut's rate is below risk: more labels will not help
};

struct certify_result {
    enum certify_verdict verdict;
    size_t cut;              // the lowest that holds
    double level;            // at which it was tested
    // To test with, about. CERTIFY_UNCERTAIN: if the error rates are what was seen; CERTIFY_FEW: if
    // half of the answers have half the rate that is promised; otherwise 0.
    uint64_t labels_needed;
};

void certify(const struct certify_promise *promise, const struct certify_counts *counts,
             struct certify_result *result);

// A number of labels, rounded up to two digits.
uint64_t certify_about(double labels);

#endif
