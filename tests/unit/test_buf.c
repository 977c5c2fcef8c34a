#include <math.h>

#include "base/buf.h"
#include "unit.h"

static void test_grows_and_ends_with_nul(void **state) {
    struct buf buf = {0};
    (void)state;
    assert_slice(buf_slice(&buf), "");
    assert_string_equal(buf_string(&buf), "");
    for (int i = 0; i < 1000; i++) {
        buf_printf(&buf, "%d,", i);
        assert_int_equal(strlen(buf_string(&buf)), buf.len);
    }
    assert_int_equal(buf.len, 10 * 2 + 90 * 3 + 900 * 4);
    buf_clear(&buf);
    buf_slice_add(&buf, (struct slice){0});
    buf_char(&buf, 'x');
    assert_string_equal(buf_string(&buf), "x");
    buf_fini(&buf);
}

// Lengths around the room that is left.
static void test_printf_at_the_edge(void **state) {
    (void)state;
    for (int len = 250; len < 260; len++) {
        struct buf buf = {0};
        buf_char(&buf, 'a');
        buf_printf(&buf, "%0*d", len, 7);
        assert_int_equal(buf.len, len + 1);
        assert_int_equal(buf.data[len], '7');
        assert_int_equal(buf.data[len + 1], 0);
        buf_fini(&buf);
    }
}

static void test_network_byte_order(void **state) {
    struct buf buf = {0};
    (void)state;
    buf_be16(&buf, 0x0102);
    buf_be32(&buf, 0x03040506);
    buf_be64(&buf, 0x0708090a0b0c0d0e);
    buf_be32_at(&buf, 2, 0xfffefdfc);
    assert_int_equal(buf.len, 14);
    assert_memory_equal(buf.data, "\1\2\xff\xfe\xfd\xfc\7\10\11\12\13\14\15\16", 14);
    buf_fini(&buf);
}

static void test_json_strings(void **state) {
    struct buf buf = {0};
    (void)state;
    buf_json_string(&buf, slice_of("a\"b\\c/\b\t\n\f\r\x01\x1f\x7f\u00e9"));
    assert_string_equal(buf_string(&buf),
                        "\"a\\\"b\\\\c/\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\u00e9\"");
    buf_clear(&buf);
    buf_json_string(&buf, (struct slice){0});
    assert_string_equal(buf_string(&buf), "\"\"");
    buf_fini(&buf);
}

static void test_json_numbers(void **state) {
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},       {0.1, "0.1"},   {1.0 / 3, "0.3333333333333333"}, {1e300, "1e+300"},
        {-5, "-5"},     {NAN, "null"},  {INFINITY, "null"},
        {0.1 + 0.2, "0.30000000000000004"},
    };
    struct buf buf = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buf_clear(&buf);
        buf_json_number(&buf, rows[i].value);
        assert_string_equal(buf_string(&buf), rows[i].text);
    }
    buf_fini(&buf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_and_ends_with_nul), cmocka_unit_test(test_printf_at_the_edge),
        cmocka_unit_test(test_network_byte_order),      cmocka_unit_test(test_json_strings),
        cmocka_unit_test(test_json_numbers),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
