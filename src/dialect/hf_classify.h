// Hugging Face's text classification: its inference servers and toolkits, and /predict of Text
// Embeddings Inference.
//
// Request: {"inputs"}; an object with `inputs` is a body already. The reply lists classes with
// scores, within another list where the server takes batches; the highest is the answer. A class
// that the model's author left unnamed, LABEL_3, is called as the model's `labels` say.
#ifndef TASKFIT_DIALECT_HF_CLASSIFY_H
#define TASKFIT_DIALECT_HF_CLASSIFY_H

#include "dialect/dialect.h"

extern const struct dialect hf_classify_dialect;

#endif
