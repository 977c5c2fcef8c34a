// The reasons of a decision, as stored, with what they mean.
#ifndef TASKFIT_CLI_REASONS_H
#define TASKFIT_CLI_REASONS_H

#include "base/arena.h"
#include "job/decide.h"

// codes: with commas between; explanation: JSON of the table `decisions`, or absent. Returns how
// many. A reason's text is its particulars; absent where the code says it all.
uint32_t reasons_read(struct slice codes, struct slice explanation, struct arena *arena,
                      struct decision_reason reasons[DECISION_REASONS_MOST]);

// What the code means and, where they are known, its particulars: one line, fit for a terminal.
struct slice reason_words(const struct decision_reason *reason, struct arena *arena);

#endif
