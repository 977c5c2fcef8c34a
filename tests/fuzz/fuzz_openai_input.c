// A Responses body as messages. Whatever it holds: where it is plain, what is made of it is JSON
// whose messages have a role and a content, those from before included, and its items can be read
// again as a turn.
#include "base/json.h"
#include "fuzz.h"
#include "job/openai_input.h"

static const char earlier[] = "{\"role\":\"user\",\"content\":\"before\"}";

// The array of messages in the object that was written.
static void check_messages(struct slice text, struct arena *arena) {
    struct json json;
    struct err err;
    FUZZ_CHECK(json_parse(&json, text, &json_default_limits, arena, &err));
    uint32_t messages = json_get(&json, 0, "messages");
    FUZZ_CHECK(messages && openai_input_is_messages(&json, messages));
    FUZZ_CHECK(json.nodes[messages].count >= 1);
}

static void check_turn(struct slice items, struct arena *arena) {
    struct json json;
    struct err err;
    struct buf out = {0};
    FUZZ_CHECK(json_parse(&json, items, &json_default_limits, arena, &err));
    FUZZ_CHECK(openai_input_is_messages(&json, 0));
    buf_text(&out, "{\"messages\":[");
    openai_input_turn(&json, 0, arena, &out);
    openai_input_answer(items, arena, &out);
    buf_text(&out, "]}");
    check_messages(buf_slice(&out), arena);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct json body;
    struct err err;
    struct buf out = {0};
    arena_init(&arena, &pool);
    if (json_parse(&body, fuzz_slice(data, size), &json_default_limits, &arena, &err) &&
        json_type(&body, 0) == JSON_OBJECT && openai_input_unplain(&body, &arena).at == NULL) {
        openai_input_write(&body, slice_of(earlier), &arena, &out);
        check_messages(buf_slice(&out), &arena);
        buf_clear(&out);
        openai_input_items(&body, &out);
        check_turn(buf_slice(&out), &arena);
    }
    buf_fini(&out);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}
