// How sure a model is, from several answers to one question: the share of them that agree.
#ifndef TASKFIT_JOB_AGREEMENT_H
#define TASKFIT_JOB_AGREEMENT_H

#include "base/arena.h"
#include "job/policy.h"

struct sample {
    struct slice answer;  // JSON; absent: none was given, which agrees with nothing
};

// Chooses the first of those answers that most others agree with in all fields that have labels (in
// the whole value, when none has). The share is the least over these fields of the samples that
// have the chosen one's value. False: no sample holds an answer.
bool agreement_find(const struct answer_form *form, const struct sample *samples, uint32_t count,
                    struct arena *arena, struct slice *answer, double *share);

#endif
