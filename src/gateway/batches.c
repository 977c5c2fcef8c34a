#include "gateway/batches.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "gateway/batch_work.h"
#include "gateway/call.h"
#include "io/loop.h"
#include "job/openai_output.h"

enum {
    LIST_USUAL = 20,
    LIST_MOST = 100,
    KEY_BYTES = 255,
};

static const int64_t window_least_ms = 60000, window_most_ms = 2592000000, day_ms = 86400000;

// The columns of the statements api_batch_add, api_batch_list and api_batch_get.
enum column {
    COLUMN_ID, COLUMN_ENDPOINT, COLUMN_INPUT, COLUMN_WINDOW, COLUMN_METADATA, COLUMN_STATUS,
    COLUMN_TOTAL, COLUMN_BAD, COLUMN_ERRORS, COLUMN_OUTPUT, COLUMN_ERROR, COLUMN_CREATED,
    COLUMN_STARTED, COLUMN_FINALIZING, COLUMN_CANCELLING, COLUMN_ENDED, COLUMN_ACCEPTED,
    COLUMN_REST, COLUMN_PATH,
};

// --- a Batch

static void add_time(struct buf *out, const char *key, int64_t ms) {
    json_key(out, key);
    if (ms) {
        buf_printf(out, "%lld", (long long)(ms / 1000));
    } else {
        buf_text(out, "null");
    }
}

static void add_times(struct buf *out, const struct pg_result *r, int row, struct slice status) {
    static const char *const ends[][2] = {{"completed_at", "completed"}, {"failed_at", "failed"},
                                          {"expired_at", "expired"}, {"cancelled_at", "cancelled"}};
    int64_t created_ms = pg_get_time(r, row, COLUMN_CREATED);
    int64_t ended_ms = pg_get_time(r, row, COLUMN_ENDED);
    add_time(out, "created_at", created_ms);
    add_time(out, "in_progress_at", pg_get_time(r, row, COLUMN_STARTED));
    add_time(out, "expires_at", created_ms + pg_get_int(r, row, COLUMN_WINDOW));
    add_time(out, "finalizing_at", pg_get_time(r, row, COLUMN_FINALIZING));
    add_time(out, "cancelling_at", pg_get_time(r, row, COLUMN_CANCELLING));
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        add_time(out, ends[i][0], slice_is(status, ends[i][1]) ? ended_ms : 0);
    }
}

static void add_errors(struct buf *out, struct slice errors) {
    json_key(out, "errors");
    if (errors.at) {
        buf_text(out, "{\"object\":\"list\",\"data\":");
        buf_slice_add(out, errors);
        buf_char(out, '}');
    } else {
        buf_text(out, "null");
    }
}

static void add_counts(struct buf *out, const struct pg_result *r, int row) {
    json_key(out, "request_counts");
    buf_char(out, '{');
    json_count(out, "total", pg_get_int(r, row, COLUMN_TOTAL));
    json_count(out, "completed", pg_get_int(r, row, COLUMN_ACCEPTED));
    json_count(out, "failed", pg_get_int(r, row, COLUMN_REST) + pg_get_int(r, row, COLUMN_BAD));
    buf_char(out, '}');
}

static struct slice status_of(const struct pg_result *r, int row) {
    bool ended = !pg_is_null(r, row, COLUMN_ENDED);
    bool cancelling = !pg_is_null(r, row, COLUMN_CANCELLING) && !ended;
    return cancelling ? slice_of("cancelling") : pg_get_slice(r, row, COLUMN_STATUS);
}

static void write_batch(struct buf *out, const struct pg_result *r, int row) {
    char window[CLOCK_TEXT];
    struct slice status = status_of(r, row);
    duration_format(pg_get_int(r, row, COLUMN_WINDOW), window);
    if (pg_get_int(r, row, COLUMN_WINDOW) == day_ms) {
        memcpy(window, "24h", sizeof("24h"));  // the API's own word for a day
    }
    buf_char(out, '{');
    call_id(out, "id", "batch_", pg_get_uuid(r, row, COLUMN_ID));
    json_text(out, "object", slice_of("batch"));
    json_text(out, "endpoint", pg_get_slice(r, row, COLUMN_ENDPOINT));
    json_text(out, "model", pg_get_slice(r, row, COLUMN_PATH));
    call_id(out, "input_file_id", "file-", pg_get_uuid(r, row, COLUMN_INPUT));
    json_text(out, "completion_window", slice_of(window));
    json_text(out, "status", status);
    call_id(out, "output_file_id", "file-", pg_get_uuid(r, row, COLUMN_OUTPUT));
    call_id(out, "error_file_id", "file-", pg_get_uuid(r, row, COLUMN_ERROR));
    add_errors(out, pg_get_slice(r, row, COLUMN_ERRORS));
    add_times(out, r, row, status);
    add_counts(out, r, row);
    json_raw_text(out, "metadata", pg_get_slice(r, row, COLUMN_METADATA));
    buf_char(out, '}');
}

static void reply_batch(struct call *call, const struct pg_result *result) {
    struct buf body = {0};
    write_batch(&body, result, 0);
    call_reply(call, 200, &body);
    buf_fini(&body);
}

// --- create

static bool bad_value(struct call *call, const char *param, const char *what) {
    call_fail(call,
              &(struct call_fault){.status = 400, .code = "invalid_value", .param = param}, "%s",
              what);
    return false;
}

struct creation {
    struct slice endpoint, metadata, key;
    struct uuid input_file;
    int64_t window_ms;
    bool skip_bad;
};

static bool read_creation(struct call *call, struct creation *creation) {
    struct slice file, window, bad_lines;
    if (!call_text(call, "input_file_id", true, &file) ||
        !call_text(call, "endpoint", true, &creation->endpoint) ||
        !call_text(call, "completion_window", true, &window) ||
        !call_text(call, "bad_lines", false, &bad_lines) ||
        !call_metadata(call, &creation->metadata)) {
        return false;
    }
    if (!call_id_parse(file, "file-", &creation->input_file)) {
        return bad_value(call, "input_file_id", "'input_file_id' is no id of a file");
    }
    if (!slice_is(creation->endpoint, "/v1/chat/completions") &&
        !slice_is(creation->endpoint, "/v1/responses")) {
        return bad_value(call, "endpoint",
                         "'endpoint' is /v1/chat/completions or /v1/responses");
    }
    if (!duration_parse(window, &creation->window_ms) || creation->window_ms < window_least_ms ||
        creation->window_ms > window_most_ms) {
        return bad_value(call, "completion_window",
                         "'completion_window' is a time from 1m to 30d, such as 24h");
    }
    if (bad_lines.at && !slice_is(bad_lines, "skip") && !slice_is(bad_lines, "refuse")) {
        return bad_value(call, "bad_lines",
                         "'bad_lines' is 'refuse' (one bad line fails the batch) or 'skip'");
    }
    creation->skip_bad = slice_is(bad_lines, "skip");
    creation->key = slice_of(httpd_header(call->request, "Idempotency-Key"));
    return creation->key.len <= KEY_BYTES ||
           bad_value(call, "Idempotency-Key", "an Idempotency-Key has up to 255 bytes");
}

static void on_created(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
    } else if (pg_rows(result) == 0) {
        call_not_found(call, "input file", "input_file_id");
    } else {
        batch_work_wake(call->gateway->batches);
        reply_batch(call, result);
    }
}

void batches_create(struct call *call) {
    struct process *process = call->gateway->process;
    struct creation creation;
    struct pg_params params = {0};
    char own_key[UUID_TEXT];
    if (!read_creation(call, &creation)) {
        return;
    }
    struct uuid id = uuid_v7(loop_wall_ms(process->loop), &process->random);
    uuid_format(id, own_key);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, id);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, creation.key.len ? creation.key : slice_of(own_key));
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, creation.endpoint);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, creation.input_file);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, creation.window_ms);
    pg_scalar(&params, PG_JSON);
    pg_slice(&params, creation.metadata);
    pg_scalar(&params, PG_BOOL);
    pg_bool(&params, creation.skip_bad);
    asks_put(call->gateway->asks, PG_api_batch_add, &params, on_created, call);
}

// --- retrieve, cancel

static void on_got(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
    } else if (pg_rows(result) == 0) {
        call_not_found(call, "batch", "id");
    } else {
        reply_batch(call, result);
    }
}

void batches_get(struct call *call) {
    call_ask(call, PG_api_batch_get, on_got);
}

// What is over stays as it is, and is shown; so is what was cancelled.
static void on_cancelled(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
        return;
    }
    batch_work_wake(call->gateway->batches);
    call_ask(call, PG_api_batch_get, on_got);
}

void batches_cancel(struct call *call) {
    call_ask(call, PG_api_batch_cancel, on_cancelled);
}

// --- list

static void on_listed(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
        return;
    }
    call_reply_list(call, result, "batch_", write_batch);
}

void batches_list(struct call *call) {
    struct pg_params params = {0};
    struct uuid after;
    bool has_after;
    if (!call_limit(call, LIST_USUAL, LIST_MOST, &call->limit) ||
        !call_after(call, "batch_", &after, &has_after)) {
        return;
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    pg_scalar(&params, PG_UUID);
    if (has_after) {
        pg_uuid(&params, after);
    }
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, call->limit);
    asks_put(call->gateway->asks, PG_api_batch_list, &params, on_listed, call);
}
