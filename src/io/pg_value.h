// Parameters of a statement and rows of its result, in PostgreSQL's binary format (libpq).
//
// A batch of rows is a set of arrays, one a column: begin an array, append its elements, and so on
// for each column in the order of the statement's $1, $2, …
#ifndef TASKFIT_IO_PG_VALUE_H
#define TASKFIT_IO_PG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/uuid.h"

enum pg_type {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_JSON = 114,
    PG_FLOAT8 = 701,
    PG_TIMESTAMPTZ = 1184,
    PG_UUID = 2950,
};

// 2000-01-01, from which PostgreSQL counts.
#define PG_EPOCH_MS INT64_C(946684800000)

enum { PG_PARAMS_MOST = 64 };

struct pg_params {
    struct buf data;
    int count;
    struct pg_param {
        enum pg_type type;   // of an element
        bool array, null;
        size_t at, len;      // of data
        uint32_t elements;
    } params[PG_PARAMS_MOST];
};

void pg_params_clear(struct pg_params *params);
void pg_params_fini(struct pg_params *params);

// A scalar parameter, or an array that the values up to the next call go into.
void pg_scalar(struct pg_params *params, enum pg_type type);
void pg_array(struct pg_params *params, enum pg_type type);

void pg_null(struct pg_params *params);
void pg_bool(struct pg_params *params, bool value);
void pg_int2(struct pg_params *params, int16_t value);
void pg_int4(struct pg_params *params, int32_t value);
void pg_int8(struct pg_params *params, int64_t value);
void pg_float8(struct pg_params *params, double value);      // NaN goes in as null
void pg_slice(struct pg_params *params, struct slice value); // text, json, bytea; absent: null
void pg_uuid(struct pg_params *params, struct uuid value);
void pg_time(struct pg_params *params, int64_t unix_ms);  // of the years 1970 to 9999

// The parameters as libpq takes them, each array with room for PG_PARAMS_MOST; returns their count.
int pg_params_wire(const struct pg_params *params, const char **values, int *lengths,
                   int *formats);

// Rows, valid during the call that hands them over. Columns count from 0; null reads as 0, absent
// or nil.
struct pg_result;
int pg_rows(const struct pg_result *result);
bool pg_is_null(const struct pg_result *result, int row, int column);
int64_t pg_get_int(const struct pg_result *result, int row, int column);  // int2, int4, int8, bool
double pg_get_float8(const struct pg_result *result, int row, int column);  // null: NaN
struct slice pg_get_slice(const struct pg_result *result, int row, int column);
struct uuid pg_get_uuid(const struct pg_result *result, int row, int column);
int64_t pg_get_time(const struct pg_result *result, int row, int column);  // Unix time, ms

#endif
