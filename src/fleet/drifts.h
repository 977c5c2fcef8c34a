// Are the inputs of certificates' paths, and what their tiers say of themselves, still distributed
// as in the sample that the certificates were made of?
//
// For each tier of each path: its confidences, and the share of words that the sample did not have
// (quality/vocabulary.h). Of inputs only some are looked at, up to so many bytes a second.
#ifndef TASKFIT_FLEET_DRIFTS_H
#define TASKFIT_FLEET_DRIFTS_H

#include "fleet/hop.h"
#include "quality/drift.h"

struct metrics;

struct drift_watch;

struct drifts {
    struct drift_watch *watches;
    uint32_t count;
    int64_t bytes_left;  // of inputs that may be looked at before drifts_show comes again
};

// The configuration must outlive them.
void drifts_init(struct drifts *drifts, const struct config *config);
void drifts_fini(struct drifts *drifts);

// A decision that was stored for the first time.
void drifts_see(struct drifts *drifts, struct hop *hop);

// To be called once a second: gauges, and the log where there is something to tell.
void drifts_show(struct drifts *drifts, struct metrics *metrics);

#endif
