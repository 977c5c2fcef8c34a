// vLLM's /classify for sequence classifiers, which SGLang has as /v1/classify.
//
// Request: {"model", "input"}; an object with `input` is a body already. The reply's most probable
// class is the answer, called as the reply or the model's `labels` say.
#ifndef TASKFIT_DIALECT_VLLM_CLASSIFY_H
#define TASKFIT_DIALECT_VLLM_CLASSIFY_H

#include "dialect/dialect.h"

extern const struct dialect vllm_classify_dialect;

#endif
