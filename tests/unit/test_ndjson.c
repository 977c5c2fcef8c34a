#include "source_scene.h"

#include "base/set.h"
#include "job/lines.h"

static const struct source_options plain = {
    .format = SOURCE_NDJSON, .input_bytes = 1000, .input_depth = 3};

static void gives(const char *text, const char *expected) {
    assert_source(&plain, slice_of(text), expected);
}

static void test_an_object_a_line(void **state) {
    (void)state;
    gives("{\"t\":1}\n\n  {\"t\" : \"\xc3\xa9\"} \r\n{\"t\":3}",
          "1 id=1 input={\"t\":1}\n3 id=3 input={\"t\" : \"\xc3\xa9\"}\n4 id=4 input={\"t\":3}\n");
    gives("\xef\xbb\xbf{\"t\":1}\n", "1 id=1 input={\"t\":1}\n");
    gives("", "");
    gives("\n \n", "");
}

static void test_lines_have_no_ends(void **state) {
    (void)state;
    struct lines lines;
    struct slice line;
    uint64_t number;
    lines_init(&lines, 100);
    lines_put(&lines, slice_of("a\r\n\nb"));
    assert_int_equal(lines_next(&lines, &line, &number), LINES_LINE);
    assert_slice(line, "a");
    assert_int_equal(lines_next(&lines, &line, &number), LINES_LINE);
    assert_int_equal(line.len, 0);
    assert_int_equal(lines_next(&lines, &line, &number), LINES_MORE);
    lines_put(&lines, slice_of(""));
    assert_int_equal(lines_next(&lines, &line, &number), LINES_LINE);
    assert_slice(line, "b");
    assert_int_equal(number, 3);
    assert_int_equal(lines_next(&lines, &line, &number), LINES_END);
    lines_fini(&lines);
}

static void test_custom_ids(void **state) {
    (void)state;
    struct source_options options = plain;
    gives("{\"id\":\"a\"}\n{\"custom_id\":7,\"id\":\"b\"}\n{\"id\":null}\n{\"id\":\"\"}\n",
          "1 id=a input={\"id\":\"a\"}\n2 id=7 input={\"custom_id\":7,\"id\":\"b\"}\n"
          "3 id=3 input={\"id\":null}\n4 id=4 input={\"id\":\"\"}\n");
    gives("{\"id\":\"\\u0061\"}\n{\"id\":\"a\"}\n{\"id\":[1]}\n",
          "1 id=a input={\"id\":\"\\u0061\"}\n"
          "2 bad: the custom id 'a' for the second time\n"
          "3 bad: 'id' is an array, where a string or a number should be\n");
    options.id_field = "nr";
    options.order_field = "customer";
    assert_source(&options,
                  slice_of("{\"nr\":1,\"customer\":\"c\"}\n{\"id\":2}\n"
                           "{\"nr\":3,\"customer\":{}}\n"),
                  "1 id=1 input={\"nr\":1,\"customer\":\"c\"} key=c\n"
                  "2 bad: no 'nr', which should be the custom id\n"
                  "3 bad: 'customer' is an object, where a string or a number should be\n");
}

static void test_bad_lines_do_not_stop_the_rest(void **state) {
    (void)state;
    gives("[1]\n{\"a\":\n{\"a\":\"\xff\"}\n{\"a\":[[[[1]]]]}\n{\"a\":1}\n",
          "1 bad: an array, where an object should be\n"
          "2 bad: not JSON: the end where a value should be at byte 6\n"
          "3 bad: not JSON: bytes that are not UTF-8 at byte 7\n"
          "4 bad: JSON nested deeper than 3 at byte 8\n"
          "5 id=5 input={\"a\":1}\n");
}

static void test_a_line_beyond_the_limit_is_dropped_as_it_comes(void **state) {
    (void)state;
    struct buf text = {0}, out = {0};
    size_t len = 10 << 20;
    memset(buf_reserve(&text, len), 'x', len);
    text.len += len;
    buf_text(&text, "\n{\"a\":1}\n");
    scene_run(&plain, buf_slice(&text), 0, 65536, &out);
    assert_string_equal(out.data, "1 bad: a line of more than 66536 bytes\n"
                                  "2 id=2 input={\"a\":1}\n");
    buf_fini(&text);
    buf_fini(&out);
}

static void test_long_ids_and_inputs(void **state) {
    (void)state;
    struct source_options options = plain;
    struct buf text = {0};
    options.input_bytes = 600;
    buf_printf(&text, "{\"id\":\"%0513d\"}\n{\"text\":\"%0600d\"}\n{}\n", 0, 0);
    assert_source(&options, buf_slice(&text),
                  "1 bad: a custom id of 513 bytes, more than 512\n"
                  "2 bad: an input of 611 bytes, more than 600\n3 id=3 input={}\n");
    buf_fini(&text);
}

static bool sniffed(const char *bytes, size_t len, const char *text) {
    struct err err;
    assert_false(source_sniff((struct slice){bytes, len}, &err));
    return strstr(err.text, text) != NULL;
}

static void test_what_is_no_text_is_named(void **state) {
    (void)state;
    struct err err;
    assert_true(sniffed("", 0, "empty"));
    assert_true(sniffed("\x1f\x8b\x08", 3, "gzip"));
    assert_true(sniffed("PK\x03\x04..", 6, "spreadsheet"));
    assert_true(sniffed("\xff\xfe{", 3, "UTF-16"));
    assert_true(sniffed("ab\0c", 4, "zero byte at byte 3"));
    assert_true(source_sniff(slice_of("{}"), &err));
}

static void guesses(const char *head, const char *name, enum source_format expected) {
    enum source_format format = expected == SOURCE_CSV ? SOURCE_NDJSON : SOURCE_CSV;
    struct err err;
    assert_true(source_guess(slice_of(head), name, &format, &err));
    assert_int_equal(format, expected);
}

static void test_the_format_is_guessed(void **state) {
    (void)state;
    enum source_format format;
    struct err err;
    guesses("{\"a\":1}\n", NULL, SOURCE_NDJSON);
    guesses("\xef\xbb\xbf\n {\"a\":1}", "x.txt", SOURCE_NDJSON);
    guesses("a,b\n", NULL, SOURCE_CSV);
    guesses("{\"a\":1}\n", "x.CSV", SOURCE_CSV);
    guesses("oops\n", "x.jsonl", SOURCE_NDJSON);
    guesses("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/responses\",\"body\":{}}\n",
            "x.jsonl", SOURCE_OPENAI);
    assert_false(source_guess(slice_of("[{\"a\":1}]"), NULL, &format, &err));
    assert_non_null(strstr(err.text, "jq -c '.[]'"));
    assert_false(source_guess(slice_of("{\n \"a\":1}"), NULL, &format, &err));
    assert_false(source_guess(slice_of("<html>"), NULL, &format, &err));
}

static void test_a_set_knows_what_was_added(void **state) {
    (void)state;
    struct set set = {0};
    for (uint64_t i = 0; i < 5000; i++) {
        assert_true(set_add(&set, i * 1024));
    }
    for (uint64_t i = 0; i < 5000; i++) {
        assert_false(set_add(&set, i * 1024));
    }
    assert_int_equal(set.count, 5000);
    set_fini(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_object_a_line),
        cmocka_unit_test(test_lines_have_no_ends),
        cmocka_unit_test(test_custom_ids),
        cmocka_unit_test(test_bad_lines_do_not_stop_the_rest),
        cmocka_unit_test(test_a_line_beyond_the_limit_is_dropped_as_it_comes),
        cmocka_unit_test(test_long_ids_and_inputs),
        cmocka_unit_test(test_what_is_no_text_is_named),
        cmocka_unit_test(test_the_format_is_guessed),
        cmocka_unit_test(test_a_set_knows_what_was_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
