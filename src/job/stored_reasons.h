// The reasons of a decision, read as they are stored.
#ifndef TASKFIT_JOB_STORED_REASONS_H
#define TASKFIT_JOB_STORED_REASONS_H

#include "base/arena.h"
#include "job/decide.h"

// codes: with commas between; explanation: JSON of the table `decisions`, or absent. Returns how
// many. A reason's text is its particulars; absent where the code says it all.
uint32_t stored_reasons_read(struct slice codes, struct slice explanation, struct arena *arena,
                             struct decision_reason reasons[DECISION_REASONS_MOST]);

#endif
