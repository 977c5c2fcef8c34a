// W3C Trace Context: the header `traceparent`, which a job's records and calls carry on as it came.
#ifndef TASKFIT_JOB_TRACE_H
#define TASKFIT_JOB_TRACE_H

#include <stdbool.h>

#include "base/slice.h"
#include "base/uuid.h"

enum { TRACE_TEXT = 56 };

// Is it one of version 00: 00-<32 hex>-<16 hex>-<2 hex>, in small letters, with ids that are not 0?
bool trace_check(struct slice text);
// Begins a trace whose id is the job's. Nothing was recorded of it here, so it is not marked as
// sampled (Trace Context, 3.2.2.5).
void trace_make(const struct uuid *job, char text[TRACE_TEXT]);

#endif
