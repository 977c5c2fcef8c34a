// Rows of the statements that give outcomes: batch_outcomes, batch_outcomes_in_order and others
// with the same columns.
#ifndef TASKFIT_FLEET_OUTCOMES_H
#define TASKFIT_FLEET_OUTCOMES_H

#include "io/pg_value.h"
#include "job/stored_outcome.h"

// Valid as long as the result.
void outcomes_read(const struct pg_result *result, int row, struct stored_outcome *outcome);
// Of batch_outcomes and batch_outcomes_in_order, which have more columns.
void outcomes_read_people(const struct pg_result *result, int row, struct stored_people *people);

#endif
