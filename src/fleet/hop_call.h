// The calls of a hop to a model: a part of the hop that fleet/caller.c owns.
#ifndef TASKFIT_FLEET_HOP_CALL_H
#define TASKFIT_FLEET_HOP_CALL_H

#include "base/heap.h"
#include "base/slice.h"
#include "job/gate.h"
#include "job/reason.h"

struct http_call;
struct caller;
struct config_model;
struct hop;
struct fetch;
struct model_use;

// A call under way.
struct hop_try {
    struct hop *hop;
    struct http_call *http;  // NULL: none is
    struct gate_call gate;
    bool cut;                // its time-out is what its tier's limit of latency leaves
};

// The calls of a hop to a model (fleet/caller.h).
struct hop_call {
    struct caller *caller;
    struct model_use *model;
    struct model_use *verified;  // whose answer is there, and `model` its verifier; NULL: none is
    struct slice answer;         // of `verified`
    struct slice asked;          // caller_preview: what the verifier was sent
    struct hop_try tries[2];  // the second, if the first is slow
    struct heap_node slow;    // when the first is
    struct fetch *fetch;     // of attachments, before the call; NULL: none is under way
    bool fetched;            // they are there, and others may wait for the room that they take
    struct slice body;       // of the request
    char *key;               // idempotency key: the same for every try
    const struct config_model *only;  // of a shadow; NULL: any of the tier's
    int64_t first_ms;        // steady clock, of the first request
    int64_t since_ms;        // of the first request that counts for retry.for; 0: none yet
    unsigned failures;       // that count as its own
    unsigned refusals;       // for load
    enum reason error;       // of the last try
    struct slice error_text;
};

#endif
