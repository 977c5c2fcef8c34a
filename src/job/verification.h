// What a second model, the verifier, says of a first one's answer: "correct" or "wrong".
#ifndef TASKFIT_JOB_VERIFICATION_H
#define TASKFIT_JOB_VERIFICATION_H

#include "base/arena.h"
#include "job/policy.h"
#include "job/reason.h"

// The form of what it says, as a path: requests to it are made by that, and its replies read.
extern const struct path verification_path;

struct verification {
    struct slice word;  // what it said
    double confidence;  // P(the answer is correct)
    struct slice detail;
};

// says: JSON; sure: how sure the verifier is of that, NaN: it does not tell. What is neither of the
// two words, or comes without a probability, is ANSWER_VERIFIER, with its particulars in `detail`.
enum reason verification_read(struct slice says, double sure, struct arena *arena,
                              struct verification *verification);

#endif
