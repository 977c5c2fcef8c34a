#include "gateway/call.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_out.h"
#include "base/mem.h"
#include "gateway/access.h"
#include "gateway/upload.h"
#include "io/loop.h"

enum {
    ENVELOPE_BYTES = 64 << 10,  // around an input
    BUSY_S = 2,                 // after which a client may try again
    NUMBER_TEXT = 24,
    MESSAGE_TEXT = 1024,
};

// --- replies

static const char *fault_type(int status) {
    if (status == 401) {
        return "authentication_error";
    }
    if (status == 403) {
        return "permission_error";
    }
    if (status == 429) {
        return "rate_limit_error";
    }
    return status >= 500 ? "server_error" : "invalid_request_error";
}

static void send(struct call *call, const struct httpd_reply *given,
                 void (*give)(struct call *call, const struct httpd_reply *reply)) {
    struct metrics *metrics = &call->gateway->process->metrics;
    int64_t now_ms = loop_now_ms(call->gateway->process->loop);
    char id[UUID_TEXT], status[NUMBER_TEXT];
    struct httpd_reply reply = *given;
    uuid_format(call->id, id);
    call_field(call, "x-request-id", slice_of(id));
    call_field(call, "X-Content-Type-Options", slice_of("nosniff"));
    call_field(call, "Cache-Control", slice_of("no-store"));
    if (call->gateway->settings->tls.cert_file) {
        call_field(call, "Strict-Transport-Security", slice_of("max-age=31536000"));
    }
    reply.fields = call->fields;
    reply.field_count = call->field_count;
    call->status = reply.status;
    snprintf(status, sizeof(status), "%d", reply.status);
    metric_add(metrics, METRIC_HTTP_REQUESTS, status, 1);
    metric_observe(metric_cell(metrics, METRIC_HTTP_SECONDS, ""),
                   (double)(now_ms - call->began_ms) / 1000);
    give(call, &reply);
}

void call_field(struct call *call, const char *name, struct slice value) {
    char *text = arena_alloc(&call->arena, value.len + 1);
    assert(call->field_count < CALL_FIELDS);
    snprintf(text, value.len + 1, "%.*s", SLICE_ARGS(value));
    call->fields[call->field_count++] = (struct httpd_field){name, text};
}

static void give_text(struct call *call, const struct httpd_reply *reply) {
    httpd_reply(call->request, reply);
}

static void give_file(struct call *call, const struct httpd_reply *reply) {
    httpd_reply_file(call->request, reply, call->file, (uint64_t)call->file_bytes);
}

static void give_stream(struct call *call, const struct httpd_reply *reply) {
    httpd_stream(call->request, reply);
}

void call_stream(struct call *call) {
    send(call, &(struct httpd_reply){.status = 200, .type = "text/event-stream"}, give_stream);
}

void call_reply_page(struct call *call, const char *type, struct slice text) {
    call_field(call, "Content-Security-Policy",
               slice_of("default-src 'self'; img-src 'self' data:; base-uri 'none'; "
                        "form-action 'none'; "
                        "frame-ancestors 'none'"));
    send(call, &(struct httpd_reply){.status = 200, .type = type, .body = text}, give_text);
}

void call_reply(struct call *call, int status, const struct buf *json) {
    audit_made(call, buf_slice(json));
    struct httpd_reply reply = {
        .status = status, .type = "application/json", .body = buf_slice(json)};
    send(call, &reply, give_text);
}

void call_reply_bytes(struct call *call, const char *type, struct slice bytes) {
    call_field(call, "Content-Security-Policy", slice_of("default-src 'none'; sandbox"));
    call_field(call, "Content-Disposition",
               slice_of(strncmp(type, "image/", 6) == 0 ? "inline" : "attachment"));
    send(call, &(struct httpd_reply){.status = 200, .type = type, .body = bytes}, give_text);
}

void call_reply_events(struct call *call, const struct buf *events) {
    struct httpd_reply reply = {
        .status = 200, .type = "text/event-stream", .body = buf_slice(events)};
    send(call, &reply, give_text);
}

void call_reply_lines(struct call *call, const struct buf *lines) {
    struct httpd_reply reply = {
        .status = 200, .type = "application/x-ndjson", .body = buf_slice(lines)};
    char text[NUMBER_TEXT];
    int64_t next = call->after + call->limit;
    snprintf(text, sizeof(text), "%" PRId64, next);
    if (next < call->last) {
        call_field(call, "X-Next-After", slice_of(text));
    }
    send(call, &reply, give_text);
}

void call_reply_list(struct call *call, const struct pg_result *result, const char *prefix,
                     void (*write)(struct buf *out, const struct pg_result *result, int row)) {
    int rows = pg_rows(result), most = (int)call->limit;
    int count = rows < most ? rows : most;
    struct buf body = {0};
    buf_text(&body, "{\"object\":\"list\",\"data\":[");
    for (int i = 0; i < count; i++) {
        buf_text(&body, i ? "," : "");
        write(&body, result, i);
    }
    buf_text(&body, "]");
    const struct uuid none = {{0}};
    call_id(&body, "first_id", prefix, count ? pg_get_uuid(result, 0, 0) : none);
    call_id(&body, "last_id", prefix, count ? pg_get_uuid(result, count - 1, 0) : none);
    json_bool(&body, "has_more", rows > count);
    buf_char(&body, '}');
    call_reply(call, 200, &body);
    buf_fini(&body);
}

void call_reply_deleted(struct call *call, const char *prefix, const char *object) {
    struct buf body = {0};
    buf_char(&body, '{');
    call_id(&body, "id", prefix, call->subject);
    json_text(&body, "object", slice_of(object));
    json_bool(&body, "deleted", true);
    buf_char(&body, '}');
    call_reply(call, 200, &body);
    buf_fini(&body);
}

void call_reply_file(struct call *call, int fd, int64_t bytes) {
    struct httpd_reply reply = {.status = 200, .type = "application/octet-stream"};
    call->file = fd;
    call->file_bytes = bytes;
    send(call, &reply, give_file);
}

void call_fail(struct call *call, const struct call_fault *fault, const char *format, ...) {
    struct buf body = {0};
    char message[MESSAGE_TEXT], seconds[NUMBER_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    buf_text(&body, "{\"error\":{");
    json_text(&body, "message", slice_of(message));
    json_text(&body, "type", slice_of(fault_type(fault->status)));
    json_text(&body, "param", slice_of(fault->param));
    json_text(&body, "code", slice_of(fault->code));
    buf_text(&body, "}}");
    snprintf(seconds, sizeof(seconds), "%d", fault->retry_after_s);
    if (fault->final) {
        call_field(call, "x-should-retry", slice_of("false"));
    }
    if (fault->retry_after_s) {
        call_field(call, "Retry-After", slice_of(seconds));
    }
    struct httpd_reply reply = {
        .status = fault->status, .type = "application/json", .body = buf_slice(&body)};
    send(call, &reply, give_text);
    buf_fini(&body);
}

void call_fail_err(struct call *call, const struct err *err) {
    if (err->kind == ERR_RETRY) {
        call_fail(call,
                  &(struct call_fault){
                      .status = 503, .code = "unavailable", .retry_after_s = BUSY_S},
                  "%s; try again", err->text);
    } else if (err->kind == ERR_POISON) {
        call_fail(call, &(struct call_fault){.status = 400, .code = "invalid_value"}, "%s",
                  err->text);
    } else {
        call_fail(call, &(struct call_fault){.status = 500, .code = "internal_error"}, "%s",
                  err->text);
    }
}

void call_not_found(struct call *call, const char *what, const char *param) {
    call_fail(call, &(struct call_fault){.status = 404, .code = "not_found", .param = param},
              "there is no %s of this id", what);
}

// --- the head

static bool admit(struct call *call) {
    struct gateway *gateway = call->gateway;
    struct httpd_request *request = call->request;
    struct slice id;
    if (gateway->draining) {
        call_fail(call,
                  &(struct call_fault){
                      .status = 503, .code = "draining", .retry_after_s = BUSY_S},
                  "this process is being stopped; try again");
        return false;
    }
    switch (route_find(httpd_method(request), httpd_path(request), &call->route, &id)) {
    case ROUTE_FOUND:
        break;
    case ROUTE_NO_PATH:
        call_fail(call, &(struct call_fault){.status = 404, .code = "unknown_url"},
                  "unknown request URL: %s %s", httpd_method(request), httpd_path(request));
        return false;
    case ROUTE_NO_METHOD:
        call_fail(call, &(struct call_fault){.status = 405, .code = "method_not_supported"},
                  "%s is not for %s", httpd_method(request), httpd_path(request));
        return false;
    }
    if (!access_admit(call)) {
        return false;
    }
    call->name = id;
    if (id.at && call->route->prefix && !call_id_parse(id, call->route->prefix, &call->subject)) {
        call_fail(call, &(struct call_fault){.status = 404, .code = "not_found", .param = "id"},
                  "'%.*s' is no id of this kind: it is %s%sa UUID", SLICE_ARGS(id),
                  call->route->prefix, *call->route->prefix ? " and " : "");
        return false;
    }
    return true;
}

static uint64_t body_limit(const struct call *call) {
    const struct gateway *gateway = call->gateway;
    int64_t most = call->route->body == BODY_UPLOAD ? gateway->settings->file_bytes
                                                    : gateway->process->config->limits.input_bytes;
    return (uint64_t)most + ENVELOPE_BYTES;
}

static bool admit_body(struct call *call) {
    const char *length = httpd_header(call->request, "Content-Length");
    uint64_t limit = body_limit(call);
    if (call->route->body != BODY_NONE && length && strtoull(length, NULL, 10) > limit) {
        call_fail(call, &(struct call_fault){.status = 413, .code = "request_too_large"},
                  "a body of %s bytes, more than %llu", length, (unsigned long long)limit);
        return false;
    }
    return true;
}

void call_begun(void *owner, struct httpd_request *request) {
    struct gateway *gateway = owner;
    struct process *process = gateway->process;
    struct call *call = mem_zalloc(sizeof(*call));
    call->gateway = gateway;
    call->file = -1;
    call->request = request;
    call->id = uuid_v7(loop_wall_ms(process->loop), &process->random);
    call->began_ms = loop_now_ms(process->loop);
    arena_init(&call->arena, &process->pool);
    httpd_set_own(request, call);
    gateway->calls++;
    metric_set(&process->metrics, METRIC_HTTP_OPEN, "", (double)gateway->calls);
    if (admit(call) && admit_body(call) && call->route->body == BODY_UPLOAD) {
        upload_begin(call);
    }
}

void call_gone(void *owner, struct httpd_request *request) {
    struct gateway *gateway = owner;
    struct call *call = httpd_own(request);
    if (call->own) {
        call->free_own(call->own);
    }
    audit_call(call);
    gateway->calls--;
    gateway->body_bytes -= call->body.len + call->node_bytes;
    metric_set(&gateway->process->metrics, METRIC_HTTP_OPEN, "", (double)gateway->calls);
    buf_fini(&call->body);
    arena_fini(&call->arena);
    mem_free(call);
}

// --- the body

static void refuse_load(struct call *call) {
    call_fail(call,
              &(struct call_fault){.status = 503, .code = "overloaded", .retry_after_s = BUSY_S},
              "too many requests are in hand; try again");
}

// A body of short numbers is ten times as large when it is parsed. One that is alone is let in.
static bool has_room(struct call *call) {
    struct gateway *gateway = call->gateway;
    bool alone = gateway->body_bytes == call->body.len;
    call->node_bytes = call->json.count * sizeof(call->json.nodes[0]);
    gateway->body_bytes += call->node_bytes;
    if (alone || gateway->body_bytes <= (size_t)gateway->settings->memory_bytes) {
        return true;
    }
    refuse_load(call);
    return false;
}

void call_piece(void *owner, struct httpd_request *request, struct slice piece) {
    struct gateway *gateway = owner;
    struct call *call = httpd_own(request);
    if (call->route->body == BODY_UPLOAD) {
        upload_piece(call, piece);
    }
    if (call->route->body != BODY_JSON) {
        return;
    }
    if (call->body.len + piece.len > body_limit(call)) {
        call_fail(call, &(struct call_fault){.status = 413, .code = "request_too_large"},
                  "a body of more than %llu bytes", (unsigned long long)body_limit(call));
    } else if (gateway->body_bytes + piece.len >
               (size_t)gateway->settings->memory_bytes) {
        refuse_load(call);
    } else {
        gateway->body_bytes += piece.len;
        buf_slice_add(&call->body, piece);
    }
}

static bool read_json(struct call *call) {
    const struct json_limits limits = {call->gateway->process->config->limits.input_depth + 1,
                                       json_default_limits.nodes};
    struct err err;
    if (!json_parse(&call->json, buf_slice(&call->body), &limits, &call->arena, &err)) {
        call_fail(call, &(struct call_fault){.status = 400, .code = "invalid_json"},
                  "the body is no JSON: %s", err.text);
        return false;
    }
    if (json_type(&call->json, 0) != JSON_OBJECT) {
        call_fail(call, &(struct call_fault){.status = 400, .code = "invalid_json"},
                  "the body is %s, where an object should be",
                  json_type_name(json_type(&call->json, 0)));
        return false;
    }
    return has_room(call);
}

void call_whole(void *owner, struct httpd_request *request) {
    struct call *call = httpd_own(request);
    (void)owner;
    if (call->route->body != BODY_JSON || read_json(call)) {
        call->route->handle(call);
    }
}

void call_ask(struct call *call, enum pg_statement statement, pg_done *done) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, call->subject);
    asks_put(call->gateway->asks, statement, &params, done, call);
}
