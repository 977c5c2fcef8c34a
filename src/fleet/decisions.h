// Decisions as rows, and back.
#ifndef TASKFIT_FLEET_DECISIONS_H
#define TASKFIT_FLEET_DECISIONS_H

#include "fleet/hop.h"
#include "io/pg_value.h"

// Writes a decision's reasons in the form of its columns, into the hop's arena; needed before
// encode. For one that is dead also its letter, in hop->burial.
void decisions_prepare(struct hop *hop);

// For the statement store_decisions: the rows, the inputs that are kept, the letters.
void decisions_encode(struct hop *const *rows, size_t count, struct pg_params *params);

// For find_decisions: the keys; and a decision from a row of what came back (rows_places), into the
// hop.
void decisions_encode_keys(struct hop *const *rows, size_t count, struct pg_params *params);
void decisions_read(struct hop *hop, const struct pg_result *result, int row);

#endif
