#include "dialect/error_body.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

enum { SEARCHED_BYTES = 1024 };  // of a message, for the words that tell a cause

// --- the cause

static const struct {
    const char *words;
    enum error_cause cause;
} words[] = {
    {"context_length_exceeded", ERROR_CAUSE_CONTEXT},    // OpenAI
    {"exceed_context_size", ERROR_CAUSE_CONTEXT},        // llama.cpp
    {"string_above_max_length", ERROR_CAUSE_CONTEXT},    // OpenAI
    {"context length", ERROR_CAUSE_CONTEXT},             // vLLM
    {"context size", ERROR_CAUSE_CONTEXT},
    {"context window", ERROR_CAUSE_CONTEXT},
    {"prompt is too long", ERROR_CAUSE_CONTEXT},         // Anthropic
    {"exceeds the maximum number of tokens", ERROR_CAUSE_CONTEXT},  // Gemini
    {"input is too long", ERROR_CAUSE_CONTEXT},
    {"must have less than", ERROR_CAUSE_CONTEXT},        // TGI: `inputs` must have less than …
    {"`max_new_tokens` must be <=", ERROR_CAUSE_CONTEXT},
    {"content_filter", ERROR_CAUSE_CONTENT},             // Azure
    {"content_policy", ERROR_CAUSE_CONTENT},
    {"content management policy", ERROR_CAUSE_CONTENT},
    {"ResponsibleAIPolicyViolation", ERROR_CAUSE_CONTENT},
    {"insufficient_quota", ERROR_CAUSE_QUOTA},           // OpenAI, with 429
    {"billing_hard_limit_reached", ERROR_CAUSE_QUOTA},
    {"API key not valid", ERROR_CAUSE_KEY},              // Gemini, with 400
    {"API key expired", ERROR_CAUSE_KEY},
};

static bool contains(struct slice text, const char *part) {
    size_t len = strlen(part);
    for (size_t at = 0; at + len <= text.len; at++) {
        if (strncasecmp(text.at + at, part, len) == 0) {
            return true;
        }
    }
    return false;
}

static enum error_cause cause_of(struct slice text) {
    text.len = text.len < SEARCHED_BYTES ? text.len : SEARCHED_BYTES;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (contains(text, words[i].words)) {
            return words[i].cause;
        }
    }
    return ERROR_CAUSE_OTHER;
}

static void find_cause(struct error_body *error) {
    error->cause = cause_of(error->kind);
    if (error->cause == ERROR_CAUSE_OTHER) {
        error->cause = cause_of(error->message);
    }
}

// --- JSON

static struct slice text_at(const struct json *json, uint32_t object, const char *key,
                            struct arena *arena) {
    uint32_t node = json_get(json, object, key);
    return node ? json_string(json, node, arena) : (struct slice){0};
}

// Words that stand for a status where the reply's own is one of success, or that a stream or a
// response that ran in the background ended with.
static uint32_t status_of(struct slice kind) {
    static const struct {
        const char *word;
        uint32_t status;
    } kinds[] = {
        {"server_error", 500},     {"rate_limit_exceeded", 429},  // OpenAI
        {"api_error", 500},        {"rate_limit_error", 429},     // Anthropic
        {"overloaded_error", 529}, {"UNAVAILABLE", 503},          // Anthropic, Google
        {"INTERNAL", 500},         {"RESOURCE_EXHAUSTED", 429},   // Google
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (slice_is(kind, kinds[i].word)) {
            return kinds[i].status;
        }
    }
    return 0;
}

// "18s", "0.5s", as Google writes a duration; -1: no such.
static int64_t duration_ms(struct slice text) {
    char copy[32], *end;
    if (text.len < 2 || text.len >= sizeof(copy) || text.at[text.len - 1] != 's' ||
        text.at[0] < '0' || text.at[0] > '9') {
        return -1;
    }
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    double seconds = strtod(copy, &end);
    return *end == 's' && end[1] == '\0' && seconds <= 86400 ? (int64_t)ceil(seconds * 1000) : -1;
}

// Google says among the details, not in a header, when to come again.
static int64_t retry_ms(const struct json *json, uint32_t object, struct arena *arena) {
    uint32_t details = json_get(json, object, "details");
    if (details == 0 || json_type(json, details) != JSON_ARRAY) {
        return -1;
    }
    for (uint32_t i = json_first(json, details); i; i = json_after(json, details, i)) {
        struct slice delay = text_at(json, i, "retryDelay", arena);
        if (delay.at) {
            return duration_ms(delay);
        }
    }
    return -1;
}

// A word such as "context_length_exceeded" says more as a code than the type beside it, which is
// "invalid_request_error" for everything.
static void read_members(const struct json *json, uint32_t object, struct arena *arena,
                         struct error_body *error) {
    static const char *const kinds[] = {"code", "type", "error_type", "status"};
    int64_t number;
    uint32_t code = json_get(json, object, "code");
    error->message = text_at(json, object, "message", arena);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !error->kind.len; i++) {
        error->kind = text_at(json, object, kinds[i], arena);
    }
    if (code && json_integer(json, code, &number) && number >= 400 && number <= 599) {
        error->status = (uint32_t)number;
    } else {
        error->status = status_of(error->kind);
    }
    error->retry_ms = retry_ms(json, object, arena);
}

// {"detail": "text"} or {"detail": [{"loc": […], "msg": "text"}]}
static struct slice detail_of(const struct json *json, uint32_t detail, struct arena *arena) {
    uint32_t first = json_at(json, detail, 0);
    struct slice message = first ? text_at(json, first, "msg", arena)
                                 : json_string(json, detail, arena);
    return message.at ? message : json_raw(json, detail);
}

bool error_body_find(const struct json *json, struct arena *arena, struct error_body *error) {
    uint32_t root = json_type(json, 0) == JSON_ARRAY ? json_at(json, 0, 0) : 0;
    uint32_t inner = json_get(json, root, "error");
    uint32_t detail = json_get(json, root, "detail");
    *error = (struct error_body){.retry_ms = -1};
    if (inner && json_type(json, inner) == JSON_OBJECT) {
        read_members(json, inner, arena, error);
        error->message = error->message.at ? error->message : json_raw(json, inner);
    } else if (inner && json_type(json, inner) != JSON_NULL) {
        read_members(json, root, arena, error);
        error->message = json_string(json, inner, arena);
        error->message = error->message.at ? error->message : json_raw(json, inner);
    } else if (detail) {
        error->message = detail_of(json, detail, arena);
    } else {
        uint32_t object = json_get(json, root, "object");
        read_members(json, root, arena, error);
        if (error->message.at == NULL || (object && !json_string_is(json, object, "error"))) {
            return false;
        }
    }
    find_cause(error);
    return true;
}

// --- no JSON

static struct slice trimmed(struct slice text) {
    while (text.len > 0 && (unsigned char)text.at[0] <= ' ') {
        text.at++;
        text.len--;
    }
    return text;
}

static struct slice title_of(struct slice page) {
    static const char open[] = "<title>";
    for (size_t at = 0; at + sizeof(open) <= page.len; at++) {
        if (strncasecmp(page.at + at, open, sizeof(open) - 1) != 0) {
            continue;
        }
        const char *from = page.at + at + sizeof(open) - 1;
        const char *end = memchr(from, '<', page.len - at - sizeof(open) + 1);
        if (end) {
            return (struct slice){from, (size_t)(end - from)};
        }
    }
    return (struct slice){0};
}

void error_body_read(struct slice body, struct arena *arena, struct error_body *error) {
    struct json json;
    struct err err;
    struct slice text = trimmed(body);
    *error = (struct error_body){.retry_ms = -1};
    if (json_parse(&json, body, &json_default_limits, arena, &err)) {
        if (!error_body_find(&json, arena, error)) {
            error->message = text;
        }
        return;
    }
    if (text.len > 0 && text.at[0] == '<') {
        struct slice title = title_of(text);
        error->message = title.len ? arena_printf(arena, "an HTML page: %.*s", SLICE_ARGS(title))
                                   : slice_of("an HTML page");
        return;
    }
    error->message = text;
    find_cause(error);
}
