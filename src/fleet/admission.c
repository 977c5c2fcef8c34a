#include "fleet/admission.h"

#include "base/mem.h"
#include "fleet/rows.h"

// The columns of the query `admit`, in its order.
enum column {
    COLUMN_N, COLUMN_STORED, COLUMN_DECIDED, COLUMN_CANCELLED, COLUMN_OVER_CAP,
    COLUMN_BURIED,
    COLUMN_TIER, COLUMN_MODEL, COLUMN_ANSWER, COLUMN_ERROR, COLUMN_ERROR_TEXT,
    COLUMN_CONFIDENCE_RAW, COLUMN_CONFIDENCE, COLUMN_CALIBRATION, COLUMN_PROMPT,
    COLUMN_INPUT_TOKENS, COLUMN_OUTPUT_TOKENS, COLUMN_CACHED_TOKENS, COLUMN_COST, COLUMN_CALLS,
    COLUMN_LATENCY, COLUMN_STARTED, COLUMN_HTTP_STATUS, COLUMN_VERIFIER,
    COLUMN_VERIFIER_SAYS, COLUMN_LETTER_TEXT,
};

void admission_encode(struct hop *const *rows, size_t count, struct pg_params *params) {
    pg_array(params, PG_UUID);
    for (size_t i = 0; i < count; i++) {
        pg_uuid(params, rows[i]->job.id);
    }
    pg_array(params, PG_INT2);
    for (size_t i = 0; i < count; i++) {
        pg_int2(params, (int16_t)rows[i]->job.hop);
    }
    pg_array(params, PG_UUID);
    for (size_t i = 0; i < count; i++) {
        if (rows[i]->job.has_batch) {
            pg_uuid(params, rows[i]->job.batch_id);
        } else {
            pg_null(params);
        }
    }
}

static struct slice text_of(struct hop *hop, const struct pg_result *r, int row, int column) {
    return arena_slice(&hop->arena, pg_get_slice(r, row, column));
}

static uint32_t count_of(const struct pg_result *r, int row, int column) {
    return (uint32_t)pg_get_int(r, row, column);
}

static void attempt_read(struct hop *hop, const struct pg_result *r, int row) {
    hop->attempt = (struct attempt){
        .hop = hop->job.hop,
        .tier = text_of(hop, r, row, COLUMN_TIER),
        .model = text_of(hop, r, row, COLUMN_MODEL),
        .answer = text_of(hop, r, row, COLUMN_ANSWER),
        .error = text_of(hop, r, row, COLUMN_ERROR),
        .error_text = text_of(hop, r, row, COLUMN_ERROR_TEXT),
        .confidence_raw = pg_get_float8(r, row, COLUMN_CONFIDENCE_RAW),
        .confidence = pg_get_float8(r, row, COLUMN_CONFIDENCE),
        .calibration = text_of(hop, r, row, COLUMN_CALIBRATION),
        .prompt = text_of(hop, r, row, COLUMN_PROMPT),
        .input_tokens = count_of(r, row, COLUMN_INPUT_TOKENS),
        .output_tokens = count_of(r, row, COLUMN_OUTPUT_TOKENS),
        .cached_tokens = count_of(r, row, COLUMN_CACHED_TOKENS),
        .cost_pico_usd = pg_get_int(r, row, COLUMN_COST),
        .calls = count_of(r, row, COLUMN_CALLS),
        .latency_ms = pg_get_int(r, row, COLUMN_LATENCY),
        .started_ms = pg_get_time(r, row, COLUMN_STARTED),
        .http_status = count_of(r, row, COLUMN_HTTP_STATUS),
        .verifier = text_of(hop, r, row, COLUMN_VERIFIER),
        .verifier_says = text_of(hop, r, row, COLUMN_VERIFIER_SAYS),
    };
}

static enum admission row_read(struct hop *hop, const struct pg_result *r, int row) {
    bool stored = pg_get_int(r, row, COLUMN_STORED) != 0;
    if (pg_get_int(r, row, COLUMN_DECIDED) != 0) {
        return ADMISSION_FINISHED;
    }
    if (stored) {
        attempt_read(hop, r, row);
        return ADMISSION_PUBLISH;
    }
    if (pg_get_int(r, row, COLUMN_BURIED) != 0) {
        hop->burial.text = text_of(hop, r, row, COLUMN_LETTER_TEXT);
        return ADMISSION_BURIED;
    }
    if (pg_get_int(r, row, COLUMN_CANCELLED) != 0) {
        return ADMISSION_CANCELLED;
    }
    return ADMISSION_OVER_CAP;
}

void admission_read(struct hop *const *rows, size_t count, const struct pg_result *result,
                    void (*each)(void *owner, struct hop *hop, enum admission admission),
                    void *owner) {
    int *places = rows_places(result, count);
    for (size_t i = 0; i < count; i++) {
        int row = places[i];  // there for hops with something to say
        each(owner, rows[i], row < 0 ? ADMISSION_CALL : row_read(rows[i], result, row));
    }
    mem_free(places);
}
