// Holds what people say of audited answers against the promises of the certificates in force.
//
// Verdicts are read from the database in the order of the labels, each once, by every escalator for
// itself: all come to the same evidence. With a configuration that names a certificate anew, all
// that was ever said of it is read again.
#ifndef TASKFIT_FLEET_AUDITOR_H
#define TASKFIT_FLEET_AUDITOR_H

#include "fleet/hop.h"
#include "quality/audit.h"

struct auditor;
struct pg;
struct process;

struct auditor *auditor_new(struct process *process, struct pg *pg);
void auditor_free(struct auditor *auditor);

// Asks when it is time to; returns milliseconds until it must be called again, -1: not before an
// event.
int64_t auditor_turn(struct auditor *auditor, int64_t now_ms);

// A decision of this escalator's, stored for the first time, for fleet/drifts.h.
void auditor_see(struct auditor *auditor, struct hop *hop);

// False until all that was said was read, where it may change decisions.
bool auditor_knows(const struct auditor *auditor);
bool auditor_is_broken(const struct auditor *auditor, const struct path *path);

#endif
