// Tokens with their probabilities, as OpenAI's dialects list them.
#ifndef TASKFIT_DIALECT_LOGPROBS_H
#define TASKFIT_DIALECT_LOGPROBS_H

#include "base/json.h"
#include "job/confidence.h"

// list: an array of {token, bytes?, logprob, top_logprobs?}, appended to what signals has; anything
// else, 0 too, changes nothing.
void logprobs_read(const struct json *body, uint32_t list, struct arena *arena,
                   struct signals *signals);

#endif
