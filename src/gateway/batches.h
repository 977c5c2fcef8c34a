// Batches of the API: made of files, asked about, cancelled. What is done for them beside requests
// is batch_work's.
#ifndef TASKFIT_GATEWAY_BATCHES_H
#define TASKFIT_GATEWAY_BATCHES_H

struct call;

void batches_create(struct call *call);
void batches_list(struct call *call);
void batches_get(struct call *call);
void batches_cancel(struct call *call);

#endif
