#include "dialect/dialect.h"

#include <math.h>

#include "base/json.h"
#include "dialect/anthropic.h"
#include "dialect/error_body.h"
#include "dialect/gemini.h"
#include "dialect/hf_classify.h"
#include "dialect/kserve.h"
#include "dialect/openai_chat.h"
#include "dialect/openai_responses.h"
#include "dialect/reading.h"
#include "dialect/retry_after.h"
#include "dialect/scorer.h"
#include "dialect/vllm_classify.h"

static const struct dialect *const dialects[] = {
    &openai_chat_dialect, &openai_responses_dialect, &anthropic_dialect,   &gemini_dialect,
    &kserve_dialect,      &vllm_classify_dialect,    &hf_classify_dialect, &scorer_dialect,
};

const struct dialect *dialect_find(const char *name) {
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (strcmp(dialects[i]->name, name) == 0) {
            return dialects[i];
        }
    }
    return NULL;
}

const char *dialect_names(void) {
    return "openai_chat, openai_responses, anthropic, gemini, kserve, vllm_classify, hf_classify, "
           "scorer";
}

// --- what a status means

// What is not here: 5xx is the server's failure and may pass, other 4xx is final.
static const struct {
    uint32_t status;
    enum reason reason;
    bool retry;
} statuses[] = {
    {401, REASON_ERROR_AUTH, false},    {403, REASON_ERROR_AUTH, false},
    {408, REASON_ERROR_TIMEOUT, true},  {409, REASON_ERROR_REFUSED, true},
    {413, REASON_ERROR_CONTEXT, false}, {424, REASON_ERROR_SERVER, true},  // TGI, TEI: inference
    {425, REASON_ERROR_REFUSED, true},  {429, REASON_ERROR_BUSY, true},    // failed
    {501, REASON_ERROR_SERVER, false},  {503, REASON_ERROR_BUSY, true},
    {529, REASON_ERROR_BUSY, true},
};

static void read_status(uint32_t status, struct reading *reading) {
    reading->error = status >= 500   ? REASON_ERROR_SERVER
                     : status >= 400 ? REASON_ERROR_REFUSED
                                     : REASON_ERROR_REPLY;
    reading->retry = status >= 500;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].status == status) {
            reading->error = statuses[i].reason;
            reading->retry = statuses[i].retry;
        }
    }
}

static void read_cause(const struct error_body *error, struct reading *reading) {
    switch (error->cause) {
    case ERROR_CAUSE_CONTEXT:
        reading->error = REASON_ERROR_CONTEXT;
        reading->retry = false;
        break;
    case ERROR_CAUSE_CONTENT:
        reading->error = REASON_ERROR_CONTENT;
        reading->retry = false;
        break;
    case ERROR_CAUSE_QUOTA:
        reading->error = REASON_ERROR_REFUSED;
        reading->retry = false;
        break;
    case ERROR_CAUSE_KEY:
        reading->error = REASON_ERROR_AUTH;
        reading->retry = false;
        break;
    case ERROR_CAUSE_OTHER:
        break;
    }
}

// The words of a body can only explain a refusal: a server that fails or is busy says all sorts.
static bool explains(uint32_t status, enum error_cause cause) {
    return status == 400 || status == 413 || status == 422 ||
           (cause == ERROR_CAUSE_QUOTA && (status == 429 || status == 403));
}

static void fail(const struct request *request, uint32_t status, const struct error_body *error,
                 struct arena *arena, struct reading *reading) {
    uint32_t meant = error->status && status < 300 ? error->status : status;
    if (meant >= 300) {
        read_status(meant, reading);
    } else {
        reading->error = REASON_ERROR_REPLY;
        reading->retry = false;
    }
    if (explains(meant, error->cause) || meant < 300) {
        read_cause(error, reading);
    }
    struct slice text = error->message.len ? error->message : slice_of("no text");
    if (error->kind.len > 0) {
        text = arena_printf(arena, "%.*s (%.*s)", SLICE_ARGS(text), SLICE_ARGS(error->kind));
    }
    reading_text(request, arena, reading, "status %u: %.*s", status, SLICE_ARGS(text));
    reading->retry_after_ms = error->retry_ms;
}

// --- any reply

static bool is_page(struct slice body) {
    size_t at = 0;
    while (at < body.len && (unsigned char)body.at[at] <= ' ') {
        at++;
    }
    return at < body.len && body.at[at] == '<';
}

// A body of success that is no JSON: a page comes from a wrong URL or a proxy's login and will come
// again; anything else was garbled on its way, and may be whole the next time.
static void fail_not_json(const struct request *request, const struct reply *reply,
                          const struct err *err, struct arena *arena, struct reading *reading) {
    struct error_body error;
    error_body_read(reply->body, arena, &error);
    reading->error = REASON_ERROR_REPLY;
    reading->retry = !is_page(reply->body);
    reading_text(request, arena, reading, "status %u, %s: %.*s", reply->status, err->text,
                 SLICE_ARGS(error.message));
}

// "error": null, false, "" or 0 stands in replies of some servers that hold an answer.
static bool has_error(const struct json *body) {
    uint32_t error = json_get(body, 0, "error");
    if (error == 0) {
        return false;
    }
    switch (json_type(body, error)) {
    case JSON_STRING:
        return body->nodes[error].len > 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return body->nodes[error].count > 0;
    case JSON_TRUE:
        return true;
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_NUMBER:
        break;
    }
    return false;
}

static void read_success(const struct request *request, const struct reply *reply,
                         struct arena *arena, struct reading *reading) {
    struct json json;
    struct err err;
    struct error_body error;
    if (!json_parse(&json, reply->body, &json_default_limits, arena, &err)) {
        fail_not_json(request, reply, &err, arena, reading);
        return;
    }
    if (has_error(&json) && error_body_find(&json, arena, &error)) {
        fail(request, reply->status, &error, arena, reading);
        return;
    }
    request->model->dialect->read(request, &json, arena, reading);
    if (reading->error == REASON_NONE && reading->answer.at == NULL) {
        reading->error = REASON_ANSWER_MISSING;
    }
}

// An answer that costs nobody knows what would pass every cap on spend.
static void check_usage(const struct model *model, struct arena *arena, struct reading *reading) {
    bool by_token = model->price.input_pico_usd > 0 || model->price.output_pico_usd > 0;
    if (reading->error == REASON_NONE && by_token && reading->usage.input_tokens == 0 &&
        reading->usage.output_tokens == 0) {
        reading->error = REASON_ERROR_USAGE;
        reading->error_text = arena_printf(arena, "%s has a price per token; have the server tell "
                                           "usage, or give it price.call", model->name);
    }
}

void dialect_read(const struct request *request, const struct reply *reply, struct arena *arena,
                  struct reading *reading) {
    struct error_body error;
    *reading = (struct reading){.signals.field = NAN, .retry_after_ms = -1};
    if (reply->status >= 200 && reply->status <= 299) {
        read_success(request, reply, arena, reading);
        check_usage(request->model, arena, reading);
    } else {
        error_body_read(reply->body, arena, &error);
        fail(request, reply->status, &error, arena, reading);
    }
    int64_t asked_ms = retry_after_ms(reply);
    if (!reading->retry) {
        reading->retry_after_ms = -1;
    } else if (asked_ms >= 0) {
        reading->retry_after_ms = asked_ms;
    }
    if (reading->error != REASON_NONE) {
        reading->answer = (struct slice){0};
    }
}
