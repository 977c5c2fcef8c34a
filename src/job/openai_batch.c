#include "job/openai_batch.h"

#include "job/ndjson.h"

enum { REQUEST_DEPTH = 1 };  // the body lies one deeper than the line

static const char *const urls[] = {"/v1/chat/completions", "/v1/responses", "/v1/completions"};

static bool url_is_known(const struct json *json, uint32_t node) {
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        if (json_string_is(json, node, urls[i])) {
            return true;
        }
    }
    return false;
}

// NULL: all is well.
static const char *request_wrong(const struct json *json, uint32_t body,
                                 const struct source_options *options) {
    uint32_t custom_id = json_get(json, 0, "custom_id");
    uint32_t method = json_get(json, 0, "method");
    uint32_t url = json_get(json, 0, "url");
    if (custom_id == 0 || json_type(json, custom_id) != JSON_STRING ||
        json_string_is(json, custom_id, "")) {
        return "no 'custom_id' that is a string";
    }
    if (method != 0 && !json_string_is(json, method, "POST")) {
        return "'method' is not \"POST\"";
    }
    if (url != 0 && !url_is_known(json, url)) {
        return "'url' is not /v1/chat/completions, /v1/responses or /v1/completions";
    }
    if (options->endpoint && (url == 0 || !json_string_is(json, url, options->endpoint))) {
        return "'url' is not the endpoint of the batch";
    }
    if (body == 0 || json_type(json, body) != JSON_OBJECT) {
        return "no 'body' that is an object";
    }
    return NULL;
}

void openai_batch_read(struct slice line, const struct source_options *options,
                       struct arena *arena, struct source_record *record) {
    const struct json_limits limits = {options->input_depth + REQUEST_DEPTH,
                                       json_default_limits.nodes};
    struct json json;
    struct err err;
    if (!json_parse(&json, line, &limits, arena, &err)) {
        record->bad = arena_slice(arena, slice_of(err.text));
        return;
    }
    if (json_type(&json, 0) != JSON_OBJECT) {
        record->bad = arena_printf(arena, "%s, where an object should be",
                                   json_type_name(json_type(&json, 0)));
        return;
    }
    uint32_t body = json_get(&json, 0, "body");
    const char *wrong = request_wrong(&json, body, options);
    if (wrong) {
        record->bad = slice_of(wrong);
        return;
    }
    record->input = json_raw(&json, body);
    record->custom_id = json_string(&json, json_get(&json, 0, "custom_id"), arena);
    uint32_t model = json_get(&json, body, "model");
    if (model) {
        record->model = json_string(&json, model, arena);
    }
    if (options->order_field) {
        (void)ndjson_name(&json, (struct ndjson_member){body, options->order_field}, arena,
                          &record->order_key, &record->bad);
    }
}

static bool has_members(const struct json *json) {
    return json_type(json, 0) == JSON_OBJECT && json_get(json, 0, "custom_id") &&
           json_get(json, 0, "url") && json_get(json, 0, "body");
}

bool openai_batch_is(struct slice line) {
    struct arena_pool pool;
    struct arena arena;
    struct json json;
    struct err err;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    bool is = json_parse(&json, line, &json_default_limits, &arena, &err) && has_members(&json);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return is;
}
