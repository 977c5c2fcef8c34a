// Outcomes as server-sent events: each is JSON, numbered, and in the API's order.
#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "job/openai_stream.h"
#include "unit.h"

static struct arena_pool pool;
static struct arena arena;
static struct buf text;

static const struct stored_outcome outcome = {
    .verdict = {"accept", 6},
    .answer = {"\"two\\nlines\"", 12},
    .confidence = NAN,
    .model = {"small@1", 7},
    .input_tokens = 7,
    .output_tokens = 2,
    .decided_ms = 5000,
};

static int begin(void **state) {
    (void)state;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    return 0;
}

static int end(void **state) {
    (void)state;
    buf_fini(&text);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}

// Takes the next line off rest; a line that is data must be JSON, which json becomes.
static struct slice next_line(const char **rest, struct json *json) {
    struct slice line = {*rest, strcspn(*rest, "\n")};
    struct err err;
    *rest += line.len + 1;
    if (line.len > 6 && memcmp(line.at, "data: {", 7) == 0) {
        assert_true(json_parse(json, (struct slice){line.at + 6, line.len - 6},
                               &json_default_limits, &arena, &err));
    }
    return line;
}

static void test_a_response(void **state) {
    static const char *const types[] = {"response.created",           "response.in_progress",
                                        "response.output_item.added", "response.content_part.added",
                                        "response.output_text.delta", "response.output_text.done",
                                        "response.content_part.done", "response.output_item.done",
                                        "response.completed"};
    const struct openai_response response = {.outcome = &outcome, .path = slice_of("invoices")};
    (void)state;
    buf_clear(&text);
    openai_stream_response(&response, &arena, &text);
    const char *rest = buf_string(&text);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char head[64];
        struct json json;
        int64_t number;
        snprintf(head, sizeof(head), "event: %s", types[i]);
        assert_slice(next_line(&rest, &json), head);
        next_line(&rest, &json);
        assert_true(json_string_is(&json, json_get(&json, 0, "type"), types[i]));
        assert_true(json_integer(&json, json_get(&json, 0, "sequence_number"), &number));
        assert_int_equal(number, i);
        assert_slice(next_line(&rest, &json), "");
    }
    assert_string_equal(rest, "");
}

static size_t count_of(const char *what) {
    size_t count = 0;
    for (const char *at = buf_string(&text); (at = strstr(at, what)) != NULL; at++) {
        count++;
    }
    return count;
}

static void test_a_chat_tells_usage_where_asked(void **state) {
    (void)state;
    for (int usage = 0; usage < 2; usage++) {
        struct json json;
        buf_clear(&text);
        openai_stream_chat(&outcome, usage, &arena, &text);
        for (const char *rest = buf_string(&text); *rest;) {
            next_line(&rest, &json);
        }
        assert_int_equal(count_of("data: {"), 2 + usage);
        assert_int_equal(count_of("\"total_tokens\":9"), usage);
        assert_int_equal(count_of("two\\nlines"), 1);
        assert_int_equal(count_of("data: [DONE]\n\n"), 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_response),
        cmocka_unit_test(test_a_chat_tells_usage_where_asked),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
