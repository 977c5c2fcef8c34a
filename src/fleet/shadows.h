// Shadow models of a worker's tier: asked what the tier's own model was asked, once its attempt is
// stored; what they say is stored beside it and never decided upon.
//
//     attempt stored → READY → CALLING → STORING → freed
//            └─ full ────┴────────┴─ cancelled, drained: given up
//
// The best that can be done without a job waiting for it: one request each, on connections and in
// memory of their own, a few begun a turn. A shadow is given up when there are too many already
// (limits.shadows), when its job is cancelled, and when the process drains or dies; of an attempt
// that ended by that there is none. An attempt is new once, so no shadow of it is called twice.
#ifndef TASKFIT_FLEET_SHADOWS_H
#define TASKFIT_FLEET_SHADOWS_H

#include "fleet/hop.h"

struct recall;
struct shadows;
struct station;

// tier must live as long; jobs: the caller of the tier's own models.
struct shadows *shadows_new(struct station *station, const char *tier, struct caller *jobs);
void shadows_free(struct shadows *shadows);

// A hop's attempt is stored, and is new.
void shadows_see(struct shadows *shadows, const struct hop *hop);
// Some jobs were cancelled, or their batches are at their caps: valid within recall's event.
void shadows_recall(struct shadows *shadows, const struct recall *recall);
bool shadows_any(const struct shadows *shadows);
int64_t shadows_turn(struct shadows *shadows, int64_t now_ms);
void shadows_tidy(struct shadows *shadows, double share, int64_t now_ms);  // once a second
// Gives up those that are not answered.
void shadows_drain(struct shadows *shadows);
// Of a drain: is nothing left that could be stored now, or it has lasted long enough?
bool shadows_settled(const struct shadows *shadows);

#endif
