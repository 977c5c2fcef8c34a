// The models of a tier as a process uses them, and which of them a hop calls.
//
// There is a set for each configuration that some hop began with. What is counted of a model is
// counted by its name, over all sets: so its limits hold when a reload changes the rest of it.
#ifndef TASKFIT_FLEET_MODELS_H
#define TASKFIT_FLEET_MODELS_H

#include "fleet/hop.h"

struct http_headers;
struct metric_cell;
struct models;
struct process;

struct model_state {
    struct model_state *next;
    const char *name;
    uint32_t running;  // calls
    struct metric_cell *calls, *seconds, *input_tokens, *output_tokens, *cost;
};

// A model by one configuration.
struct model_use {
    const struct config_model *conf;
    uint32_t weight;
    struct http_headers *headers;
    struct model_state *state;
};

// tier: of the process's configuration. Hops that began with another call the models of the tier
// of that name there.
struct models *models_new(struct process *process, const struct config_tier *tier);
void models_free(struct models *models);
void models_tidy(struct models *models);  // once a while: lets go the sets that no hop needs

bool model_has_room(const struct model_use *use);

// By weight, from the job's id: the same job always has the same model, as long as there is room.
// NULL: there is room in none.
struct model_use *models_choose(struct models *models, const struct hop *hop);

#endif
