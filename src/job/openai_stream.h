// Outcomes as the server-sent events of OpenAI's API. Nothing is sent before an answer stands, so
// the finished text is one piece; every event around it is there, in the API's order.
#ifndef TASKFIT_JOB_OPENAI_STREAM_H
#define TASKFIT_JOB_OPENAI_STREAM_H

#include "job/openai_output.h"

// A ChatCompletion in chunks: the answer, the end, with usage one more that tells it, [DONE].
void openai_stream_chat(const struct stored_outcome *outcome, bool usage, struct arena *arena,
                        struct buf *out);

// A Response whose outcome has an answer: from response.created to response.completed.
void openai_stream_response(const struct openai_response *response, struct arena *arena,
                            struct buf *out);

#endif
