// Any JSON over HTTP. The request is the payload as it is; the reply, after the model's mapping,
//
//     {"answer": any, "confidence": 0.93, "usage": {"input_tokens": 12, "output_tokens": 1}}
//
// of which only the answer must be there.
#ifndef TASKFIT_DIALECT_SCORER_H
#define TASKFIT_DIALECT_SCORER_H

#include "dialect/dialect.h"

extern const struct dialect scorer_dialect;

#endif
