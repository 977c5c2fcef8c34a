#include "gateway/single.h"

#include "base/json_out.h"
#include "base/mem.h"
#include "io/loop.h"
#include "job/job.h"
#include "job/openai_stream.h"

static bool refuse(struct call *call, const char *code, const char *param, const char *what) {
    call_fail(call, &(struct call_fault){.status = 400, .code = code, .param = param}, "%s", what);
    return false;
}

// --- what it asks for

static bool read_path(struct single *single) {
    struct call *call = single->call;
    const char *key = single->kind == SINGLE_JOB ? "path" : "model";
    struct slice model;
    if (!call_text(call, key, true, &model)) {
        return false;
    }
    single->path = config_path_find(call->gateway->process->config, model);
    if (single->path == NULL) {
        call_fail(call, &(struct call_fault){404, "model_not_found", key, 0, false},
                  "'%.*s' is no path of this service; GET /v1/models lists them",
                  SLICE_ARGS(model));
        return false;
    }
    single->path_name = arena_slice(&call->arena, model);
    return true;
}

static bool read_input(struct single *single) {
    struct call *call = single->call;
    uint32_t node = json_get(&call->json, 0, "input");
    if (node == 0) {
        return refuse(call, "missing_required_parameter", "input", "'input' is missing");
    }
    single->input = json_raw(&call->json, node);
    return true;
}

static bool read_content(struct single *single) {
    struct call *call = single->call;
    if (single->kind == SINGLE_JOB) {
        return read_input(single);
    }
    single->input = buf_slice(&call->body);
    bool chat = single->kind == SINGLE_CHAT;
    const char *key = chat ? "messages" : "input";
    uint32_t node = json_get(&call->json, 0, key);
    enum json_type type = node ? json_type(&call->json, node) : JSON_NULL;
    if (type == JSON_ARRAY || (type == JSON_STRING && !chat)) {
        return true;
    }
    return refuse(call, node ? "invalid_type" : "missing_required_parameter", key,
                  chat ? "'messages' must be an array of messages"
                       : "'input' must be a text or an array of items");
}

static bool is_true(const struct json *json, uint32_t node) {
    return node && json_type(json, node) == JSON_TRUE;
}

static bool read_stream(struct single *single) {
    struct call *call = single->call;
    uint32_t options = json_get(&call->json, 0, "stream_options");
    single->stream = is_true(&call->json, json_get(&call->json, 0, "stream"));
    if (options && json_type(&call->json, options) == JSON_OBJECT) {
        single->usage = is_true(&call->json, json_get(&call->json, options, "include_usage"));
    }
    return !single->stream || single->kind != SINGLE_BACKGROUND ||
           refuse(call, "unsupported_parameter", "stream",
                  "a response with background: true is not streamed");
}

static bool read_state(struct single *single) {
    static const char *const keys[] = {"previous_response_id", "conversation"};
    struct call *call = single->call;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        uint32_t node = json_get(&call->json, 0, keys[i]);
        if (node && json_type(&call->json, node) != JSON_NULL) {
            return refuse(call, "unsupported_parameter", keys[i],
                          "no state of a conversation is kept here: send all of it");
        }
    }
    return true;
}

static void name_job(struct single *single) {
    struct call *call = single->call;
    struct process *process = call->gateway->process;
    const char *key = httpd_header(call->request, "Idempotency-Key");
    single->created_ms = loop_wall_ms(process->loop);
    single->job = uuid_v7(single->created_ms, &process->random);
    if (key && *key) {
        // The same key of the same tenant is the same job, whenever it comes.
        const struct uuid nobody = {{0}};
        struct uuid space = uuid_derive(nobody, call->tenant);
        single->job = uuid_derive(space, slice_of(key));
    }
}

bool single_read(struct single *single) {
    if (!read_path(single) || !read_content(single) || !read_stream(single) ||
        !read_state(single) || !call_metadata(single->call, &single->metadata)) {
        return false;
    }
    name_job(single);
    return true;
}

bool single_send(struct single *single, struct err *err) {
    struct call *call = single->call;
    struct gateway *gateway = call->gateway;
    const struct path *policy = &single->path->policy;
    bool waits = single->kind == SINGLE_CHAT || single->kind == SINGLE_RESPONSE;
    const struct job job = {
        .has_id = true,
        .id = single->job,
        .path = slice_of(policy->name),
        .input = single->input,
        .created_ms = single->created_ms,
        .deadline_ms = waits ? single->created_ms + gateway->settings->wait_ms : 0,
        .tenant = call->tenant,
        .tier = slice_of(path_first_tier(policy, false)),
    };
    return gateway_send(gateway, &job, &single->delivery, err);
}

// --- replies

static void reply_open(struct single *single) {
    struct call *call = single->call;
    struct buf body = {0};
    const struct openai_response response = {
        .id = single->job,
        .open_status = "queued",
        .background = true,
        .path = single->path_name,
        .metadata = single->metadata,
        .created_ms = single->created_ms,
    };
    openai_output_response(&response, &call->arena, &body);
    call_reply(call, 200, &body);
    buf_fini(&body);
}

static void reply_job(struct single *single) {
    struct buf body = {0};
    char id[UUID_TEXT];
    uuid_format(single->job, id);
    buf_char(&body, '{');
    json_text(&body, "job_id", slice_of(id));
    json_text(&body, "path", single->path_name);
    json_time(&body, "created_at", single->created_ms);
    buf_char(&body, '}');
    call_reply(single->call, 202, &body);
    buf_fini(&body);
}

static void on_stored(void *owner, const struct pg_result *result, const struct err *err) {
    struct single *single = owner;
    if (result == NULL) {
        call_fail_err(single->call, err);
    } else if (single->kind == SINGLE_JOB) {
        reply_job(single);
    } else {
        reply_open(single);
    }
}

void single_store(struct single *single) {
    struct call *call = single->call;
    struct pg_params params = {0};
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, single->job);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, single->path_name);
    pg_scalar(&params, PG_JSON);
    pg_slice(&params, single->metadata);
    asks_put(call->gateway->asks, PG_api_response_add, &params, on_stored, single);
}

// No answer stands: the client must not send the same again by itself.
static void reply_without(struct single *single, const struct stored_outcome *outcome) {
    struct call *call = single->call;
    struct buf message = {0};
    struct slice code = openai_output_code(outcome);
    bool expired = slice_is(outcome->verdict, "expired");
    const struct call_fault fault = {
        .status = expired ? 504 : slice_is(outcome->verdict, "cancelled") ? 409 : 422,
        .code = arena_string(&call->arena, code),
        .final = true,
    };
    openai_output_message(outcome, &call->arena, &message);
    call_fail(call, &fault, "%s", buf_string(&message));
    buf_fini(&message);
}

void single_reply(struct single *single, const struct stored_outcome *outcome, struct buf *text) {
    struct call *call = single->call;
    const struct openai_response response = {
        .id = single->job,
        .outcome = outcome,
        .path = single->path_name,
        .metadata = single->metadata,
        .created_ms = single->created_ms,
    };
    buf_clear(text);
    if (outcome->answer.at == NULL) {
        reply_without(single, outcome);
    } else if (single->stream) {
        if (single->kind == SINGLE_CHAT) {
            openai_stream_chat(outcome, single->usage, &call->arena, text);
        } else {
            openai_stream_response(&response, &call->arena, text);
        }
        call_reply_events(call, text);
    } else if (single->kind == SINGLE_CHAT) {
        openai_output_chat(outcome, &call->arena, text);
        call_reply(call, 200, text);
    } else {
        openai_output_response(&response, &call->arena, text);
        call_reply(call, 200, text);
    }
}

void single_give_up(struct single *single) {
    char job[UUID_TEXT];
    uuid_format(single->job, job);
    call_fail(single->call,
              &(struct call_fault){.status = 504, .code = "timeout", .final = true},
              "job %s has no outcome yet, and expires; what takes longer than gateway.wait is for "
              "batches or for responses with background: true", job);
}
