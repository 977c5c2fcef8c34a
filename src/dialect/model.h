// A model: a named, versioned endpoint, as configured.
#ifndef TASKFIT_DIALECT_MODEL_H
#define TASKFIT_DIALECT_MODEL_H

#include <stdint.h>

#include "base/backoff.h"
#include "job/confidence.h"
#include "job/gate.h"

struct dialect;

// Prices in 1e-12 USD: exact for every price per million tokens with up to six decimals.
struct price {
    int64_t input_pico_usd;   // per token
    int64_t output_pico_usd;  // per token
    int64_t cached_pico_usd;  // per input token read from the provider's cache
    int64_t call_pico_usd;    // per answered request
};

struct model {
    const char *name;  // name@version
    const struct dialect *dialect;
    const char *url;
    const char *model;  // the provider's name for it; NULL where the dialect needs none
    const char *key;    // credential, NULL: none; never logged, stored or shown
    // JSON object whose members are added to the request body and win over what is there; a null
    // takes one out. NULL: none.
    const char *extra;
    const char *prompt_version;  // hash of the prompt; NULL: no prompt
    enum confidence_kind confidence;
    struct price price;
    struct gate_limits limits;
    bool no_attachments;    // it takes texts alone
    bool hedge;             // a call that is among the slowest is made a second time
    int64_t timeout_ms;     // of one request
    uint32_t attempts;      // requests for one hop, the first included
    int64_t retry_for_ms;   // no retry starts later than this after the first request
    struct backoff backoff;
    uint32_t reply_bytes;   // larger replies are refused
    uint32_t max_tokens;    // of output asked for; 0: the provider's default
    uint32_t top_logprobs;  // alternatives asked for with confidence logprob
    uint32_t samples;       // answers asked for with confidence agreement
    // Of classifiers: what class 0, 1, … are called; none where the reply says it.
    const char *const *labels;
    uint32_t label_count;
    // Of kserve: names of tensors; the last two NULL where the model has none.
    const char *tensor_input, *tensor_answer, *tensor_probabilities;
};

struct usage {
    uint32_t input_tokens;   // cached ones included
    uint32_t cached_tokens;
    uint32_t output_tokens;  // reasoning tokens included
};

int64_t price_of(const struct price *price, const struct usage *usage);

#endif
