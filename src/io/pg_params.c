#include <assert.h>
#include <math.h>

#include "base/clock.h"
#include "io/pg_value.h"

// Array header: dimensions, has-nulls, element type, length, lower bound (array_recv in
// PostgreSQL's arrayfuncs.c).
enum { HEADER_BYTES = 20, LENGTH_AT = 12 };

void pg_params_clear(struct pg_params *params) {
    buf_clear(&params->data);
    params->count = 0;
}

void pg_params_fini(struct pg_params *params) {
    buf_fini(&params->data);
    params->count = 0;
}

static struct pg_param *begin(struct pg_params *params, enum pg_type type, bool array) {
    assert(params->count < PG_PARAMS_MOST);
    struct pg_param *param = &params->params[params->count++];
    *param = (struct pg_param){.type = type, .array = array, .null = !array,
                               .at = params->data.len};
    return param;
}

void pg_scalar(struct pg_params *params, enum pg_type type) {
    begin(params, type, false);
}

void pg_array(struct pg_params *params, enum pg_type type) {
    struct pg_param *param = begin(params, type, true);
    buf_be32(&params->data, 1);
    buf_be32(&params->data, 1);
    buf_be32(&params->data, (uint32_t)type);
    buf_be32(&params->data, 0);
    buf_be32(&params->data, 1);
    param->len = HEADER_BYTES;
}

static void bytes(struct pg_params *params, const void *value, size_t len) {
    struct pg_param *param = &params->params[params->count - 1];
    if (param->array) {
        buf_be32(&params->data, (uint32_t)len);
        buf_be32_at(&params->data, param->at + LENGTH_AT, ++param->elements);
    }
    buf_bytes(&params->data, value, len);
    param->len = params->data.len - param->at;
    param->null = false;
}

void pg_null(struct pg_params *params) {
    struct pg_param *param = &params->params[params->count - 1];
    if (!param->array) {
        return;
    }
    buf_be32(&params->data, UINT32_MAX);
    buf_be32_at(&params->data, param->at + LENGTH_AT, ++param->elements);
    param->len = params->data.len - param->at;
}

void pg_bool(struct pg_params *params, bool value) {
    bytes(params, value ? "\1" : "\0", 1);
}

void pg_int2(struct pg_params *params, int16_t value) {
    uint16_t wire = __builtin_bswap16((uint16_t)value);
    bytes(params, &wire, sizeof(wire));
}

void pg_int4(struct pg_params *params, int32_t value) {
    uint32_t wire = __builtin_bswap32((uint32_t)value);
    bytes(params, &wire, sizeof(wire));
}

void pg_int8(struct pg_params *params, int64_t value) {
    uint64_t wire = __builtin_bswap64((uint64_t)value);
    bytes(params, &wire, sizeof(wire));
}

void pg_float8(struct pg_params *params, double value) {
    if (isnan(value)) {
        pg_null(params);
        return;
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    pg_int8(params, (int64_t)bits);
}

void pg_slice(struct pg_params *params, struct slice value) {
    if (value.at == NULL) {
        pg_null(params);
        return;
    }
    bytes(params, value.at, value.len);
}

void pg_uuid(struct pg_params *params, struct uuid value) {
    bytes(params, value.bytes, UUID_BYTES);
}

// Within what PostgreSQL holds: a row is not refused for a stranger's clock.
void pg_time(struct pg_params *params, int64_t unix_ms) {
    int64_t held_ms = unix_ms < 0 ? 0 : unix_ms > CLOCK_MOST_MS ? CLOCK_MOST_MS : unix_ms;
    pg_int8(params, (held_ms - PG_EPOCH_MS) * 1000);
}

int pg_params_wire(const struct pg_params *params, const char **values, int *lengths,
                   int *formats) {
    for (int i = 0; i < params->count; i++) {
        const struct pg_param *param = &params->params[i];
        values[i] = param->null ? NULL : params->data.data + param->at;
        lengths[i] = (int)param->len;
        formats[i] = 1;
    }
    return params->count;
}
