// A new job's way into the topic of its first tier: what producers of our own have in common.
#ifndef TASKFIT_FLEET_ENQUEUE_H
#define TASKFIT_FLEET_ENQUEUE_H

#include "base/err.h"
#include "job/job.h"

struct enqueue;
struct producer;
struct producer_topic;

struct enqueue *enqueue_new(struct producer *producer);
void enqueue_free(struct enqueue *enqueue);  // NULL: nothing to do

// Sends the job, keyed by its order key or its id. owner: of the record, for `delivered`. Errors as
// for producer_send.
bool enqueue(struct enqueue *enqueue, struct producer_topic *topic, const struct job *job,
             void *owner, struct err *err) MUST_CHECK;

#endif
