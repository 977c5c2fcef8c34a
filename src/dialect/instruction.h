// What a model is asked for when no prompt says it: one of the labels, the fields, or an answer.
#ifndef TASKFIT_DIALECT_INSTRUCTION_H
#define TASKFIT_DIALECT_INSTRUCTION_H

#include "base/buf.h"
#include "job/policy.h"

// confidence: an answer of named fields says how sure it is too.
void instruction_write(struct buf *text, const struct answer_form *form, bool confidence);

#endif
