#include "dialect/logprobs.h"
#include "dialect/openai_chat.h"
#include "dialect/reading.h"
#include "job/agreement.h"
#include "job/answer.h"

// --- the message

// Parts of an array: [{"type": "text", "text": "…"}, …]
static struct slice join_parts(const struct json *body, uint32_t parts, struct arena *arena) {
    struct buf joined = {0};
    for (uint32_t i = json_first(body, parts); i; i = json_after(body, parts, i)) {
        uint32_t text = json_get(body, i, "text");
        if (text && json_type(body, text) == JSON_STRING) {
            buf_slice_add(&joined, json_string(body, text, arena));
        }
    }
    struct slice text = arena_slice(arena, buf_slice(&joined));
    buf_fini(&joined);
    return text;
}

static struct slice message_text(const struct json *body, uint32_t message, struct arena *arena) {
    uint32_t content = json_get(body, message, "content");
    struct slice text = {0};
    if (content && json_type(body, content) == JSON_ARRAY) {
        text = join_parts(body, content, arena);
    } else if (content) {
        text = json_string(body, content, arena);
    }
    uint32_t calls = json_get(body, message, "tool_calls");
    if (text.len == 0 && calls) {
        uint32_t call = json_at(body, calls, 0);
        uint32_t function = reading_get(body, call, "function");
        uint32_t arguments = reading_get(body, function, "arguments");
        text = arguments ? json_string(body, arguments, arena) : text;
    }
    return text;
}

static void read_usage(const struct json *body, struct usage *usage) {
    uint32_t node = json_get(body, 0, "usage");
    uint32_t details = reading_get(body, node, "prompt_tokens_details");
    *usage = (struct usage){
        .input_tokens = reading_tokens(body, node, "prompt_tokens"),
        .cached_tokens = reading_tokens(body, details, "cached_tokens"),
        .output_tokens = reading_tokens(body, node, "completion_tokens"),
    };
}

// Why the message is no answer; true: it is none.
static bool read_stop(const struct request *request, const struct json *body, uint32_t choice,
                      struct arena *arena, struct reading *reading) {
    uint32_t message = json_get(body, choice, "message");
    uint32_t finish = json_get(body, choice, "finish_reason");
    uint32_t refusal = json_get(body, message, "refusal");
    struct slice refused = refusal ? json_string(body, refusal, arena) : (struct slice){0};
    if (refused.len > 0) {
        reading->error = REASON_ERROR_CONTENT;
        reading_text(request, arena, reading, "refusal: %.*s", SLICE_ARGS(refused));
    } else if (finish && json_string_is(body, finish, "content_filter")) {
        reading->error = REASON_ERROR_CONTENT;
        reading_text(request, arena, reading, "finish_reason content_filter");
    } else if (finish && json_string_is(body, finish, "length")) {
        reading->error = REASON_ERROR_TRUNCATED;
        reading_text(request, arena, reading, "finish_reason length after %u tokens",
                     reading->usage.output_tokens);
    }
    return reading->error != REASON_NONE;
}

// The answer of one choice, or why it is none.
static void read_choice(const struct request *request, const struct json *body, uint32_t choice,
                        struct arena *arena, struct reading *reading) {
    uint32_t message = reading_get(body, choice, "message");
    if (message == 0 || json_type(body, message) != JSON_OBJECT) {
        reading_misfit(request, body, arena, reading, "no choices[0].message");
        return;
    }
    if (read_stop(request, body, choice, arena, reading)) {
        return;
    }
    struct slice text = message_text(body, message, arena);
    if (text.len == 0) {
        reading_misfit(request, body, arena, reading, "no text in choices[0].message");
        reading->error = REASON_ANSWER_MISSING;
        return;
    }
    reading->answer = answer_from_text(&request->path->answer, text, arena);
}

// False: no choice holds an answer, so the first one tells why.
static bool read_samples(const struct request *request, const struct json *body, uint32_t choices,
                         struct arena *arena, struct reading *reading) {
    struct sample *samples =
        arena_zalloc(arena, body->nodes[choices].count * sizeof(*samples));
    uint32_t count = 0;
    for (uint32_t i = json_first(body, choices); i; i = json_after(body, choices, i)) {
        struct reading one = *reading;
        read_choice(request, body, i, arena, &one);
        samples[count++].answer = one.answer;
    }
    return reading_agree(request, samples, count, arena, reading);
}

void openai_chat_read(const struct request *request, const struct json *body, struct arena *arena,
                      struct reading *reading) {
    enum confidence_kind confidence = request->model->confidence;
    uint32_t choices = json_get(body, 0, "choices");
    uint32_t choice = choices ? json_at(body, choices, 0) : 0;
    read_usage(body, &reading->usage);
    if (confidence == CONFIDENCE_AGREEMENT && choice &&
        read_samples(request, body, choices, arena, reading)) {
        return;
    }
    read_choice(request, body, choice, arena, reading);
    if (reading->error != REASON_NONE) {
        return;
    }
    if (confidence == CONFIDENCE_LOGPROB) {
        uint32_t logprobs = json_get(body, choice, "logprobs");
        logprobs_read(body, reading_get(body, logprobs, "content"), arena, &reading->signals);
    } else if (confidence == CONFIDENCE_FIELD) {
        reading->signals.field = reading_confidence(body, reading->answer, arena);
    }
}
