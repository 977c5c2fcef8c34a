// The queue as a list; attachments of what is in it.
#include <stdlib.h>

#include "fleet/reviews.h"
#include "gateway/call.h"
#include "gateway/desk.h"
#include "base/json_out.h"

enum { LIST_USUAL = 50, LIST_MOST = 500, WAITING_MOST = 10000, NUMBER_MOST = 1000 };

struct listing {
    struct call *call;
    struct review_filter filter;
    int64_t waiting;
};

static void put_filter(const struct listing *listing, int64_t most, struct pg_params *params) {
    review_filter_encode(&listing->filter, params);
    pg_scalar(params, PG_INT8);
    pg_int8(params, most);
}

static void on_listed(void *owner, const struct pg_result *result, const struct err *err) {
    struct listing *listing = owner;
    struct buf body = {0};
    if (result == NULL) {
        call_fail_err(listing->call, err);
        return;
    }
    buf_text(&body, "{\"object\":\"list\",\"data\":[");
    for (int row = 0; row < pg_rows(result); row++) {
        buf_text(&body, row ? "," : "");
        review_listed_json(result, row, &body);
    }
    buf_char(&body, ']');
    json_count(&body, "waiting", listing->waiting);
    buf_char(&body, '}');
    call_reply(listing->call, 200, &body);
    buf_fini(&body);
}

static void on_counted(void *owner, const struct pg_result *result, const struct err *err) {
    struct listing *listing = owner;
    struct pg_params params = {0};
    if (result == NULL) {
        call_fail_err(listing->call, err);
        return;
    }
    listing->waiting = pg_get_int(result, 0, 0);
    put_filter(listing, listing->call->limit, &params);
    asks_put(listing->call->gateway->asks, PG_review_list, &params, on_listed, listing);
}

void desk_list(struct call *call) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    const char *batch = httpd_query(call->request, "batch_id");
    struct pg_params params = {0};
    *listing = (struct listing){
        .call = call,
        .filter = {.path = httpd_query(call->request, "path"),
                   .reason = httpd_query(call->request, "reason"),
                   .has_batch = batch != NULL,
                   .tenant = call->tenant},
    };
    if (batch && !uuid_parse(slice_of(batch), &listing->filter.batch)) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "batch_id", 0, false},
                  "'batch_id' is no UUID");
    } else if (call_limit(call, LIST_USUAL, LIST_MOST, &call->limit)) {
        put_filter(listing, WAITING_MOST, &params);
        asks_put(call->gateway->asks, PG_review_waiting, &params, on_counted, listing);
    }
}

// --- attachments

// Only what a browser shows and nothing in it can run; the rest is bytes to keep.
static const char *shown_type(struct slice type) {
    static const char *const shown[] = {"image/png", "image/jpeg", "image/gif", "image/webp"};
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        if (slice_is(type, shown[i])) {
            return shown[i];
        }
    }
    return "application/octet-stream";
}

static void on_attachment(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
    } else if (pg_rows(result) == 0) {
        call_not_found(call, "attachment that was kept", "n");
    } else {
        call_reply_bytes(call, shown_type(pg_get_slice(result, 0, 0)), pg_get_slice(result, 0, 1));
    }
}

void desk_attachment(struct call *call) {
    const char *text = httpd_query(call->request, "n");
    char *end = NULL;
    struct pg_params params = {0};
    int64_t n = text ? strtoll(text, &end, 10) : 0;
    if (text && (end == text || *end || n < 0 || n > NUMBER_MOST)) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "n", 0, false},
                  "'n' is a number from 0 to %d", NUMBER_MOST);
        return;
    }
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, call->subject);
    pg_scalar(&params, PG_INT4);
    pg_int4(&params, (int32_t)n);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    asks_put(call->gateway->asks, PG_attachment, &params, on_attachment, call);
}
