#include "dialect/logprobs.h"
#include "dialect/openai_responses.h"
#include "dialect/reading.h"
#include "job/answer.h"

// What the items of `output` come to.
struct output {
    struct buf text;         // of all messages, joined
    struct slice refusal;
    struct slice arguments;  // of the first call
};

static void read_content(const struct json *body, uint32_t content, struct arena *arena,
                         struct output *output, struct signals *signals) {
    for (uint32_t i = json_first(body, content); i; i = json_after(body, content, i)) {
        uint32_t text = json_get(body, i, "text");
        uint32_t refusal = json_get(body, i, "refusal");
        if (refusal) {
            output->refusal = json_string(body, refusal, arena);
        } else if (text && json_type(body, text) == JSON_STRING) {
            buf_slice_add(&output->text, json_string(body, text, arena));
            logprobs_read(body, json_get(body, i, "logprobs"), arena, signals);
        }
    }
}

// Reasoning and what tools of the server's did are items too, and no answer.
static void read_items(const struct json *body, uint32_t items, struct arena *arena,
                       struct output *output, struct signals *signals) {
    for (uint32_t i = json_first(body, items); i; i = json_after(body, items, i)) {
        uint32_t type = json_get(body, i, "type");
        uint32_t content = json_get(body, i, "content");
        uint32_t arguments = json_get(body, i, "arguments");
        if (type && json_string_is(body, type, "message") && content &&
            json_type(body, content) == JSON_ARRAY) {
            read_content(body, content, arena, output, signals);
        } else if (type && json_string_is(body, type, "function_call") && arguments &&
                   output->arguments.at == NULL) {
            output->arguments = json_string(body, arguments, arena);
        }
    }
}

static void read_usage(const struct json *body, struct usage *usage) {
    uint32_t node = json_get(body, 0, "usage");
    uint32_t details = reading_get(body, node, "input_tokens_details");
    *usage = (struct usage){
        .input_tokens = reading_tokens(body, node, "input_tokens"),
        .cached_tokens = reading_tokens(body, details, "cached_tokens"),
        .output_tokens = reading_tokens(body, node, "output_tokens"),
    };
}

// Why the response is no answer; true: it is none.
static bool read_status(const struct request *request, const struct json *body,
                        struct arena *arena, struct reading *reading) {
    uint32_t status = json_get(body, 0, "status");
    uint32_t details = json_get(body, 0, "incomplete_details");
    uint32_t reason = reading_get(body, details, "reason");
    struct slice why = reason ? json_string(body, reason, arena) : (struct slice){0};
    if (status == 0 || json_string_is(body, status, "completed")) {
        return false;
    }
    if (!json_string_is(body, status, "incomplete")) {
        reading_misfit(request, body, arena, reading, "a response that is not completed");
        return true;
    }
    reading->error = slice_is(why, "content_filter") ? REASON_ERROR_CONTENT
                                                     : REASON_ERROR_TRUNCATED;
    reading_text(request, arena, reading, "incomplete, %.*s, after %u tokens", SLICE_ARGS(why),
                 reading->usage.output_tokens);
    return true;
}

static void read_answer(const struct request *request, const struct json *body,
                        struct arena *arena, const struct output *output,
                        struct reading *reading) {
    struct slice text = output->text.len > 0 ? buf_slice(&output->text) : output->arguments;
    if (output->refusal.len > 0) {
        reading->error = REASON_ERROR_CONTENT;
        reading_text(request, arena, reading, "refusal: %.*s", SLICE_ARGS(output->refusal));
    } else if (text.len == 0) {
        reading_misfit(request, body, arena, reading, "no text in output");
        reading->error = REASON_ANSWER_MISSING;
    } else {
        reading->answer = answer_from_text(&request->path->answer, arena_slice(arena, text),
                                           arena);
    }
}

void openai_responses_read(const struct request *request, const struct json *body,
                           struct arena *arena, struct reading *reading) {
    struct output output = {0};
    struct signals signals = reading->signals;
    uint32_t items = json_get(body, 0, "output");
    read_usage(body, &reading->usage);
    if (items == 0 || json_type(body, items) != JSON_ARRAY) {
        reading_misfit(request, body, arena, reading, "no output");
        return;
    }
    if (read_status(request, body, arena, reading)) {
        return;
    }
    read_items(body, items, arena, &output, &signals);
    read_answer(request, body, arena, &output, reading);
    buf_fini(&output.text);
    if (reading->error != REASON_NONE) {
        return;
    }
    if (request->model->confidence == CONFIDENCE_LOGPROB) {
        reading->signals = signals;
    } else if (request->model->confidence == CONFIDENCE_FIELD) {
        reading->signals.field = reading_confidence(body, reading->answer, arena);
    }
}
