// json_parse and json_check agree; what is read is within the text; writing a string and reading it
// gives the same characters.
#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "fuzz.h"

static const struct json_limits limits = {.depth = 16, .nodes = 4096};

static void check_string(const struct json *json, uint32_t node, struct arena *arena) {
    struct slice text = json_string(json, node, arena);
    struct buf written = {0};
    struct json again;
    struct err err;
    FUZZ_CHECK(utf8_valid(text) == text.len);
    FUZZ_CHECK(memchr(text.at, '\0', text.len) == NULL);
    buf_json_string(&written, text);
    FUZZ_CHECK(json_parse(&again, buf_slice(&written), &limits, arena, &err));
    FUZZ_CHECK(slice_equal(json_string(&again, 0, arena), text));
    buf_fini(&written);
}

static void check_node(const struct json *json, uint32_t node, struct arena *arena) {
    double number;
    int64_t integer;
    uint32_t count = 0;
    enum json_type type = json_type(json, node);
    FUZZ_CHECK(json->nodes[node].next > node && json->nodes[node].next <= json->count);
    FUZZ_CHECK(json_number(json, node, &number) <= (type == JSON_NUMBER));
    FUZZ_CHECK(json_integer(json, node, &integer) <= (type == JSON_NUMBER));
    for (uint32_t i = json_first(json, node); i; i = json_after(json, node, i)) {
        FUZZ_CHECK(type != JSON_ARRAY || json_at(json, node, count) == i);
        FUZZ_CHECK(type != JSON_OBJECT || json_type(json, i) == JSON_STRING);
        count++;
    }
    FUZZ_CHECK(count == json->nodes[node].count);
    if (type == JSON_STRING) {
        check_string(json, node, arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct json json;
    struct err err;
    struct slice text = fuzz_slice(data, size);
    arena_init(&arena, &pool);
    bool ok = json_parse(&json, text, &limits, &arena, &err);
    FUZZ_CHECK(json_check(text, &limits, &err) == ok);
    for (uint32_t i = 0; ok && i < json.count; i++) {
        check_node(&json, i, &arena);
    }
    if (ok) {
        struct slice whole = json_raw(&json, 0);
        FUZZ_CHECK(whole.at >= text.at && whole.at + whole.len <= text.at + text.len);
        FUZZ_CHECK(json_check(whole, &limits, &err));
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}
