#include "gateway/own.h"

#include <stdlib.h>

#include "base/json_out.h"
#include "fleet/outcomes.h"
#include "gateway/call.h"
#include "quality/certificate.h"

enum { LINES_USUAL = 1000, LINES_MOST = 5000 };

static const int64_t line_most = 1000000000000000;  // so that sums do not overflow

// --- replies that the database makes

static void reply_made(struct call *call, const struct pg_result *result, const char *what) {
    struct buf body = {0};
    if (pg_rows(result) == 0) {
        call_not_found(call, what, "id");
        return;
    }
    buf_slice_add(&body, pg_get_slice(result, 0, 0));
    call_reply(call, 200, &body);
    buf_fini(&body);
}

static void on_made(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
    } else {
        reply_made(call, result, "job that anything is stored of");
    }
}

void own_job(struct call *call) {
    call_ask(call, PG_api_job, on_made);
}

void own_overview(struct call *call) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    asks_put(call->gateway->asks, PG_api_overview, &params, on_made, call);
}

static void on_batch(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
    } else {
        reply_made(call, result, "batch");
    }
}

void own_batch(struct call *call) {
    call_ask(call, PG_api_batch_detail, on_batch);
}

// --- paths

static void write_certificate(struct buf *out, const struct certificate *certificate) {
    struct buf promise = {0};
    json_key(out, "certificate");
    if (certificate == NULL) {
        buf_text(out, "null");
        return;
    }
    certificate_say(certificate, &promise);
    buf_char(out, '{');
    json_text(out, "version", slice_of(certificate->version));
    json_text(out, "promise", buf_slice(&promise));
    buf_char(out, '}');
    buf_fini(&promise);
}

static void write_path(struct buf *out, const struct path *path) {
    buf_char(out, '{');
    json_text(out, "name", slice_of(path->name));
    json_text(out, "policy", slice_of(path->version));
    json_key(out, "tiers");
    buf_char(out, '[');
    for (uint32_t i = 0; i < path->tier_count; i++) {
        const struct path_tier *tier = &path->tiers[i];
        buf_text(out, i ? ",{" : "{");
        json_text(out, "name", slice_of(tier->name));
        json_real(out, "accept", tier->accept);
        json_bool(out, "skipped", tier->skipped);
        buf_char(out, '}');
    }
    buf_char(out, ']');
    json_real(out, "audit", path->audit);
    write_certificate(out, path->certificate);
    buf_char(out, '}');
}

void own_paths(struct call *call) {
    const struct config *config = call->gateway->process->config;
    struct buf body = {0};
    buf_text(&body, "{\"object\":\"list\",\"data\":[");
    for (uint32_t i = 0; i < config->path_count; i++) {
        buf_text(&body, i ? "," : "");
        write_path(&body, &config->paths[i].policy);
    }
    buf_text(&body, "]}");
    call_reply(call, 200, &body);
    buf_fini(&body);
}

// --- outcomes

static void on_page(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct buf body = {0};
    if (result == NULL) {
        call_fail_err(call, err);
        return;
    }
    for (int i = 0; i < pg_rows(result); i++) {
        struct stored_outcome outcome;
        outcomes_read(result, i, &outcome);
        stored_outcome_ndjson(&outcome, &body);
    }
    call_reply_lines(call, &body);
    buf_fini(&body);
}

static void on_last_line(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct pg_params params = {0};
    if (result == NULL) {
        call_fail_err(call, err);
        return;
    }
    if (pg_rows(result) == 0) {
        call_not_found(call, "batch", "id");
        return;
    }
    call->last = pg_get_int(result, 0, 0);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, call->subject);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, call->after + 1);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, call->after + call->limit + 1);
    asks_put(call->gateway->asks, PG_batch_outcomes_lines, &params, on_page, call);
}

void own_outcomes(struct call *call) {
    const char *after = httpd_query(call->request, "after");
    char *end = NULL;
    if (!call_limit(call, LINES_USUAL, LINES_MOST, &call->limit)) {
        return;
    }
    call->after = after ? strtoll(after, &end, 10) : 0;
    if (after && (end == after || *end || call->after < 0 || call->after > line_most)) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "after", 0, false},
                  "'after' is the number of a line");
        return;
    }
    call_ask(call, PG_api_batch_last_line, on_last_line);
}
