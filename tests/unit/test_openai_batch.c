#include "source_scene.h"

static const struct source_options plain = {
    .format = SOURCE_OPENAI, .input_bytes = 1000, .input_depth = 8};

#define CHAT "\"method\":\"POST\",\"url\":\"/v1/chat/completions\""

static void gives(const char *text, const char *expected) {
    assert_source(&plain, slice_of(text), expected);
}

static void test_the_body_is_the_input(void **state) {
    (void)state;
    gives("{\"custom_id\":\"r-1\"," CHAT ",\"body\":{\"model\":\"m\",\"messages\":[]}}\n"
          "{\"body\": {}, \"custom_id\":\"r\\u002d2\",\"url\":\"/v1/responses\"}",
          "1 id=r-1 input={\"model\":\"m\",\"messages\":[]}\n2 id=r-2 input={}\n");
}

static void test_lines_that_are_no_requests(void **state) {
    (void)state;
    gives("{" CHAT ",\"body\":{}}\n{\"custom_id\":\"\"," CHAT ",\"body\":{}}\n"
          "{\"custom_id\":1," CHAT ",\"body\":{}}\n"
          "{\"custom_id\":\"a\",\"method\":\"GET\",\"body\":{}}\n"
          "{\"custom_id\":\"a\",\"url\":\"/v1/embeddings\",\"body\":{}}\n"
          "{\"custom_id\":\"a\"," CHAT "}\n{\"custom_id\":\"a\"," CHAT ",\"body\":[]}\n"
          "[]\nnot\n{\"custom_id\":\"a\"," CHAT ",\"body\":{}}\n"
          "{\"custom_id\":\"a\"," CHAT ",\"body\":{}}\n",
          "1 bad: no 'custom_id' that is a string\n2 bad: no 'custom_id' that is a string\n"
          "3 bad: no 'custom_id' that is a string\n4 bad: 'method' is not \"POST\"\n"
          "5 bad: 'url' is not /v1/chat/completions, /v1/responses or /v1/completions\n"
          "6 bad: no 'body' that is an object\n7 bad: no 'body' that is an object\n"
          "8 bad: an array, where an object should be\n"
          "9 bad: not JSON: a word that is none at byte 1\n"
          "10 id=a input={}\n11 bad: the custom id 'a' for the second time\n");
}

static void test_the_order_key_is_in_the_body(void **state) {
    (void)state;
    struct source_options options = plain;
    options.order_field = "user";
    assert_source(&options,
                  slice_of("{\"custom_id\":\"a\",\"user\":\"no\"," CHAT ","
                           "\"body\":{\"user\":\"u\"}}\n"),
                  "1 id=a input={\"user\":\"u\"} key=u\n");
}

static void test_the_envelope_does_not_count_as_depth(void **state) {
    (void)state;
    struct source_options options = plain;
    options.input_depth = 1;
    assert_source(&options,
                  slice_of("{\"custom_id\":\"a\"," CHAT ",\"body\":{\"x\":1}}\n"
                           "{\"custom_id\":\"b\"," CHAT ",\"body\":{\"x\":{}}}\n"),
                  "1 id=a input={\"x\":1}\n2 bad: JSON nested deeper than 2 at byte 75\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_body_is_the_input),
        cmocka_unit_test(test_lines_that_are_no_requests),
        cmocka_unit_test(test_the_order_key_is_in_the_body),
        cmocka_unit_test(test_the_envelope_does_not_count_as_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
