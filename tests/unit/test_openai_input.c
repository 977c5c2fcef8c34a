// A Responses request as messages.
#include "job/openai_input.h"
#include "unit.h"

static struct arena_pool pool;
static struct arena arena;
static struct buf text;
static struct json body;

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

static void read_body(const char *json) {
    struct err err;
    assert_true(json_parse(&body, slice_of(json), &json_default_limits, &arena, &err));
    buf_clear(&text);
}

static void test_what_is_plain(void **state) {
    static const char *const unplain[][2] = {
        {"{\"input\":\"x\",\"tools\":[]}", "tools"},
        {"{\"model\":\"m\"}", "input"},
        {"{\"input\":{}}", "input"},
        {"{\"input\":[{\"type\":\"function_call_output\"}]}", "input"},
        {"{\"input\":[{\"role\":\"user\",\"content\":1}]}", "input"},
        {"{\"input\":\"x\",\"instructions\":[]}", "instructions"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(unplain) / sizeof(unplain[0]); i++) {
        read_body(unplain[i][0]);
        assert_slice(openai_input_unplain(&body, &arena), unplain[i][1]);
    }
    read_body(
        "{\"model\":\"m\",\"input\":[{\"type\":\"message\",\"role\":\"user\",\"content\":[]}],"
        "\"instructions\":null,\"store\":false,\"conversation\":{\"id\":\"conv_1\"}}");
    assert_null(openai_input_unplain(&body, &arena).at);
}

static void test_a_text_and_what_was_said_before(void **state) {
    (void)state;
    read_body(
        "{\"model\":\"m\",\"input\":\"a \\\"b\\\"\",\"instructions\":\"be brief\","
        "\"max_output_tokens\":5,\"metadata\":{},\"temperature\":0}");
    openai_input_write(&body, slice_of("{\"role\":\"user\",\"content\":\"x\"}"), &arena, &text);
    assert_slice(
        buf_slice(&text),
        "{\"model\":\"m\",\"max_completion_tokens\":5,\"temperature\":0,\"messages\":["
        "{\"role\":\"system\",\"content\":\"be brief\"},{\"role\":\"user\",\"content\":\"x\"},"
        "{\"role\":\"user\",\"content\":\"a \\\"b\\\"\"}]}");
    buf_clear(&text);
    openai_input_items(&body, &text);
    assert_slice(buf_slice(&text), "[{\"role\":\"user\",\"content\":\"a \\\"b\\\"\"}]");
}

static void test_parts_have_the_names_of_a_chat(void **state) {
    (void)state;
    read_body(
        "{\"input\":["
        "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"one\"}]},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"see\"},"
        "{\"type\":\"input_image\",\"image_url\":\"https://x/y\"},{\"type\":\"z\"},7]},"
        "{\"role\":\"assistant\",\"content\":[]}]}");
    openai_input_write(&body, (struct slice){0}, &arena, &text);
    assert_slice(
        buf_slice(&text),
        "{\"messages\":[{\"role\":\"user\",\"content\":\"one\"},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see\"},"
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x/y\"}},{\"type\":\"z\"},7]},"
        "{\"role\":\"assistant\",\"content\":[]}]}");
}

static void test_a_turn_and_its_answer(void **state) {
    (void)state;
    read_body("[{\"role\":\"user\",\"content\":\"q\"},{\"type\":\"reasoning\"},3]");
    openai_input_turn(&body, 0, &arena, &text);
    openai_input_answer(slice_of("\"a\""), &arena, &text);
    openai_input_answer(slice_of("{\"b\":1}"), &arena, &text);
    assert_slice(buf_slice(&text),
                 "{\"role\":\"user\",\"content\":\"q\"},"
                 "{\"role\":\"assistant\",\"content\":\"a\"},"
                 "{\"role\":\"assistant\",\"content\":\"{\\\"b\\\":1}\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_plain),
        cmocka_unit_test(test_a_text_and_what_was_said_before),
        cmocka_unit_test(test_parts_have_the_names_of_a_chat),
        cmocka_unit_test(test_a_turn_and_its_answer),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
