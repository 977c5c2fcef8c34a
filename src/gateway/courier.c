#include "gateway/courier.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/backoff.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "dialect/retry_after.h"
#include "fleet/station.h"
#include "fleet/webhooks.h"
#include "gateway/frame.h"
#include "io/http.h"
#include "io/loop.h"

enum {
    CLAIM_MS = 1000,
    POSTS_MOST = 256,
    MARGIN_MS = 10000,  // of a claim, beyond the time that a delivery may take
    LOOK_MS = 2000,
    SWEEP_MS = 15000,
    STATEMENTS = 2,  // after the time of as many, what stored an outcome has ended
    FORGET_MS = 600000,
    ROWS_A_TIME = 1000,
    REPLY_BYTES = 4096,  // of which nothing is kept
    ERROR_TEXT = 200,
    HEADER_TEXT = 64,
};

// One delivery: under way, or done and not yet told to the database.
struct post {
    struct courier *courier;
    struct list_node node;
    struct uuid id, endpoint;
    struct buf url, body, signature;
    struct http_headers *headers;
    struct http_call *call;
    int64_t since_ms;
    uint32_t attempts;
    // What became of it.
    const char *state;
    int64_t delay_ms;
    int32_t status;
    char error[ERROR_TEXT];
};

struct courier {
    struct gateway *gateway;
    struct http *http;  // NULL: there is no gateway.secret, and so no webhooks
    unsigned char key[SHA256_BYTES];
    struct list under_way, done, settling;
    bool claiming;
    int64_t claim_ms, look_ms, sweep_ms, forget_ms;
};

// The columns of webhook_claim.
enum column {
    COLUMN_ID,
    COLUMN_ENDPOINT,
    COLUMN_URL,
    COLUMN_TYPE,
    COLUMN_DATA,
    COLUMN_AT,
    COLUMN_ATTEMPTS,
    COLUMN_SINCE,
    COLUMN_SECRET,
    COLUMN_OLD_SECRET,
};

static struct post *post_of(struct list_node *node) {
    return LIST_ENTRY(node, struct post, node);
}

static void post_free(struct post *post) {
    buf_fini(&post->url);
    buf_fini(&post->body);
    buf_fini(&post->signature);
    if (post->headers) {
        http_headers_free(post->headers);
    }
    mem_free(post);
}

static const struct config_hooks *hooks(const struct courier *courier) {
    return &courier->gateway->process->config->gateway.hooks;
}

struct courier *courier_new(struct gateway *gateway) {
    struct courier *courier = mem_zalloc(sizeof(*courier));
    courier->gateway = gateway;
    list_init(&courier->under_way);
    list_init(&courier->done);
    list_init(&courier->settling);
    if (gateway->settings->secret) {
        webhook_key(gateway->settings->secret, courier->key);
        courier->http = http_open(gateway->process->loop, POSTS_MOST);
    }
    return courier;
}

void courier_free(struct courier *courier) {
    struct list *lists[] = {&courier->under_way, &courier->done, &courier->settling};
    if (courier->http) {
        http_close(courier->http);
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct list_node *node;
        while ((node = list_pop(lists[i])) != NULL) {
            post_free(post_of(node));
        }
    }
    mem_free(courier);
}

// --- what became of a delivery

static void finish(struct post *post, const char *state) {
    struct courier *courier = post->courier;
    metric_add(&courier->gateway->process->metrics, METRIC_WEBHOOKS, state, 1);
    post->state = state;
    post->call = NULL;
    list_remove(&post->node);
    list_append(&courier->done, &post->node);
    loop_wake(courier->gateway->process->loop);
}

// Again after a drawn wait, or after the one that was asked for, whichever is longer.
static void fail(struct post *post, int64_t asked_ms) {
    struct process *process = post->courier->gateway->process;
    const struct config_hooks *settings = hooks(post->courier);
    const struct backoff backoff = {settings->wait_ms, settings->wait_most_ms};
    if (loop_wall_ms(process->loop) - post->since_ms >= settings->for_ms) {
        finish(post, "dead");
        return;
    }
    post->delay_ms = backoff_wait_ms(&backoff, post->attempts, &process->random);
    post->delay_ms = asked_ms > post->delay_ms ? asked_ms : post->delay_ms;
    finish(post, "open");
}

static void on_reply(void *owner, const struct http_reply *http) {
    struct post *post = owner;
    struct process *process = post->courier->gateway->process;
    const struct reply asked = {
        .retry_after = http->retry_after,
        .retry_after_is_ms = http->retry_after_is_ms,
        .now_ms = loop_wall_ms(process->loop),
    };
    bool answered = http->fault == HTTP_FAULT_NONE || http->fault == HTTP_FAULT_TOO_LARGE;
    post->status = answered ? (int32_t)http->status : 0;
    if (!answered) {
        snprintf(post->error, ERROR_TEXT, "%s", http->fault_text);
        fail(post, -1);
    } else if (http->status >= 200 && http->status < 300) {
        finish(post, "delivered");
    } else if (http->status == 410) {
        snprintf(post->error, ERROR_TEXT, "the endpoint said that it is gone");
        finish(post, "gone");
    } else {
        snprintf(post->error, ERROR_TEXT, "status %" PRIu32 "%s", http->status,
                 http->status >= 300 && http->status < 400 ? ", redirects are not followed" : "");
        fail(post, retry_after_ms(&asked));
    }
}

// --- sending

static void write_body(struct post *post, const struct pg_result *r, int row) {
    char id[UUID_TEXT];
    uuid_format(post->id, id);
    buf_printf(&post->body, "{\"id\":\"evt_%s\"", id);
    json_text(&post->body, "object", slice_of("event"));
    json_count(&post->body, "created_at", pg_get_time(r, row, COLUMN_AT) / 1000);
    json_text(&post->body, "type", pg_get_slice(r, row, COLUMN_TYPE));
    json_key(&post->body, "data");
    buf_slice_add(&post->body, pg_get_slice(r, row, COLUMN_DATA));
    buf_char(&post->body, '}');
}

static void add_headers(struct post *post, const char *id, int64_t now_s) {
    char text[HEADER_TEXT];
    post->headers = http_headers_new();
    snprintf(text, sizeof(text), "webhook-id: %s", id);
    http_headers_add(post->headers, text);
    snprintf(text, sizeof(text), "webhook-timestamp: %" PRId64, now_s);
    http_headers_add(post->headers, text);
    http_headers_add(post->headers, buf_string(&post->signature));
}

// The time that is signed is that of the try: receivers refuse what is old.
static bool sign(struct post *post, const struct pg_result *r, int row) {
    const struct courier *courier = post->courier;
    int64_t now_s = loop_wall_ms(courier->gateway->process->loop) / 1000;
    struct slice old = pg_get_slice(r, row, COLUMN_OLD_SECRET);
    struct buf text = {0};
    char uuid[UUID_TEXT], id[UUID_TEXT + 4];
    uuid_format(post->id, uuid);
    snprintf(id, sizeof(id), "evt_%s", uuid);
    buf_printf(&text, "%s.%" PRId64 ".", id, now_s);
    buf_slice_add(&text, buf_slice(&post->body));
    buf_text(&post->signature, "webhook-signature:");
    bool ok = webhook_sign(courier->key, post->endpoint, pg_get_slice(r, row, COLUMN_SECRET),
                           buf_slice(&text), &post->signature);
    if (ok && old.at) {
        ok = webhook_sign(courier->key, post->endpoint, old, buf_slice(&text), &post->signature);
    }
    buf_fini(&text);
    add_headers(post, id, now_s);
    return ok;
}

static void post_send(struct post *post) {
    struct courier *courier = post->courier;
    const struct http_request request = {
        .url = buf_string(&post->url),
        .headers = post->headers,
        .body = buf_slice(&post->body),
        .timeout_ms = hooks(courier)->timeout_ms,
        .reply_bytes = REPLY_BYTES,
        .public_only = !hooks(courier)->private,
    };
    post->call = http_send(courier->http, &request, on_reply, post);
}

static void post_begin(struct courier *courier, const struct pg_result *r, int row) {
    struct post *post = mem_zalloc(sizeof(*post));
    struct err err;
    post->courier = courier;
    post->id = pg_get_uuid(r, row, COLUMN_ID);
    post->endpoint = pg_get_uuid(r, row, COLUMN_ENDPOINT);
    post->attempts = (uint32_t)pg_get_int(r, row, COLUMN_ATTEMPTS);
    post->since_ms = pg_get_time(r, row, COLUMN_SINCE);
    buf_slice_add(&post->url, pg_get_slice(r, row, COLUMN_URL));
    list_append(&courier->under_way, &post->node);
    write_body(post, r, row);
    if (!sign(post, r, row)) {
        snprintf(post->error, ERROR_TEXT,
                 "its secret was sealed with another gateway.secret: "
                 "rotate it");
        fail(post, -1);
    } else if (!webhook_url_check(&courier->gateway->process->config->gateway,
                                  buf_slice(&post->url), &err)) {
        snprintf(post->error, ERROR_TEXT, "%.*s", ERROR_TEXT - 1, err.text);
        fail(post, -1);
    } else {
        post_send(post);
    }
}

// --- the database

static void on_claimed(void *owner, const struct pg_result *result, const struct err *err) {
    struct courier *courier = owner;
    courier->claiming = false;
    if (result == NULL) {
        log_debug("webhooks: %s", err->text);
        return;
    }
    for (int row = 0; row < pg_rows(result); row++) {
        post_begin(courier, result, row);
    }
    if (pg_rows(result) > 0) {  // there may be more, where something has come to its end
        courier->claim_ms = 0;
    }
}

static void claim(struct courier *courier, int64_t now_ms) {
    struct gateway *gateway = courier->gateway;
    const struct config_hooks *settings = hooks(courier);
    const int64_t numbers[] = {settings->timeout_ms + MARGIN_MS, settings->in_flight,
                               (int64_t)(POSTS_MOST - courier->under_way.count)};
    struct pg_params params = {0};
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(gateway->process->instance));
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        pg_scalar(&params, PG_INT8);
        pg_int8(&params, numbers[i]);
    }
    courier->claiming = true;
    courier->claim_ms = now_ms + CLAIM_MS;
    asks_put(gateway->asks, PG_webhook_claim, &params, on_claimed, courier);
}

static void on_settled(void *owner, const struct pg_result *result, const struct err *err) {
    struct courier *courier = owner;
    struct list_node *node;
    while ((node = list_pop(&courier->settling)) != NULL) {
        if (result) {
            post_free(post_of(node));
        } else {
            list_append(&courier->done, node);  // told again: else it would be sent again
        }
    }
    if (result == NULL) {
        log_debug("webhooks: %s", err->text);
    }
    for (int row = 0; result && row < pg_rows(result); row++) {
        char id[UUID_TEXT];
        uuid_format(pg_get_uuid(result, row, 0), id);
        log_warn("webhooks: the endpoint we_%s said that it is gone, and gets nothing more", id);
    }
    courier->claim_ms = 0;
}

static void put_column(struct pg_params *params, const struct courier *courier, int column) {
    LIST_FOR(node, (struct list *)&courier->settling) {
        const struct post *post = post_of(node);
        switch (column) {
            case 0: pg_uuid(params, post->id); break;
            case 1: pg_slice(params, slice_of(post->state)); break;
            case 2: pg_int8(params, post->delay_ms); break;
            case 3: pg_int4(params, post->status); break;
            default: pg_slice(params, slice_of(post->error[0] ? post->error : NULL));
        }
    }
}

static void settle(struct courier *courier) {
    static const enum pg_type types[] = {PG_UUID, PG_TEXT, PG_INT8, PG_INT4, PG_TEXT};
    struct pg_params params = {0};
    struct list_node *node;
    while ((node = list_pop(&courier->done)) != NULL) {
        list_append(&courier->settling, node);
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(courier->gateway->process->instance));
    for (int i = 0; i < (int)(sizeof(types) / sizeof(types[0])); i++) {
        pg_array(&params, types[i]);
        put_column(&params, courier, i);
    }
    asks_put(courier->gateway->asks, PG_webhook_settle, &params, on_settled, courier);
}

// Of look, sweep and forget, which take ROWS_A_TIME at most: there may be more.
static void on_swept(void *owner, const struct pg_result *result, const struct err *err) {
    struct courier *courier = owner;
    if (result == NULL) {
        log_debug("webhooks: %s", err->text);
    } else if (pg_rows(result) > 0 && pg_get_int(result, 0, 0) >= ROWS_A_TIME) {
        courier->look_ms = courier->sweep_ms = courier->forget_ms = 0;
    }
}

static void every(struct courier *courier, enum pg_statement statement, int64_t ms) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, ms);
    asks_put(courier->gateway->asks, statement, &params, on_swept, courier);
}

int64_t courier_turn(struct courier *courier, int64_t now_ms) {
    if (courier->http == NULL) {
        return -1;
    }
    if (list_empty(&courier->settling) && !list_empty(&courier->done)) {
        settle(courier);
    }
    if (courier->gateway->draining) {
        return -1;
    }
    if (!courier->claiming && now_ms >= courier->claim_ms &&
        courier->under_way.count < POSTS_MOST) {
        claim(courier, now_ms);
    }
    if (now_ms >= courier->look_ms) {
        courier->look_ms = now_ms + LOOK_MS;
        every(courier, PG_webhook_look, LOOK_MS);
    }
    if (now_ms >= courier->sweep_ms) {
        courier->sweep_ms = now_ms + SWEEP_MS;
        every(courier, PG_webhook_sweep,
              STATEMENTS * courier->gateway->process->config->limits.database_timeout_ms);
    }
    if (now_ms >= courier->forget_ms) {
        courier->forget_ms = now_ms + FORGET_MS;
        every(courier, PG_webhook_forget, hooks(courier)->keep_ms);
    }
    return courier->claim_ms > now_ms ? courier->claim_ms - now_ms : CLAIM_MS;
}

bool courier_idle(const struct courier *courier) {
    return list_empty(&courier->under_way) && list_empty(&courier->done) &&
           list_empty(&courier->settling);
}
