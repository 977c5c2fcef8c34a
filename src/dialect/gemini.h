// Google's generateContent, as the Gemini API and Vertex AI speak it. The URL names the model.
//
// Request: system messages become systemInstruction, an assistant's the model's; images go inline
// or as a file's URI. A body with `contents` is one of its own. A form with named fields is asked
// for as a response schema. Thinking is the configuration's to set: extra's generationConfig is
// merged with ours.
#ifndef TASKFIT_DIALECT_GEMINI_H
#define TASKFIT_DIALECT_GEMINI_H

#include "dialect/dialect.h"

extern const struct dialect gemini_dialect;

// The reading half (gemini_reply.c).
void gemini_read(const struct request *request, const struct json *body, struct arena *arena,
                 struct reading *reading);

#endif
