#include "fleet/rows.h"

#include "base/mem.h"

void rows_encode(const struct row_column *columns, size_t column_count, struct hop *const *rows,
                 size_t count, struct pg_params *params) {
    for (size_t c = 0; c < column_count; c++) {
        pg_array(params, columns[c].type);
        for (size_t i = 0; i < count; i++) {
            columns[c].put(params, rows[i]);
        }
    }
}

void rows_put_job(struct pg_params *params, const struct hop *hop) {
    if (hop->job.has_id) {
        pg_uuid(params, hop->job.id);
    } else {
        pg_null(params);
    }
}

void rows_put_hop(struct pg_params *params, const struct hop *hop) {
    pg_int2(params, (int16_t)hop->job.hop);
}

void rows_put_batch(struct pg_params *params, const struct hop *hop) {
    if (hop->job.has_batch) {
        pg_uuid(params, hop->job.batch_id);
    } else {
        pg_null(params);
    }
}

void rows_put_custom_id(struct pg_params *params, const struct hop *hop) {
    pg_slice(params, hop->job.custom_id);
}

void rows_put_line(struct pg_params *params, const struct hop *hop) {
    if (hop->job.line > 0) {
        pg_int8(params, (int64_t)hop->job.line);
    } else {
        pg_null(params);
    }
}

void rows_put_path(struct pg_params *params, const struct hop *hop) {
    pg_slice(params, hop->job.path);
}

#define PUT(name, call)                                                      \
    static void put_##name(struct pg_params *params, const struct hop *hop) { \
        call;                                                                \
    }

PUT(tier, pg_slice(params, hop->attempt.tier))
PUT(model, pg_slice(params, hop->attempt.model))
PUT(answer, pg_slice(params, hop->attempt.answer))
PUT(error, pg_slice(params, hop->attempt.error))
PUT(error_text, pg_slice(params, hop->attempt.error_text))
PUT(confidence_raw, pg_float8(params, hop->attempt.confidence_raw))
PUT(confidence, pg_float8(params, hop->attempt.confidence))
PUT(calibration, pg_slice(params, hop->attempt.calibration))
PUT(prompt, pg_slice(params, hop->attempt.prompt))
PUT(input_tokens, pg_int4(params, (int32_t)hop->attempt.input_tokens))
PUT(output_tokens, pg_int4(params, (int32_t)hop->attempt.output_tokens))
PUT(cached_tokens, pg_int4(params, (int32_t)hop->attempt.cached_tokens))
PUT(cost, pg_int8(params, hop->attempt.cost_pico_usd))
PUT(calls, pg_int2(params, (int16_t)hop->attempt.calls))
PUT(latency, pg_int4(params, (int32_t)hop->attempt.latency_ms))
PUT(http_status, pg_int2(params, (int16_t)hop->attempt.http_status))
PUT(verifier, pg_slice(params, hop->attempt.verifier))
PUT(verifier_says, pg_slice(params, hop->attempt.verifier_says))
PUT(started, pg_time(params, hop->attempt.started_ms))

PUT(topic, pg_slice(params, slice_of(ticket_topic(hop->ticket))))
PUT(partition, pg_int4(params, ticket_partition(hop->ticket)))
PUT(offset, pg_int8(params, hop->ticket.offset))
PUT(key, pg_slice(params, hop->burial.key))
PUT(value, pg_slice(params, hop->burial.value))
PUT(reason, pg_slice(params, hop->burial.reason))
PUT(text, pg_slice(params, hop->burial.text))
PUT(attempts, pg_int4(params, (int32_t)hop->burial.attempts))
PUT(headers, pg_slice(params, hop->headers))
PUT(recorded, pg_time(params, hop->record_ms))

static void put_called_hop(struct pg_params *params, const struct hop *hop) {
    if (hop->burial.called) {
        rows_put_hop(params, hop);
    } else {
        pg_null(params);
    }
}

static const struct row_column attempt_columns[] = {
    {PG_UUID, rows_put_job},         {PG_INT2, rows_put_hop},
    {PG_TEXT, put_tier},             {PG_TEXT, rows_put_path},
    {PG_UUID, rows_put_batch},       {PG_TEXT, put_model},
    {PG_JSON, put_answer},           {PG_TEXT, put_error},
    {PG_TEXT, put_error_text},       {PG_FLOAT8, put_confidence_raw},
    {PG_FLOAT8, put_confidence},     {PG_TEXT, put_calibration},
    {PG_TEXT, put_prompt},           {PG_INT4, put_input_tokens},
    {PG_INT4, put_output_tokens},    {PG_INT4, put_cached_tokens},
    {PG_INT8, put_cost},             {PG_INT2, put_calls},
    {PG_INT4, put_latency},          {PG_INT2, put_http_status},
    {PG_TIMESTAMPTZ, put_started},
    {PG_TEXT, put_verifier},         {PG_TEXT, put_verifier_says},
};

static const struct row_column shadow_columns[] = {
    {PG_UUID, rows_put_job},      {PG_INT2, rows_put_hop},      {PG_TEXT, put_model},
    {PG_TEXT, put_tier},          {PG_TEXT, rows_put_path},     {PG_UUID, rows_put_batch},
    {PG_JSON, put_answer},        {PG_TEXT, put_error},         {PG_TEXT, put_error_text},
    {PG_FLOAT8, put_confidence},  {PG_TEXT, put_prompt},        {PG_INT4, put_input_tokens},
    {PG_INT4, put_output_tokens}, {PG_INT4, put_cached_tokens}, {PG_INT8, put_cost},
    {PG_INT4, put_latency},       {PG_INT2, put_http_status},   {PG_TIMESTAMPTZ, put_started},
};

static const struct row_column letter_columns[] = {
    {PG_TEXT, put_topic},        {PG_INT4, put_partition}, {PG_INT8, put_offset},
    {PG_UUID, rows_put_job},     {PG_UUID, rows_put_batch}, {PG_TEXT, rows_put_custom_id},
    {PG_INT8, rows_put_line},    {PG_BYTEA, put_key},      {PG_BYTEA, put_value},
    {PG_TEXT, put_reason},       {PG_TEXT, put_text},      {PG_INT4, put_attempts},
    {PG_TIMESTAMPTZ, put_recorded}, {PG_INT2, put_called_hop},
    {PG_BYTEA, put_headers},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void rows_attempts(struct hop *const *rows, size_t count, const char *instance,
                   struct pg_params *params) {
    rows_encode(attempt_columns, COUNT(attempt_columns), rows, count, params);
    pg_scalar(params, PG_TEXT);
    pg_slice(params, slice_of(instance));
}

void rows_shadows(struct hop *const *rows, size_t count, const char *instance,
                  struct pg_params *params) {
    rows_encode(shadow_columns, COUNT(shadow_columns), rows, count, params);
    pg_scalar(params, PG_TEXT);
    pg_slice(params, slice_of(instance));
}

void rows_dead_letters(struct hop *const *rows, size_t count, struct pg_params *params) {
    rows_encode(letter_columns, COUNT(letter_columns), rows, count, params);
}

int *rows_places(const struct pg_result *result, size_t count) {
    int *places = mem_array(count, sizeof(*places));
    for (size_t i = 0; i < count; i++) {
        places[i] = -1;
    }
    for (int row = 0; row < pg_rows(result); row++) {
        places[pg_get_int(result, row, 0) - 1] = row;
    }
    return places;
}

bool rows_is_new(const struct pg_result *result, int *place, const struct hop *hop) {
    if (*place >= pg_rows(result) ||
        !uuid_equal(pg_get_uuid(result, *place, 0), hop->job.id) ||
        pg_get_int(result, *place, 1) != hop->job.hop) {
        return false;
    }
    ++*place;
    return true;
}
