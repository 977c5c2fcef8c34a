// What the model stub answers: a label and a confidence that depend on nothing but the request.
#ifndef TASKFIT_FAKE_REPLY_H
#define TASKFIT_FAKE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LABELS_MOST = 64, REPLY_MOST = 2048, LABEL_MOST = 40 };

struct labels {
    const char *names[LABELS_MOST];
    uint32_t count;
};

struct call {
    enum call_kind { CALL_SCORE, CALL_CHAT } kind;
    uint64_t hash;           // of the request's body
    uint32_t prompt_tokens;
    bool logprobs;           // asked for
};

// A whole HTTP reply; returns its length. headers: further lines, each ended by CR LF.
size_t reply_write(char text[REPLY_MOST], const struct labels *labels, const struct call *call,
                   const char *headers);
size_t reply_write_json(char text[REPLY_MOST], int status, const char *headers, const char *body);

#endif
