#include "gateway/hooks.h"

#include "base/json_out.h"
#include "fleet/webhooks.h"
#include "gateway/call.h"
#include "io/loop.h"

enum { LIST_USUAL = 20, LIST_MOST = 100, KEEP_OLD_MS = 86400000 };

static const char prefix[] = "we_";

// The columns of a row of an endpoint.
enum column {
    COLUMN_ID,
    COLUMN_TENANT,
    COLUMN_NAME,
    COLUMN_URL,
    COLUMN_EVENTS,
    COLUMN_CREATED,
    COLUMN_ENDED,
    COLUMN_WHY,
    COLUMN_OLD_UNTIL,
    COLUMN_OPEN,
    COLUMN_DEAD,
};

static void write_open(struct buf *out, const struct pg_result *r, int row) {
    buf_text(out, "{\"object\":\"webhook_endpoint\"");
    call_id(out, "id", prefix, pg_get_uuid(r, row, COLUMN_ID));
    json_text(out, "name", pg_get_slice(r, row, COLUMN_NAME));
    json_text(out, "url", pg_get_slice(r, row, COLUMN_URL));
    json_codes(out, "event_types", pg_get_slice(r, row, COLUMN_EVENTS));
    json_count(out, "created_at", pg_get_time(r, row, COLUMN_CREATED) / 1000);
    json_text(
        out, "status",
        pg_is_null(r, row, COLUMN_ENDED) ? slice_of("enabled") : pg_get_slice(r, row, COLUMN_WHY));
    json_count(out, "open_deliveries", pg_get_int(r, row, COLUMN_OPEN));
    json_count(out, "dead_deliveries", pg_get_int(r, row, COLUMN_DEAD));
}

static void write_endpoint(struct buf *out, const struct pg_result *r, int row) {
    write_open(out, r, row);
    buf_char(out, '}');
}

// False: it has replied.
static bool has_row(struct call *call, const struct pg_result *result, const struct err *err) {
    if (result == NULL) {
        call_fail_err(call, err);
    } else if (pg_rows(result) == 0) {
        call_not_found(call, "endpoint of a webhook", "id");
    }
    return result && pg_rows(result) > 0;
}

static void on_endpoint(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct buf body = {0};
    if (has_row(call, result, err)) {
        write_endpoint(&body, result, 0);
        call_reply(call, 200, &body);
        buf_fini(&body);
    }
}

// With its secret, which is told this once; it lies in call->own.
static void on_secret(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct buf body = {0};
    if (has_row(call, result, err)) {
        write_open(&body, result, 0);
        json_text(&body, "signing_secret", call->name);
        buf_char(&body, '}');
        call_reply(call, 200, &body);
        buf_fini(&body);
    }
}

// --- made, and given a new secret

// The events that the body names, with commas between; false: it has replied.
static bool read_events(struct call *call, struct buf *events) {
    uint32_t node = json_get(&call->json, 0, "event_types");
    struct err err;
    if (node == 0 || json_type(&call->json, node) != JSON_ARRAY ||
        call->json.nodes[node].count == 0) {
        call_fail(call, &(struct call_fault){400, "invalid_type", "event_types", 0, false},
                  "'event_types' is a list of events");
        return false;
    }
    for (uint32_t i = json_first(&call->json, node); i; i = json_after(&call->json, node, i)) {
        bool text = json_type(&call->json, i) == JSON_STRING;
        buf_text(events, events->len ? "," : "");
        buf_slice_add(events,
                      text ? json_string(&call->json, i, &call->arena) : json_raw(&call->json, i));
    }
    if (webhook_events_check(buf_slice(events), &err)) {
        return true;
    }
    call_fail(call, &(struct call_fault){400, "invalid_value", "event_types", 0, false}, "%s",
              err.text);
    return false;
}

static bool make_secret(struct call *call, struct uuid endpoint, struct buf *sealed) {
    struct buf text = {0};
    struct err err;
    bool ok = webhook_secret_make(call->gateway->first, endpoint, &text, sealed, &err);
    call->name = arena_slice(&call->arena, buf_slice(&text));
    buf_fini(&text);
    if (!ok) {
        call_fail_err(call, &err);
    }
    return ok;
}

static void add(struct call *call, struct slice name, struct slice url, struct slice events) {
    struct process *process = call->gateway->process;
    struct uuid id = uuid_v7(loop_wall_ms(process->loop), &process->random);
    struct pg_params params = {0};
    struct buf sealed = {0};
    if (make_secret(call, id, &sealed)) {
        const struct slice texts[] = {call->tenant, name, url, events};
        pg_scalar(&params, PG_UUID);
        pg_uuid(&params, id);
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            pg_scalar(&params, PG_TEXT);
            pg_slice(&params, texts[i]);
        }
        pg_scalar(&params, PG_BYTEA);
        pg_slice(&params, buf_slice(&sealed));
        asks_put(call->gateway->asks, PG_webhook_add, &params, on_secret, call);
    }
    buf_fini(&sealed);
}

void hooks_create(struct call *call) {
    struct slice url, name;
    struct buf events = {0};
    struct err err;
    if (!call_text(call, "url", true, &url) || !call_text(call, "name", false, &name)) {
        return;
    }
    if (!webhook_url_check(&call->gateway->process->config->gateway, url, &err)) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "url", 0, false}, "%s",
                  err.text);
        return;
    }
    if (read_events(call, &events)) {
        add(call, name.at ? name : slice_of("webhook"), url, buf_slice(&events));
    }
    buf_fini(&events);
}

void hooks_rotate(struct call *call) {
    uint32_t keep = json_get(&call->json, 0, "keep_old_secret_active_for_24_hours");
    struct pg_params params = {0};
    struct buf sealed = {0};
    if (make_secret(call, call->subject, &sealed)) {
        pg_scalar(&params, PG_TEXT);
        pg_slice(&params, call->tenant);
        pg_scalar(&params, PG_UUID);
        pg_uuid(&params, call->subject);
        pg_scalar(&params, PG_BYTEA);
        pg_slice(&params, buf_slice(&sealed));
        pg_scalar(&params, PG_INT8);
        pg_int8(&params, keep && json_type(&call->json, keep) == JSON_TRUE ? KEEP_OLD_MS : 0);
        asks_put(call->gateway->asks, PG_webhook_rotate, &params, on_secret, call);
    }
    buf_fini(&sealed);
}

// --- looked at, ended

void hooks_get(struct call *call) {
    call_ask(call, PG_webhook_get, on_endpoint);
}

static void on_listed(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
        return;
    }
    call_reply_list(call, result, prefix, write_endpoint);
}

void hooks_list(struct call *call) {
    struct pg_params params = {0};
    struct uuid after;
    bool has_after;
    if (!call_limit(call, LIST_USUAL, LIST_MOST, &call->limit) ||
        !call_after(call, prefix, &after, &has_after)) {
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
    asks_put(call->gateway->asks, PG_webhook_list, &params, on_listed, call);
}

static void on_revoked(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct buf body = {0};
    if (has_row(call, result, err)) {
        buf_text(&body, "{\"object\":\"webhook_endpoint.deleted\",\"deleted\":true");
        call_id(&body, "id", prefix, call->subject);
        buf_char(&body, '}');
        call_reply(call, 200, &body);
        buf_fini(&body);
    }
}

void hooks_delete(struct call *call) {
    call_ask(call, PG_webhook_revoke, on_revoked);
}

// --- deliveries

static void on_test(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct buf body = {0};
    if (has_row(call, result, err)) {
        buf_text(&body, "{\"object\":\"webhook_endpoint.test\"");
        call_id(&body, "webhook_endpoint_id", prefix, call->subject);
        call_id(&body, "delivery", "evt_", pg_get_uuid(result, 0, 0));
        buf_char(&body, '}');
        call_reply(call, 202, &body);
        buf_fini(&body);
    }
}

void hooks_test(struct call *call) {
    struct process *process = call->gateway->process;
    struct pg_params params = {0};
    struct slice type;
    if (!call_text(call, "event_type", false, &type)) {
        return;
    }
    type = type.at ? type : slice_of("taskfit.test");
    if (!webhook_event_is(type)) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "event_type", 0, false},
                  "'%.*s' is no event", SLICE_ARGS(type));
        return;
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, call->subject);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, uuid_v7(loop_wall_ms(process->loop), &process->random));
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, type);
    asks_put(call->gateway->asks, PG_webhook_test, &params, on_test, call);
}

// The columns of webhook_deliveries.
enum delivery_column {
    DELIVERY_ID,
    DELIVERY_TYPE,
    DELIVERY_SUBJECT,
    DELIVERY_STATE,
    DELIVERY_ATTEMPTS,
    DELIVERY_AT,
    DELIVERY_DUE,
    DELIVERY_STATUS,
    DELIVERY_ERROR,
    DELIVERY_ENDED,
};

static void write_delivery(struct buf *out, const struct pg_result *r, int row) {
    bool open = slice_is(pg_get_slice(r, row, DELIVERY_STATE), "open");
    buf_text(out, "{\"object\":\"webhook_endpoint.delivery\"");
    call_id(out, "id", "evt_", pg_get_uuid(r, row, DELIVERY_ID));
    json_text(out, "type", pg_get_slice(r, row, DELIVERY_TYPE));
    json_text(out, "subject", pg_get_slice(r, row, DELIVERY_SUBJECT));
    json_text(out, "state", pg_get_slice(r, row, DELIVERY_STATE));
    json_count(out, "attempts", pg_get_int(r, row, DELIVERY_ATTEMPTS));
    json_count(out, "status_code", pg_get_int(r, row, DELIVERY_STATUS));
    json_text(out, "error", pg_get_slice(r, row, DELIVERY_ERROR));
    json_time(out, "event_at", pg_get_time(r, row, DELIVERY_AT));
    json_time(out, "due_at", open ? pg_get_time(r, row, DELIVERY_DUE) : 0);
    json_time(out, "ended_at", pg_get_time(r, row, DELIVERY_ENDED));
    buf_char(out, '}');
}

static void on_deliveries(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
        return;
    }
    call_reply_list(call, result, "evt_", write_delivery);
}

void hooks_deliveries(struct call *call) {
    struct pg_params params = {0};
    if (!call_limit(call, LIST_USUAL, LIST_MOST, &call->limit)) {
        return;
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, call->subject);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, call->limit);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(httpd_query(call->request, "state")));
    asks_put(call->gateway->asks, PG_webhook_deliveries, &params, on_deliveries, call);
}

static void on_replayed(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct buf body = {0};
    if (has_row(call, result, err)) {
        buf_char(&body, '{');
        json_count(&body, "replayed", pg_get_int(result, 0, 1));
        buf_char(&body, '}');
        call_reply(call, 202, &body);
        buf_fini(&body);
    }
}

void hooks_replay(struct call *call) {
    struct pg_params params = {0};
    struct slice text;
    struct uuid delivery;
    if (!call_text(call, "delivery", false, &text)) {
        return;
    }
    if (text.at && !call_id_parse(text, "evt_", &delivery)) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "delivery", 0, false},
                  "'delivery' is no id such as evt_ and a UUID");
        return;
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, call->subject);
    pg_scalar(&params, PG_UUID);
    if (text.at) {
        pg_uuid(&params, delivery);
    }
    asks_put(call->gateway->asks, PG_webhook_replay, &params, on_replayed, call);
}
