// A tier's worker: takes jobs, asks the database what is known of them, calls a model, stores the
// attempt, publishes the result, commits. The steps are in hop.h.
#ifndef TASKFIT_FLEET_WORKER_H
#define TASKFIT_FLEET_WORKER_H

#include "base/err.h"
#include "fleet/process.h"

struct worker;

bool worker_open(struct worker **worker, struct process *process, const char *tier,
                 struct err *err) MUST_CHECK;
void worker_close(struct worker *worker);  // hops in hand are forgotten: they come again

int64_t worker_turn(struct worker *worker, int64_t now_ms);

// Takes nothing more and drops what was not called; what was called is brought to its end, or
// forgotten at the deadline.
void worker_drain(struct worker *worker, int64_t now_ms);
bool worker_drained(const struct worker *worker);

bool worker_ready(const struct worker *worker);  // database reachable, partitions assigned

#endif
