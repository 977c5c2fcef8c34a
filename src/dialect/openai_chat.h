// OpenAI's chat completions, as OpenAI, vLLM, llama.cpp, Ollama, TGI and many others speak it.
//
// Request: what a prompt makes is the messages (an array), one user message (a string), or an
// object with messages and other members. An input without a prompt that is an object with
// messages is a request body already; of any other a request is made that names the labels and
// fields of the path. `model` is always the configured one; `stream` is dropped.
#ifndef TASKFIT_DIALECT_OPENAI_CHAT_H
#define TASKFIT_DIALECT_OPENAI_CHAT_H

#include "dialect/dialect.h"

extern const struct dialect openai_chat_dialect;

// The reading half (openai_chat_reply.c).
void openai_chat_read(const struct request *request, const struct json *body, struct arena *arena,
                      struct reading *reading);

#endif
