// What servers tell of their rates in the headers of every reply: how much is left, and when it is
// full again. x-ratelimit-remaining-requests and the like (OpenAI and those that are compatible),
// anthropic-ratelimit-requests-remaining and the like.
#ifndef TASKFIT_DIALECT_RATE_HEADERS_H
#define TASKFIT_DIALECT_RATE_HEADERS_H

#include "base/slice.h"
#include "job/gate.h"

// lines: "remaining-requests: 59\n", as io/http.h gives them; now_ms: Unix time. What is not there,
// or is no amount or time, is not told: its `left` is below 0.
void rate_headers_read(struct slice lines, int64_t now_ms, struct gate_quota told[GATE_TOLD]);

#endif
