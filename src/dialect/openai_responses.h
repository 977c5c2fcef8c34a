// OpenAI's Responses, as OpenAI and the servers that follow it speak it.
//
// Request: the messages of a prompt or of a chat body become `input` items, text and images in
// their own types; a body with `input` of such items is one of its own. `store` is false unless
// extra says otherwise: jobs are not for the provider to keep.
#ifndef TASKFIT_DIALECT_OPENAI_RESPONSES_H
#define TASKFIT_DIALECT_OPENAI_RESPONSES_H

#include "dialect/dialect.h"

extern const struct dialect openai_responses_dialect;

// The reading half (openai_responses_reply.c).
void openai_responses_read(const struct request *request, const struct json *body,
                           struct arena *arena, struct reading *reading);

#endif
