// The escalator: takes results, runs the rules, decides, stores the decision, and publishes what
// follows from it: the job for the next tier, the outcome, or a dead letter.
#ifndef TASKFIT_FLEET_ESCALATOR_H
#define TASKFIT_FLEET_ESCALATOR_H

#include "base/err.h"
#include "fleet/process.h"

struct escalator;

bool escalator_open(struct escalator **escalator, struct process *process,
                    struct err *err) MUST_CHECK;
void escalator_close(struct escalator *escalator);

int64_t escalator_turn(struct escalator *escalator, int64_t now_ms);
void escalator_drain(struct escalator *escalator, int64_t now_ms);
bool escalator_drained(const struct escalator *escalator);
bool escalator_ready(const struct escalator *escalator);

#endif
