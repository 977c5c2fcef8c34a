// How to speak to a kind of model server: a job becomes request bytes, reply bytes an answer.
//
// Pure: nothing here touches a socket, a clock or a file. A prompt (jq) has run before `build`, and
// a reply mapping (jq) between the transport and `read`; the fleet does both.
#ifndef TASKFIT_DIALECT_DIALECT_H
#define TASKFIT_DIALECT_DIALECT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "dialect/model.h"
#include "job/attachment.h"
#include "job/reason.h"

struct request {
    const struct model *model;
    const struct path *path;  // its answer form: labels to ask for
    struct slice payload;     // JSON: what the prompt made, or else the job's input
    bool prompted;            // payload is a prompt's
    // The job's attachments, whose content is here: parts of messages name them (messages.h).
    const struct attachment *attachments;
    uint32_t attachment_count;
    enum reason *fault;       // set when build fails for more than the payload; NULL: nobody asks
};

// A reply that came over HTTP, whole.
struct reply {
    uint32_t status;
    struct slice body;
    struct slice retry_after;  // of Retry-After, retry-after-ms or their renamed forms; absent
    bool retry_after_is_ms;
    int64_t now_ms;            // Unix time, for a Retry-After that is a date
};

// What a reply means. error REASON_NONE: answer is there.
struct reading {
    struct slice answer;      // JSON; arena or body
    struct signals signals;
    struct usage usage;
    enum reason error;
    struct slice error_text;  // for people: status, the provider's own words, cut to 300 bytes
    bool retry;               // the same request may do better later
    int64_t retry_after_ms;   // the server's wish; -1: none
};

struct dialect {
    const char *name;
    // Appends the request's body. ERR_POISON: this payload cannot be put so.
    bool (*build)(const struct request *request, struct buf *body, struct err *err) MUST_CHECK;
    // Never fails: what cannot be read is an error in the reading. Status, common error bodies and
    // what is no JSON are already dealt with by dialect_read; this sees bodies of status 2xx.
    void (*read)(const struct request *request, const struct json *body, struct arena *arena,
                 struct reading *reading);
    // The header that carries the key, up to where the key follows: "Authorization: Bearer ".
    // NULL: none.
    const char *key_header;
    const char *const *headers;  // "Name: value" lines that go with every call, then NULL; or NULL
    bool logprobs;  // its replies can carry them, so confidence logprob makes sense
    bool samples;   // one request can ask for several answers, so confidence agreement does too
    bool classes;   // of classifiers: the model's labels are used
    bool tensors;   // the model must name its tensors
    bool parts;     // its messages have parts, of which an attachment may be one; with others the
                    // prompt has the content of attachments
};

// NULL: no dialect of that name. dialect_names: "openai_chat, …, scorer", for error texts.
const struct dialect *dialect_find(const char *name);
const char *dialect_names(void);

// Reads any reply: status, retry headers and error bodies first, then the dialect's own form.
// The confidence's signals are read; confidence itself is judged by the caller.
void dialect_read(const struct request *request, const struct reply *reply, struct arena *arena,
                  struct reading *reading);

#endif
