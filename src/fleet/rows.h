// Hops as rows of attempts and dead_letters.
#ifndef TASKFIT_FLEET_ROWS_H
#define TASKFIT_FLEET_ROWS_H

#include "fleet/hop.h"
#include "io/pg_value.h"

// One column of rows: its type and how a hop fills it.
struct row_column {
    enum pg_type type;
    void (*put)(struct pg_params *params, const struct hop *hop);
};

// Every column as an array of count elements.
void rows_encode(const struct row_column *columns, size_t column_count, struct hop *const *rows,
                 size_t count, struct pg_params *params);

// For the statements store_attempts (instance goes into the column `worker`) and
// store_dead_letters.
void rows_attempts(struct hop *const *rows, size_t count, const char *instance,
                   struct pg_params *params);
void rows_shadows(struct hop *const *rows, size_t count, const char *instance,
                  struct pg_params *params);  // for store_shadows, likewise
void rows_dead_letters(struct hop *const *rows, size_t count, struct pg_params *params);

// Columns that several statements have.
void rows_put_job(struct pg_params *params, const struct hop *hop);
void rows_put_hop(struct pg_params *params, const struct hop *hop);
void rows_put_batch(struct pg_params *params, const struct hop *hop);
void rows_put_custom_id(struct pg_params *params, const struct hop *hop);
void rows_put_line(struct pg_params *params, const struct hop *hop);
void rows_put_path(struct pg_params *params, const struct hop *hop);

// A result in no order whose first column numbers the rows that went in, from 1: the place in it of
// each of them, -1: not there. To be freed.
int *rows_places(const struct pg_result *result, size_t count);

// Walks a result of (job_id, hop), the new keys in the order in which the rows went in: true when
// the row at *place is hop's, and then moves on.
bool rows_is_new(const struct pg_result *result, int *place, const struct hop *hop);

#endif
