// Whether a model is called at all.
//
//            failures                    its time is over
//   CLOSED ────────────► OPEN ──────────────────────────────► TRYING, one call
//      ▲                  ▲   away a little longer each time     │      │
//      │                  └──────────────── failed ──────────────┘      │
//      └───────────────────────────────────── answered ─────────────────┘
//
// A failure is what says that nobody is there to answer: no connection, a time-out, a reply cut or
// of a server that fails, and credentials that are refused, which open it at once. A refusal for
// load is none: somebody is there.
// Source: M. Nygard, "Release It!", 2007.
#ifndef TASKFIT_JOB_BREAKER_H
#define TASKFIT_JOB_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_TRYING, BREAKER_OPEN };

enum breaker_news {
    BREAKER_GOOD,
    BREAKER_FAILED,
    BREAKER_UNREACHED,  // no connection: it cannot be for what was asked
    BREAKER_LOCKED,     // the credentials were refused
};

struct breaker {
    enum breaker_state state;
    unsigned in_a_row;   // failures
    double failing;      // share of failures, of the last calls
    unsigned openings;   // since the last call that was answered
    int64_t until_ms;    // OPEN: then it is tried
    uint64_t deaf_to;    // calls up to this number were sent before it last changed
    bool trying;         // TRYING: the call is under way
};

// Milliseconds until a call may be sent; 0: now; -1: not before the call under way has told.
int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms);
// A call is sent. True: it is the one that tries.
bool breaker_send(struct breaker *breaker);

// A call as the breaker knows it, when something is heard of it.
struct breaker_call {
    uint64_t number, sent;  // which it was, and how many have been sent by now
    bool tries;
};
void breaker_hear(struct breaker *breaker, enum breaker_news news,
                  const struct breaker_call *call, int64_t now_ms, struct random *random);
void breaker_forget(struct breaker *breaker, bool tries);  // it was given up

#endif
