#include "source_scene.h"


static const struct source_options plain = {
    .format = SOURCE_CSV, .input_bytes = 1000, .input_depth = 8};

static void gives(const char *text, const char *expected) {
    assert_source(&plain, slice_of(text), expected);
}

static void test_a_row_is_an_object_of_strings(void **state) {
    (void)state;
    gives("name,value\nLIVE HORSES,18.0\nTEA,5\n",
          "2 id=2 input={\"name\":\"LIVE HORSES\",\"value\":\"18.0\"}\n"
          "3 id=3 input={\"name\":\"TEA\",\"value\":\"5\"}\n");
}

static void test_line_ends_and_byte_order_mark(void **state) {
    (void)state;
    static const char *const texts[] = {"a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n",
                                        "a,b\r1,2\r3,4\r", "a,b\n1,2\n3,4",
                                        "\xef\xbb\xbf" "a,b\r\n1,2\r\n3,4"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        gives(texts[i], "2 id=2 input={\"a\":\"1\",\"b\":\"2\"}\n"
                        "3 id=3 input={\"a\":\"3\",\"b\":\"4\"}\n");
    }
}

static void test_quotes(void **state) {
    (void)state;
    gives("a,b\n\"x,y\",\"he said \"\"no\"\"\"\n\"two\r\nlines\",\"\"\n\"\"\"\",5\" pipe\nlast,z\n",
          "2 id=2 input={\"a\":\"x,y\",\"b\":\"he said \\\"no\\\"\"}\n"
          "3 id=3 input={\"a\":\"two\\r\\nlines\",\"b\":\"\"}\n"
          "5 id=5 input={\"a\":\"\\\"\",\"b\":\"5\\\" pipe\"}\n"
          "6 id=6 input={\"a\":\"last\",\"b\":\"z\"}\n");
}

static void test_bad_rows_do_not_stop_the_rest(void **state) {
    (void)state;
    gives("a,b\n1\n1,2,3\n\n,\n\"x\"y,2\n\"open,2\n\xff,2\nok,2\n",
          "2 bad: 1 field, where the header names 2\n"
          "3 bad: 3 fields, where the header names 2\n"
          "5 bad: no field has a value\n"
          "6 bad: something after a closing quote\n"
          "7 bad: a quote that is never closed\n"
          "8 bad: bytes that are not UTF-8 at byte 1\n"
          "9 id=9 input={\"a\":\"ok\",\"b\":\"2\"}\n");
}

static void test_a_stray_quote_costs_one_row(void **state) {
    (void)state;
    gives("a,b\n1,\"stray\n2,\"good\"\n3,\"good\"\n",
          "2 bad: something after a closing quote\n"
          "3 id=3 input={\"a\":\"2\",\"b\":\"good\"}\n"
          "4 id=4 input={\"a\":\"3\",\"b\":\"good\"}\n");
}

static void test_custom_ids_and_order_keys(void **state) {
    (void)state;
    struct source_options options = plain;
    gives("id,v\nx,1\ny,2\nx,3\n,4\n",
          "2 id=x input={\"id\":\"x\",\"v\":\"1\"}\n"
          "3 id=y input={\"id\":\"y\",\"v\":\"2\"}\n"
          "4 bad: the custom id 'x' for the second time\n"
          "5 id=5 input={\"id\":\"\",\"v\":\"4\"}\n");
    gives("id,custom_id\nx,1\n", "2 id=1 input={\"id\":\"x\",\"custom_id\":\"1\"}\n");
    options.id_field = "v";
    options.order_field = "id";
    assert_source(&options, slice_of("id,v\nx,1\ny,\n,3\n"),
                  "2 id=1 input={\"id\":\"x\",\"v\":\"1\"} key=x\n"
                  "3 bad: the column of the custom id is empty\n"
                  "4 id=3 input={\"id\":\"\",\"v\":\"3\"}\n");
}

static void test_headers(void **state) {
    (void)state;
    struct source_options options = plain;
    gives("", "");
    gives("a,b\n", "");
    gives("a,b,a\n1,2,3\n", "fail: the header names the column 'a' twice\n");
    gives("1,2.5,-3\n4,5,6\n", "fail: the first row should name the columns; it is: 1,2.5,-3\n");
    gives("a,\xff\n1,2\n",
          "fail: the header is not UTF-8: iconv -f WINDOWS-1252 -t UTF-8 may help\n");
    gives("a,\"b\n1,2\n", "fail: the header: a quote that is never closed\n");
    gives(",a\n0,x\n", "2 id=2 input={\"column_1\":\"0\",\"a\":\"x\"}\n");
    options.id_field = "nr";
    assert_source(&options, slice_of("a,b\n1,2\n"),
                  "fail: no column 'nr' for the custom id; the header is: a,b\n");
}

static void test_tabs_and_semicolons(void **state) {
    (void)state;
    gives("a\tb\n1,5\t2\n", "2 id=2 input={\"a\":\"1,5\",\"b\":\"2\"}\n");
    gives("a;\"b,c\"\n1,5;2\n", "2 id=2 input={\"a\":\"1,5\",\"b,c\":\"2\"}\n");
}

static void test_a_row_beyond_the_limit_is_dropped_as_it_comes(void **state) {
    (void)state;
    struct buf text = {0}, out = {0};
    size_t len = 3 << 20;
    buf_text(&text, "a,b\n1,");
    memset(buf_reserve(&text, len), 'x', len);
    text.len += len;
    buf_text(&text, "\n2,y\n");
    scene_run(&plain, buf_slice(&text), 0, 100000, &out);
    assert_string_equal(out.data, "2 bad: a line of more than 66536 bytes\n"
                                  "3 id=3 input={\"a\":\"2\",\"b\":\"y\"}\n");
    buf_fini(&text);
    buf_fini(&out);
}

static void test_an_input_beyond_the_limit(void **state) {
    (void)state;
    struct source_options options = plain;
    options.input_bytes = 10;
    assert_source(&options, slice_of("a\nlonger\nok\n"),
                  "2 bad: an input of 14 bytes, more than 10\n3 id=3 input={\"a\":\"ok\"}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_row_is_an_object_of_strings),
        cmocka_unit_test(test_line_ends_and_byte_order_mark),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_bad_rows_do_not_stop_the_rest),
        cmocka_unit_test(test_a_stray_quote_costs_one_row),
        cmocka_unit_test(test_custom_ids_and_order_keys),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_tabs_and_semicolons),
        cmocka_unit_test(test_a_row_beyond_the_limit_is_dropped_as_it_comes),
        cmocka_unit_test(test_an_input_beyond_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
