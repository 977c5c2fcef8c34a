// Calls to the models of a tier: which model, the request, retries, and what the reply comes to.
//
// A hop that has an answer, or an error that is worth no further try, is `called`: its attempt is
// complete. One that may do better later is `waiting`. Both are told from events, never from within
// caller_start.
#ifndef TASKFIT_FLEET_CALLER_H
#define TASKFIT_FLEET_CALLER_H

#include "fleet/hop.h"

struct process;
struct caller;

struct caller_events {
    void (*called)(void *owner, struct hop *hop);
    void (*waiting)(void *owner, struct hop *hop, int64_t wait_ms);
};

// tier: of the process's configuration. A hop that began with another configuration calls the
// models of the tier of that name there.
struct caller *caller_open(struct process *process, const struct config_tier *tier,
                           const struct caller_events *events, void *owner);
void caller_close(struct caller *caller);
void caller_tidy(struct caller *caller);  // once a while: lets go what no hop needs any more

enum caller_verdict {
    CALLER_STARTED,
    CALLER_FULL,    // every model of the tier has as many calls as it may, or large requests wait
                    // to be sent
    CALLER_FAILED,  // no call can be made: the attempt holds the error
};
// Starts the first call of a hop, or the next try.
enum caller_verdict caller_start(struct caller *caller, struct hop *hop, int64_t now_ms);
// Chooses the model and makes hop->call.body, as caller_start would, or as it did: a large body is
// not kept. Sends nothing. False: the attempt holds the error.
bool caller_preview(struct caller *caller, struct hop *hop);
void caller_cancel(struct caller *caller, struct hop *hop);  // of a call under way

#endif
