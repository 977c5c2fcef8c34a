// What a model may be called with, at a time and over time, and what its replies say of that: calls
// at a time (concurrency.h), whether anybody is there (breaker.h), rates that are configured
// (bucket.h), rates that the server tells of, pauses that it asks for, and a budget for retries.
//
// One of a model in a process; `share` is the process's part of what is granted to all. Pure: time
// and chance are arguments; ms are of the steady clock. Nothing is allocated.
#ifndef TASKFIT_JOB_GATE_H
#define TASKFIT_JOB_GATE_H

#include <stddef.h>

#include "job/breaker.h"
#include "job/bucket.h"
#include "job/concurrency.h"

// What is counted of calls. Of the first four servers tell, too.
enum gate_rate { GATE_REQUESTS, GATE_TOKENS, GATE_INPUT, GATE_OUTPUT, GATE_SPEND, GATE_RATES };
enum { GATE_TOLD = GATE_SPEND };

// As configured.
struct gate_limits {
    uint32_t in_flight_least, in_flight;
    bool in_flight_shared;     // in_flight is of all processes, not of each
    double most[GATE_RATES];   // a minute, of spend (1e-12 USD) an hour; 0: any
    uint32_t max_tokens;       // of a reply, as far as it is known; 0: not
    bool plain;                // no adapting, no breaker: what a person tries out
};

// What holds calls back.
enum gate_hold {
    GATE_FREE,
    GATE_IN_FLIGHT,
    GATE_RATE,    // one that is configured, or that the server told of
    GATE_PAUSED,  // the server wants to be left alone
    GATE_AWAY,    // nobody answers there
};

// How much of a rate is left, by the server's own word.
struct gate_quota {
    double left;      // below 0: nothing was said
    int64_t until_ms; // then it is full again; in what is heard: from now
};

struct gate {
    struct concurrency concurrency;
    struct concurrency_bounds bounds;
    struct breaker breaker;
    struct bucket rates[GATE_RATES];
    struct gate_quota quotas[GATE_TOLD];
    double usual[GATE_RATES];     // what a call comes to
    double tokens_a_byte;         // of requests
    bool measured;                // the two above are of replies, no guess
    bool plain, rated;            // rated: some rate or quota is there to look at
    enum gate_rate narrowest;     // which rate held back last
    double share;
    uint32_t running;
    unsigned refused_in_a_row;
    int64_t paused_ms;            // nothing is sent before
    double retries;               // that may be made; below 0: owed
    uint32_t sent_now, sent_before;  // calls in this second and in the last
    int64_t second_ms;
};

// A call under way.
struct gate_call {
    struct concurrency_call at;
    bool tries;  // the breaker's
    size_t bytes;
    double size[GATE_RATES];
};

enum gate_news {
    GATE_ANSWERED,   // somebody was there, and it was not for load that it failed
    GATE_BUSY,       // 429, 503, 529
    GATE_LATE,       // no reply in time
    GATE_FAILED,     // a broken one
    GATE_UNREACHED,
    GATE_LOCKED,     // 401, 403
};

struct gate_reply {
    enum gate_news news;
    int64_t pause_ms;                  // asked for by the server; below 0: none
    struct gate_quota told[GATE_TOLD];
    bool paid;                         // `size` is known
    double size[GATE_RATES];
};

void gate_init(struct gate *gate);
// When limits or share (above 0) may have changed; once a second.
void gate_set(struct gate *gate, const struct gate_limits *limits, double share, int64_t now_ms);

// May a request of so many bytes be sent? If not: *wait_ms until it is worth asking again, -1: not
// before a reply has come.
enum gate_hold gate_ask(struct gate *gate, size_t bytes, int64_t now_ms, int64_t *wait_ms);
// "tokens", "pause": what held back a call that was asked for now.
const char *gate_hold_name(const struct gate *gate, enum gate_hold hold);

struct gate_call gate_send(struct gate *gate, size_t bytes, int64_t now_ms);
void gate_hear(struct gate *gate, const struct gate_call *call, const struct gate_reply *reply,
               int64_t now_ms, struct random *random);
void gate_forget(struct gate *gate, const struct gate_call *call);  // it was given up

// Takes a retry from the budget, a fifth of all calls; returns how long it must wait for its turn.
int64_t gate_retry_wait_ms(struct gate *gate, int64_t now_ms);

// Calls at a time that the model takes, as far as was found out.
double gate_most(const struct gate *gate);

static inline bool gate_is_away(const struct gate *gate) {
    return gate->breaker.state != BREAKER_CLOSED;
}

#endif
