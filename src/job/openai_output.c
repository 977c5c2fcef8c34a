#include "job/openai_output.h"

#include <inttypes.h>

#include "base/json.h"
#include "base/json_out.h"

// The verdict, where nobody but Taskfit's own users looks for it.
static void add_taskfit(const struct stored_outcome *outcome, struct buf *out) {
    buf_text(out, ",\"taskfit\":{");
    stored_outcome_verdict(outcome, out);
    buf_char(out, '}');
}

static void begin(const struct stored_outcome *outcome, const char *prefix, struct buf *out) {
    char job[UUID_TEXT];
    uuid_format(outcome->job_id, job);
    buf_printf(out, "{\"id\":\"%s%s\"", prefix, job);
}

void openai_output_chat_usage(const struct stored_outcome *outcome, struct buf *out) {
    buf_printf(out,
               ",\"usage\":{\"prompt_tokens\":%" PRId64 ",\"completion_tokens\":%" PRId64
               ",\"total_tokens\":%" PRId64 "}",
               outcome->input_tokens, outcome->output_tokens,
               outcome->input_tokens + outcome->output_tokens);
}

void openai_output_chat(const struct stored_outcome *outcome, struct arena *arena,
                        struct buf *out) {
    begin(outcome, "chatcmpl-", out);
    buf_printf(out, ",\"object\":\"chat.completion\",\"created\":%" PRId64 ",\"model\":",
               outcome->decided_ms / 1000);
    buf_json_string(out, outcome->model);
    buf_text(out, ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
    buf_json_string(out, stored_outcome_plain(outcome->answer, arena));
    buf_text(out, ",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}]");
    openai_output_chat_usage(outcome, out);
    buf_char(out, '}');
}

struct slice openai_output_code(const struct stored_outcome *outcome) {
    struct slice reasons = outcome->reasons;
    bool of_batch = outcome->custom_id.at != NULL;
    if (slice_is(outcome->verdict, "expired")) {
        return slice_of(of_batch ? "batch_expired" : "expired");
    }
    if (slice_is(outcome->verdict, "cancelled")) {
        return slice_of(of_batch ? "batch_cancelled" : "cancelled");
    }
    return slice_take(&reasons, ',');
}

void openai_output_message(const struct stored_outcome *outcome, struct arena *arena,
                           struct buf *out) {
    struct json json;
    struct err err;
    buf_slice_add(out, outcome->verdict);
    if (outcome->explanation.at == NULL ||
        !json_parse(&json, outcome->explanation, &json_default_limits, arena, &err)) {
        buf_text(out, ": ");
        buf_slice_add(out, outcome->reasons);
        return;
    }
    const char *between = ": ";
    for (uint32_t i = json_first(&json, 0); i; i = json_after(&json, 0, i)) {
        uint32_t text = json_get(&json, i, "text");
        buf_text(out, between);
        buf_slice_add(out, json_string(&json, json_get(&json, i, "code"), arena));
        if (text && json_type(&json, text) == JSON_STRING) {
            buf_text(out, " (");
            buf_slice_add(out, json_string(&json, text, arena));
            buf_char(out, ')');
        }
        between = ", ";
    }
}

// {"code", "message"}
static void add_fault(const struct stored_outcome *outcome, struct arena *arena,
                      struct buf *out) {
    struct buf message = {0};
    openai_output_message(outcome, arena, &message);
    buf_text(out, "{\"code\":");
    buf_json_string(out, openai_output_code(outcome));
    buf_text(out, ",\"message\":");
    buf_json_string(out, buf_slice(&message));
    buf_char(out, '}');
    buf_fini(&message);
}

static const char *response_status(const struct openai_response *response) {
    const struct stored_outcome *outcome = response->outcome;
    if (outcome == NULL) {
        return response->open_status;
    }
    if (outcome->answer.at) {
        return "completed";
    }
    return slice_is(outcome->verdict, "cancelled") ? "cancelled" : "failed";
}

static void add_response_error(const struct openai_response *response, struct arena *arena,
                               struct buf *out) {
    const struct stored_outcome *outcome = response->outcome;
    json_key(out, "error");
    if (outcome == NULL || outcome->answer.at || slice_is(outcome->verdict, "cancelled")) {
        buf_text(out, "null");
    } else {
        add_fault(outcome, arena, out);
    }
}

void openai_output_item(const struct stored_outcome *outcome, struct arena *arena,
                        struct buf *out) {
    char job[UUID_TEXT];
    uuid_format(outcome->job_id, job);
    buf_printf(out, "{\"id\":\"msg_%s\",\"type\":\"message\",\"role\":\"assistant\","
                    "\"status\":\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":",
               job);
    buf_json_string(out, stored_outcome_plain(outcome->answer, arena));
    buf_text(out, ",\"annotations\":[]}]}");
}

static void add_response_usage(const struct stored_outcome *outcome, struct buf *out) {
    buf_printf(out,
               ",\"usage\":{\"input_tokens\":%" PRId64
               ",\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":%" PRId64
               ",\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":%" PRId64
               "}",
               outcome->input_tokens, outcome->output_tokens,
               outcome->input_tokens + outcome->output_tokens);
}

static void add_state(const struct openai_response *response, struct buf *out) {
    char id[UUID_TEXT];
    json_key(out, "previous_response_id");
    if (uuid_is_nil(response->previous)) {
        buf_text(out, "null");
    } else {
        uuid_format(response->previous, id);
        buf_printf(out, "\"resp_%s\"", id);
    }
    json_key(out, "conversation");
    if (uuid_is_nil(response->conversation)) {
        buf_text(out, "null");
    } else {
        uuid_format(response->conversation, id);
        buf_printf(out, "{\"id\":\"conv_%s\"}", id);
    }
    json_bool(out, "store", !response->unstored);
}

void openai_output_response(const struct openai_response *response, struct arena *arena,
                            struct buf *out) {
    const struct stored_outcome *outcome = response->outcome;
    char id[UUID_TEXT];
    uuid_format(response->id, id);
    buf_printf(out, "{\"id\":\"resp_%s\",\"object\":\"response\",\"created_at\":%" PRId64
                    ",\"status\":\"%s\"",
               id, response->created_ms / 1000, response_status(response));
    json_bool(out, "background", response->background);
    add_response_error(response, arena, out);
    json_text(out, "incomplete_details", (struct slice){0});
    json_text(out, "model", outcome && outcome->model.at ? outcome->model : response->path);
    json_key(out, "output");
    buf_char(out, '[');
    if (outcome && outcome->answer.at) {
        openai_output_item(outcome, arena, out);
    }
    buf_text(out, "],\"parallel_tool_calls\":false,\"tool_choice\":\"auto\",\"tools\":[]");
    json_raw_text(out, "metadata", response->metadata);
    add_state(response, out);
    if (outcome && outcome->answer.at) {
        add_response_usage(outcome, out);
    }
    if (outcome) {
        add_taskfit(outcome, out);
    }
    buf_char(out, '}');
}

static void add_response(const struct stored_outcome *outcome, enum openai_form form,
                         struct arena *arena, struct buf *out) {
    char job[UUID_TEXT];
    uuid_format(outcome->job_id, job);
    buf_printf(out, "{\"status_code\":200,\"request_id\":\"%s\",\"body\":", job);
    if (form == OPENAI_CHAT) {
        openai_output_chat(outcome, arena, out);
    } else {
        const struct openai_response response = {
            .id = outcome->job_id,
            .outcome = outcome,
            .metadata = slice_of("{}"),
            .created_ms = outcome->decided_ms,
        };
        openai_output_response(&response, arena, out);
    }
    buf_text(out, "},\"error\":null");
}

void openai_output_row(const struct stored_outcome *outcome, enum openai_form form,
                       struct arena *arena, struct buf *out) {
    char job[UUID_TEXT];
    uuid_format(outcome->job_id, job);
    begin(outcome, "batch_req_", out);
    buf_text(out, ",\"custom_id\":");
    buf_json_string(out, outcome->custom_id.at ? outcome->custom_id : slice_of(job));
    buf_text(out, ",\"response\":");
    if (outcome->answer.at) {
        add_response(outcome, form, arena, out);
    } else {
        buf_text(out, "null,\"error\":");
        add_fault(outcome, arena, out);
    }
    add_taskfit(outcome, out);
    buf_text(out, "}\n");
}
