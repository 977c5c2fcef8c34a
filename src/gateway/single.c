#include "gateway/single.h"

#include "base/json_out.h"
#include "gateway/turns.h"
#include "io/loop.h"
#include "job/job.h"
#include "job/openai_input.h"
#include "job/openai_stream.h"

static bool refuse(struct call *call, const char *code, const char *param, const char *what) {
    call_fail(call, &(struct call_fault){.status = 400, .code = code, .param = param}, "%s", what);
    return false;
}

// --- what it asks for

void single_take_path(struct single *single, struct slice name) {
    struct call *call = single->call;
    single->path = config_path_find(call->gateway->process->config, name);
    single->path_name = arena_slice(&call->arena, name);
}

static bool read_path(struct single *single) {
    struct call *call = single->call;
    const char *key = single->kind == SINGLE_JOB ? "path" : "model";
    struct slice model;
    if (!call_text(call, key, !single->recalls, &model)) {
        return false;
    }
    if (model.at == NULL) {
        return true;  // that of what was said before
    }
    single_take_path(single, model);
    if (single->path == NULL) {
        call_fail(call, &(struct call_fault){404, "model_not_found", key, 0, false},
                  "'%.*s' is no path of this service; GET /v1/models lists them",
                  SLICE_ARGS(model));
        return false;
    }
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

static bool is_response(const struct single *single) {
    return single->kind == SINGLE_RESPONSE || single->kind == SINGLE_BACKGROUND;
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
    single->stored = single->kind == SINGLE_JOB;
    if ((is_response(single) && !turns_read(single)) || !read_path(single) ||
        !read_content(single) || !read_stream(single) ||
        !call_metadata(single->call, &single->metadata)) {
        return false;
    }
    name_job(single);
    return true;
}

// --- its record

static bool send_job(struct single *single, struct err *err) {
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

// The row that is to come of it.
static void prepare_row(struct single *single) {
    struct call *call = single->call;
    struct buf items = {0};
    single->registration = (struct registration){
        .id = single->job,
        .tenant = call->tenant,
        .path = single->path_name,
        .metadata = single->metadata,
        .background = single->kind != SINGLE_RESPONSE,
        .conversation = single->conversation,
        .previous = single->previous,
    };
    if (is_response(single) && single->unplain.at == NULL) {
        openai_input_items(&call->json, &items);
        single->registration.items = arena_slice(&call->arena, buf_slice(&items));
        buf_fini(&items);
    }
}

void single_go(struct single *single, struct slice earlier) {
    struct call *call = single->call;
    struct buf input = {0};
    struct err err;
    if (single->path == NULL) {
        refuse(call, "missing_required_parameter", "model",
               "'model' is missing, and what was said before has no path of this service either");
        return;
    }
    if (is_response(single) && single->unplain.at == NULL) {
        openai_input_write(&call->json, earlier, &call->arena, &input);
        single->input = buf_slice(&input);
    }
    prepare_row(single);
    int64_t most = call->gateway->process->config->limits.input_bytes;
    if ((int64_t)single->input.len > most) {
        call_fail(call, &(struct call_fault){.status = 413, .code = "request_too_large"},
                  "an input of %zu bytes, with what was said before; up to %lld are allowed",
                  single->input.len, (long long)most);
    } else if (send_job(single, &err)) {
        single_sent(single);
    } else {
        call_fail_err(call, &err);
    }
    buf_fini(&input);
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
        .previous = single->previous,
        .conversation = single->conversation,
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

void single_reply_begun(struct single *single) {
    if (single->kind == SINGLE_JOB) {
        reply_job(single);
    } else {
        reply_open(single);
    }
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
        .previous = single->previous,
        .conversation = single->conversation,
        .unstored = !single->stored,
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
