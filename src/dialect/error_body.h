// What a server says of a request that it could not do.
//
// Known forms: {"error": {"message", "type", "code"}} (OpenAI, Anthropic, llama.cpp, vLLM; code a
// number with some; in an array with Google), {"error": "text", "error_type"} (TGI, KServe,
// Ollama), {"object": "error", "message", …} (older vLLM), {"detail": "text" or [{"msg"}]}
// (FastAPI), a page of HTML, plain text.
#ifndef TASKFIT_DIALECT_ERROR_BODY_H
#define TASKFIT_DIALECT_ERROR_BODY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "job/reason.h"

enum error_cause {
    ERROR_CAUSE_OTHER,
    ERROR_CAUSE_CONTEXT,  // the input is too long
    ERROR_CAUSE_CONTENT,  // a content filter
    ERROR_CAUSE_QUOTA,    // paid for nothing more: waiting does not help
    ERROR_CAUSE_KEY,      // the credential is none
};

struct error_body {
    struct slice message;  // absent: the body says nothing
    struct slice kind;     // type or code, a word of the provider's; absent: none
    uint32_t status;       // a code that is an HTTP status, or a word that means one; 0: none
    int64_t retry_ms;      // when to come again, said in the body; -1: not said
    enum error_cause cause;
};

// False: the body is not of these forms that speak of an error.
bool error_body_find(const struct json *json, struct arena *arena, struct error_body *error);

// Never fails: what has no form is its own message, an HTML page its title.
void error_body_read(struct slice body, struct arena *arena, struct error_body *error);

#endif
