// The gateway's own API, /v1/taskfit: what OpenAI's has no words for.
#ifndef TASKFIT_GATEWAY_OWN_H
#define TASKFIT_GATEWAY_OWN_H

struct call;

void own_job(struct call *call);       // a job's timeline
void own_overview(struct call *call);  // batches, tiers, dead letters
void own_paths(struct call *call);     // of the configuration, with what their certificates promise
void own_batch(struct call *call);     // how far it is, and what its newest jobs tell
void own_outcomes(struct call *call);  // of a batch, as NDJSON, a page of lines at a time

#endif
