#include "gateway/files.h"

#include "base/json_out.h"
#include "gateway/call.h"
#include "io/loop.h"

enum { LIST_USUAL = 1000, LIST_MOST = 10000 };
enum column {
    COLUMN_ID, COLUMN_NAME, COLUMN_PURPOSE, COLUMN_BYTES, COLUMN_CREATED, COLUMN_EXPIRES,
};

void files_write(struct buf *out, const struct pg_result *result, int row) {
    buf_char(out, '{');
    call_id(out, "id", "file-", pg_get_uuid(result, row, COLUMN_ID));
    json_text(out, "object", slice_of("file"));
    json_count(out, "bytes", pg_get_int(result, row, COLUMN_BYTES));
    json_count(out, "created_at", pg_get_time(result, row, COLUMN_CREATED) / 1000);
    if (!pg_is_null(result, row, COLUMN_EXPIRES)) {
        json_count(out, "expires_at", pg_get_time(result, row, COLUMN_EXPIRES) / 1000);
    }
    json_text(out, "filename", pg_get_slice(result, row, COLUMN_NAME));
    json_text(out, "purpose", pg_get_slice(result, row, COLUMN_PURPOSE));
    json_text(out, "status", slice_of("processed"));
    buf_char(out, '}');
}

// False: it has replied.
static bool is_there(struct call *call, const struct pg_result *result, const struct err *err) {
    if (result == NULL) {
        call_fail_err(call, err);
        return false;
    }
    if (pg_rows(result) == 0) {
        call_not_found(call, "file", "id");
        return false;
    }
    return true;
}

// --- retrieve

static void on_got(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct buf body = {0};
    if (is_there(call, result, err)) {
        files_write(&body, result, 0);
        call_reply(call, 200, &body);
        buf_fini(&body);
    }
}

void files_get(struct call *call) {
    call_ask(call, PG_file_get, on_got);
}

// --- content

static void on_content(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    int64_t bytes;
    if (!is_there(call, result, err)) {
        return;
    }
    int fd = folder_read(call->gateway->folder, call->subject, &bytes);
    if (fd < 0) {
        call_fail(call, &(struct call_fault){.status = 500, .code = "file_missing"},
                  "the bytes of this file are not in the folder of this gateway");
        return;
    }
    call_reply_file(call, fd, bytes);
}

void files_content(struct call *call) {
    call_ask(call, PG_file_get, on_content);
}

// --- delete

static void on_deleted(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (!is_there(call, result, err)) {
        return;
    }
    if (pg_is_null(result, 0, 0)) {
        call_fail(call, &(struct call_fault){.status = 409, .code = "file_in_use", .param = "id"},
                  "a batch is being read from this file; it can be deleted when that is done");
        return;
    }
    folder_delete(call->gateway->folder, call->subject);
    call_reply_deleted(call, "file-", "file");
}

void files_delete(struct call *call) {
    call_ask(call, PG_file_delete, on_deleted);
}

// --- list

static void on_listed(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
        return;
    }
    call_reply_list(call, result, "file-", files_write);
}

void files_list(struct call *call) {
    struct pg_params params = {0};
    struct uuid after;
    bool has_after;
    const char *order = httpd_query(call->request, "order");
    if (!call_limit(call, LIST_USUAL, LIST_MOST, &call->limit) ||
        !call_after(call, "file-", &after, &has_after)) {
        return;
    }
    if (order && strcmp(order, "desc") != 0) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "order", 0, false},
                  "the only order here is 'desc'");
        return;
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(httpd_query(call->request, "purpose")));
    pg_scalar(&params, PG_UUID);
    if (has_after) {
        pg_uuid(&params, after);
    }
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, call->limit);
    asks_put(call->gateway->asks, PG_file_list, &params, on_listed, call);
}

// --- what is past its time

static void on_expired(void *owner, const struct pg_result *result, const struct err *err) {
    struct gateway *gateway = owner;
    (void)err;
    for (int i = 0; result && i < pg_rows(result); i++) {
        folder_delete(gateway->folder, pg_get_uuid(result, i, 0));
    }
}

void files_expire(struct gateway *gateway) {
    struct pg_params params = {0};
    asks_put(gateway->asks, PG_file_expire, &params, on_expired, gateway);
}
