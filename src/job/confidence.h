// How sure a model is: from a reply's signals to P(correct).
//
// Raw confidence is a probability or absent (NaN); what is outside [0, 1] by more than rounding
// (1e-3, fastText prints 1.00001) is absent, never clamped into a pass.
#ifndef TASKFIT_JOB_CONFIDENCE_H
#define TASKFIT_JOB_CONFIDENCE_H

#include <stdint.h>

#include "job/policy.h"

enum confidence_kind {
    CONFIDENCE_NONE,
    CONFIDENCE_FIELD,
    CONFIDENCE_LOGPROB,
    CONFIDENCE_AGREEMENT,  // of several answers to one request: agreement.h
    CONFIDENCE_VERIFIER,   // what a second model says of the answer: verification.h
};

struct token_alternative {
    struct slice text;
    double logprob;  // natural logarithm
};

// One token of what the model wrote, in order; the texts joined are the content.
struct token {
    struct slice text;
    double logprob;
    const struct token_alternative *alternatives;
    uint32_t alternative_count;
};

struct signals {
    const struct token *tokens;  // NULL: the reply had no logprobs
    uint32_t token_count;
    double field;                // what the reply says of itself, or the share that agrees; NaN:
                                 // nothing
};

// The least over the fields of the form that have labels (over the whole answer when none has):
// probability of the tokens that spell the field's value. Where alternatives to a token are given,
// the mass is renormalised over those that go on with one of the allowed labels, because a grammar
// forces tokens whose logprobs were taken before it (llama.cpp does). Labels that are not among the
// alternatives count with the most they may have had; confidence.c has the formula. NaN: no signal,
// or the value is not to be found in the tokens.
double confidence_from_logprobs(const struct answer_form *form, struct slice answer,
                                const struct signals *signals);

// NaN unless value is a probability; snaps what rounding put within 1e-3 outside.
double confidence_checked(double value);

// Maps raw confidence to P(correct).
enum calibration_kind { CALIBRATION_IDENTITY, CALIBRATION_PLATT, CALIBRATION_ISOTONIC };

struct calibration {
    const char *version;  // stored with every attempt
    enum calibration_kind kind;
    double a, b;                    // Platt: 1 / (1 + exp(-(a logit(p) + b)))
    const double *from, *to;        // isotonic: steps, from ascending; the last from <= p counts
    uint32_t steps;
    // One threshold as raw and as calibrated confidence: what is at or above the one comes to lie
    // at or above the other, and below below, so that neither steps nor rounding carry an answer
    // across it. Both 0: there is none.
    double threshold_raw, threshold;
};

double calibration_apply(const struct calibration *calibration, double raw);

// The attempt's confidence as the path's tier calibrates it; raw where it does not, and where the
// tier is none of the path's.
struct attempt;
void confidence_calibrate(const struct path *path, struct attempt *attempt);

// log(p / (1 - p)), of what lies between 1e-6 and 1 - 1e-6: 0 and 1 have a finite one.
double confidence_logit(double p);

#endif
