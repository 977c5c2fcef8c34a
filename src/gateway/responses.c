// Responses of the background: asked about, cancelled; and the models, which are paths.
#include "base/json_out.h"
#include "fleet/outcomes.h"
#include "gateway/call.h"
#include "gateway/singles.h"
#include "job/openai_output.h"

// The columns of the statement api_response_get that come after an outcome's.
enum column {
    COLUMN_JOB = 0,
    COLUMN_PATH = 15,
    COLUMN_CREATED,
    COLUMN_METADATA,
    COLUMN_CANCELLED,
    COLUMN_BEGUN,
    COLUMN_BACKGROUND,
    COLUMN_CONVERSATION,
    COLUMN_PREVIOUS,
};

static void on_got(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct stored_outcome outcome;
    struct buf body = {0};
    if (result == NULL) {
        call_fail_err(call, err);
        return;
    }
    if (pg_rows(result) == 0) {
        call_not_found(call, "response", "id");
        return;
    }
    outcomes_read(result, 0, &outcome);
    bool begun = pg_get_int(result, 0, COLUMN_BEGUN) != 0;
    const struct openai_response response = {
        .id = call->subject,
        .outcome = pg_is_null(result, 0, COLUMN_JOB) ? NULL : &outcome,
        .open_status = pg_get_int(result, 0, COLUMN_CANCELLED) ? "cancelled"
                       : begun                                 ? "in_progress"
                                                               : "queued",
        .background = pg_get_int(result, 0, COLUMN_BACKGROUND) != 0,
        .path = pg_get_slice(result, 0, COLUMN_PATH),
        .metadata = pg_get_slice(result, 0, COLUMN_METADATA),
        .created_ms = pg_get_time(result, 0, COLUMN_CREATED),
        .conversation = pg_get_uuid(result, 0, COLUMN_CONVERSATION),
        .previous = pg_get_uuid(result, 0, COLUMN_PREVIOUS),
    };
    openai_output_response(&response, &call->arena, &body);
    call_reply(call, 200, &body);
    buf_fini(&body);
}

void singles_get(struct call *call) {
    call_ask(call, PG_api_response_get, on_got);
}

static void on_cancelled(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
    } else {
        call_ask(call, PG_api_response_get, on_got);
    }
}

void singles_cancel(struct call *call) {
    call_ask(call, PG_api_response_cancel, on_cancelled);
}

static void on_deleted(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (result == NULL) {
        call_fail_err(call, err);
    } else if (pg_rows(result) == 0) {
        call_not_found(call, "response", "id");
    } else {
        call_reply_deleted(call, "resp_", "response");
    }
}

// A job that is under way goes on; what becomes of it is not told here any more.
void singles_delete(struct call *call) {
    call_ask(call, PG_api_response_delete, on_deleted);
}

// --- models

static void write_model(struct buf *out, const struct config_path *path) {
    buf_char(out, '{');
    json_text(out, "id", slice_of(path->policy.name));
    json_text(out, "object", slice_of("model"));
    json_count(out, "created", 0);
    json_text(out, "owned_by", slice_of("taskfit"));
    json_key(out, "tiers");
    buf_char(out, '[');
    for (uint32_t i = 0; i < path->policy.tier_count; i++) {
        buf_text(out, i ? "," : "");
        buf_json_string(out, slice_of(path->policy.tiers[i].name));
    }
    buf_text(out, "]}");
}

void models_list(struct call *call) {
    const struct config *config = call->gateway->process->config;
    struct buf body = {0};
    buf_text(&body, "{\"object\":\"list\",\"data\":[");
    for (uint32_t i = 0; i < config->path_count; i++) {
        buf_text(&body, i ? "," : "");
        write_model(&body, &config->paths[i]);
    }
    buf_text(&body, "]}");
    call_reply(call, 200, &body);
    buf_fini(&body);
}

void models_get(struct call *call) {
    const struct config_path *path =
        config_path_find(call->gateway->process->config, call->name);
    struct buf body = {0};
    if (path == NULL) {
        call_fail(call, &(struct call_fault){404, "model_not_found", "model", 0, false},
                  "'%.*s' is no path of this service", SLICE_ARGS(call->name));
        return;
    }
    write_model(&body, path);
    call_reply(call, 200, &body);
    buf_fini(&body);
}
