// The reasons of a decision in words.
#ifndef TASKFIT_CLI_REASONS_H
#define TASKFIT_CLI_REASONS_H

#include "job/stored_reasons.h"

// What the code means and, where they are known, its particulars: one line, fit for a terminal.
struct slice reason_words(const struct decision_reason *reason, struct arena *arena);

#endif
