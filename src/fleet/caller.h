// Calls to the models of a tier: which model, the request, retries, and what the reply comes to.
//
// A hop that has an answer, or an error that is worth no further try, is `called`: its attempt is
// complete. One that may do better later is `waiting`, and so is one whose answer is there and is
// now to be verified (hop->call.verified). Both are told from events, never from within
// caller_start.
//
// Attachments that are named by address are fetched first (fleet/fetcher.h), within the hop's tries
// and its time for them; then the hop is `waiting`, for nothing but its turn.
//
// What the model refused for load, and what failed because nobody is there (job/gate.h), is not the
// hop's failure: it waits and goes again, in the first case for as long as its retries may take, in
// the second until its deadline; unless its tier passes jobs on while its models are away.
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
//
// CALLER_PLAIN: no limit is found out, nobody is held to be away, refusals count among the
// attempts: for who tries or measures a model. CALLER_SHADOWS: the tier's shadow models, each tried
// once, for hops that say which (call.only).
enum caller_kind { CALLER_JOBS, CALLER_PLAIN, CALLER_SHADOWS };
struct caller *caller_open(struct process *process, const struct config_tier *tier,
                           enum caller_kind kind, const struct caller_events *events, void *owner);
void caller_close(struct caller *caller);
void caller_switch(struct caller *caller, struct slice weights);  // as models_switch
// Once a second. share: the process's part of what is granted to all workers of the tier.
void caller_tidy(struct caller *caller, double share, int64_t now_ms);

enum caller_verdict {
    CALLER_STARTED,
    CALLER_FULL,    // no model of the tier may be called now (caller_wait_ms), or large requests
                    // wait to be sent
    CALLER_FAILED,  // no call can be made: the attempt holds the error
};
// Starts the first call of a hop, or the next try.
enum caller_verdict caller_start(struct caller *caller, struct hop *hop, int64_t now_ms);
// Makes slow calls a second time, where the model says so. Returns when the next may be slow; -1:
// none.
int64_t caller_turn(struct caller *caller, int64_t now_ms);
// What good replies of the model that the hop would have usually take at most; -1: not known.
int64_t caller_usual_ms(struct caller *caller, const struct hop *hop, int64_t now_ms);
// After CALLER_FULL: for whom else.
enum caller_full {
    FULL_FOR_ALL,
    FULL_FOR_OLD,    // of an older configuration: those of the newest may be called
    FULL_FOR_LARGE,  // one model has too little left of a rate, another is at its calls: a smaller
                     // one may be called, and this one has its turn in the other
};
enum caller_full caller_full(const struct caller *caller);
// After CALLER_FULL: when it is worth trying again; -1: when something was heard.
int64_t caller_wait_ms(const struct caller *caller);
// Nobody is there in any model of the tier, and its jobs wait for one.
bool caller_away(const struct caller *caller);
// Chooses the model and makes hop->call.body, as caller_start would, or as it did: a large body is
// not kept; and hop->call.asked, if its verifier was called. Sends nothing, and ends the hop's
// calls. False: the attempt holds the error.
bool caller_preview(struct caller *caller, struct hop *hop);
// Do jobs like this hop go to the model?
bool caller_uses(struct caller *caller, const struct hop *hop, const struct config_model *model);
void caller_cancel(struct caller *caller, struct hop *hop);  // of a call under way
void caller_forget(struct hop *hop);  // what was fetched for it

#endif
