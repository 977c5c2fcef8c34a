// The models of a tier as a process uses them, and which of them a hop calls.
//
// There is a set for each configuration that some hop began with. What is counted of a model is
// counted by its name, over all sets: so its limits, those of the newest configuration, hold when a
// reload changes the rest of it.
#ifndef TASKFIT_FLEET_MODELS_H
#define TASKFIT_FLEET_MODELS_H

#include "fleet/caller.h"
#include "job/usual.h"

struct http_headers;
struct metric_cell;
struct models;
struct process;

enum {
    HEDGED = 20,      // one in so many calls may be made a second time
    HEDGES_MOST = 5,  // and so many in a row, from the start
};

struct model_state {
    struct model_state *next;
    const char *name;
    struct gate gate;
    enum gate_hold held;  // what keeps calls back since held_ms
    int64_t held_ms, said_ms;
    struct tail tail;     // of good replies
    struct usual usual;   // likewise
    double hedges;        // second calls that may be made
    struct metric_cell *held_by;
    struct metric_cell *calls, *seconds, *input_tokens, *output_tokens, *cost, *refused, *hedged;
};

// A model by one configuration.
struct model_use {
    const struct config_model *conf;
    uint32_t weight;
    struct http_headers *headers;
    struct model_state *state;
    bool holds;  // its tier's jobs wait while it is away
};

// tier: of the process's configuration. Hops that began with another call the models of the tier
// of that name there. CALLER_PLAIN: a model gets what is asked for, within its configured limits,
// whether it likes that or not: for who measures it. CALLER_SHADOWS: the tier's shadow models.
struct models *models_new(struct process *process, const struct config_tier *tier,
                          enum caller_kind kind);
void models_free(struct models *models);
// `taskfit switch`: weights as config_switch reads them, absent: the configuration's. They hold for
// every configuration that they fit, also for hops in hand that are still to be called.
void models_switch(struct models *models, struct slice weights);
// Once a second: lets go the sets that no hop needs, and measures. share: the process's part of
// what is granted to the whole tier.
void models_tidy(struct models *models, double share, int64_t now_ms);

// Why no model may be called, and for how long at least; -1: until something is heard.
struct models_wait {
    bool asked;
    bool away;       // there is nobody in any of them
    bool too_large;  // for what is left of a rate of one of them
    bool busy;       // one has as many calls as it may
    int64_t wait_ms;
};
// The verifier of an answer that is there; the hop's `only`; or by weight, from the job's id: the
// same job always has the same model, as long as that may be called. NULL: none may.
struct model_use *models_choose(struct models *models, const struct hop *hop, int64_t now_ms,
                                struct models_wait *wait);
// Is it one that hops like this one may go to?
bool models_use(struct models *models, const struct hop *hop, const struct config_model *conf);
// The first of these that a hop would have, whether or not it may be called now.
struct model_use *models_first(struct models *models, const struct hop *hop);
// May this one be called now?
bool model_may_call(struct models *models, struct model_use *use, const struct hop *hop,
                    int64_t now_ms);
bool models_away(struct models *models);  // those of the newest configuration
// May one of these be called with so many bytes now?
bool models_have_room(struct models *models, size_t bytes, int64_t now_ms);
void model_heard(struct models *models, struct model_use *use, const struct gate_call *call,
                 const struct gate_reply *reply, int64_t now_ms);

#endif
