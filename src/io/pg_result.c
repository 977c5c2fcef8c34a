#include <libpq-fe.h>
#include <math.h>
#include <stdlib.h>

#include "io/pg_value.h"

// A pg_result is libpq's own, under a name that its users need not include libpq for.
static const PGresult *own(const struct pg_result *result) {
    return (const PGresult *)result;
}

int pg_rows(const struct pg_result *result) {
    return PQntuples(own(result));
}

bool pg_is_null(const struct pg_result *result, int row, int column) {
    return PQgetisnull(own(result), row, column) != 0;
}

static uint64_t big_endian(const struct pg_result *result, int row, int column) {
    const unsigned char *value = (const unsigned char *)PQgetvalue(own(result), row, column);
    int len = PQgetlength(own(result), row, column);
    uint64_t number = 0;
    for (int i = 0; i < len && i < 8; i++) {
        number = number << 8 | value[i];
    }
    return number;
}

int64_t pg_get_int(const struct pg_result *result, int row, int column) {
    uint64_t number = big_endian(result, row, column);
    switch (PQgetlength(own(result), row, column)) {
    case 2:
        return (int16_t)number;
    case 4:
        return (int32_t)number;
    default:
        return (int64_t)number;
    }
}

double pg_get_float8(const struct pg_result *result, int row, int column) {
    if (pg_is_null(result, row, column)) {
        return NAN;
    }
    uint64_t bits = big_endian(result, row, column);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

struct slice pg_get_slice(const struct pg_result *result, int row, int column) {
    if (pg_is_null(result, row, column)) {
        return (struct slice){0};
    }
    return (struct slice){PQgetvalue(own(result), row, column),
                          (size_t)PQgetlength(own(result), row, column)};
}

struct uuid pg_get_uuid(const struct pg_result *result, int row, int column) {
    struct uuid uuid = {{0}};
    uuid_from_bytes(pg_get_slice(result, row, column), &uuid);
    return uuid;
}

int64_t pg_get_time(const struct pg_result *result, int row, int column) {
    if (pg_is_null(result, row, column)) {
        return 0;
    }
    return (int64_t)big_endian(result, row, column) / 1000 + PG_EPOCH_MS;
}
