#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "unit.h"

static const struct json_limits limits = {.depth = 4, .nodes = 100};

struct scene {
    struct arena_pool pool;
    struct arena arena;
    struct json json;
    struct err err;
};

static int setup(void **state) {
    static struct scene s;
    s = (struct scene){0};
    arena_init(&s.arena, &s.pool);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct scene *s = *state;
    arena_fini(&s->arena);
    arena_pool_fini(&s->pool);
    return 0;
}

static bool parse(struct scene *s, const char *text) {
    bool ok = json_parse(&s->json, slice_of(text), &limits, &s->arena, &s->err);
    struct err err;
    assert_int_equal(json_check(slice_of(text), &limits, &err), ok);
    return ok;
}

static void test_what_is_json(void **state) {
    static const char *const texts[] = {
        "0", "-0", "-1.5e+10", "1E400", "0.0", "1e-1", "true", " null\r\n\t", "\"\"", "[]", "{}",
        "[ ]", "{ }", "[[[[]]]]", "{\"a\":{\"a\":1},\"b\":{\"a\":1}}", "\"\\u0041\\ud83d\\ude00\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\u00e9\U0001F600\x7f\"", "{\"\":1}",
        "[1,\"\",null,{}]",
    };
    struct scene *s = *state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!parse(s, texts[i])) {
            fail_msg("%s: %s", texts[i], s->err.text);
        }
    }
}

// Objects do not share their keys, however alike these and the objects' places are.
static void test_keys_of_many_objects(void **state) {
    struct buf text = {0};
    struct err err;
    (void)state;
    for (int i = 0; i < 4000; i++) {
        buf_printf(&text, "%s{\"%c\":%d,\"%c%c\":{\"nam%c\":1}}", i ? "," : "[", 'a' + i % 26, i,
                   'a' + i / 26 % 26, 'a' + i % 17, 'a' + i % 19);
    }
    buf_char(&text, ']');
    if (!json_check(buf_slice(&text), &json_default_limits, &err)) {
        fail_msg("%s", err.text);
    }
    buf_fini(&text);
    assert_true(json_check(slice_of("[{\"a\":1},{\"d\":2}]"), &json_default_limits, &err));
}

static void test_what_is_none(void **state) {
    static const char *const texts[] = {
        "", " ", "nul", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+",
        "0x1", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "\"\t\"", "\"\n\"", "'a'", "[",
        "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1]", "1 2", "{}{}", "// x\n1", "1,",
        "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"", "\"\\u0000\"", "\xef\xbb\xbf" "1",
        "\"\xff\"", "\"\xc3\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x82\"", "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":1}", "[[[[[]]]]]",
        "{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}",
    };
    struct scene *s = *state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (parse(s, texts[i])) {
            fail_msg("%s was taken", texts[i]);
        }
        assert_int_equal(s->err.kind, ERR_POISON);
    }
}

static void test_a_nul_is_no_end(void **state) {
    struct scene *s = *state;
    assert_false(json_check((struct slice){"1\0", 2}, &limits, &s->err));
    assert_false(json_check((struct slice){"\"\0\"", 3}, &limits, &s->err));
    assert_false(json_check((struct slice){NULL, 0}, &limits, &s->err));
    assert_true(json_check((struct slice){"12", 1}, &limits, &s->err));  // nothing behind is read
}

static void test_errors_name_the_byte(void **state) {
    struct scene *s = *state;
    assert_false(parse(s, "{\"a\": 1, \"b\": x}"));
    assert_string_equal(s->err.text, "not JSON: no value at byte 15");
    assert_false(parse(s, "[[[[[1]]]]]"));
    assert_string_equal(s->err.text, "JSON nested deeper than 4 at byte 5");
}

static void test_limits(void **state) {
    struct scene *s = *state;
    struct buf text = {0};
    buf_char(&text, '[');
    for (int i = 0; i < 99; i++) {
        buf_text(&text, i ? ",1" : "1");
    }
    buf_char(&text, ']');
    assert_true(json_check(buf_slice(&text), &limits, &s->err));
    text.len--;
    buf_text(&text, ",1]");
    assert_false(json_check(buf_slice(&text), &limits, &s->err));
    buf_clear(&text);
    for (int i = 0; i < 200000; i++) {
        buf_char(&text, '[');
    }
    assert_false(json_check(buf_slice(&text), &json_default_limits, &s->err));
    buf_fini(&text);
}

static void test_walking(void **state) {
    struct scene *s = *state;
    assert_true(parse(s, "{\"a\": [10, {\"x\": []}, 30], \"b\\u0021\": \"v\"}"));
    const struct json *json = &s->json;
    uint32_t a = json_get(json, 0, "a"), b = json_get(json, 0, "b!");
    assert_slice(json_raw(json, a), "[10, {\"x\": []}, 30]");
    assert_slice(json_raw(json, b), "\"v\"");
    assert_slice(json_raw(json, json_at(json, a, 2)), "30");
    assert_int_equal(json_at(json, a, 3), 0);
    assert_int_equal(json_get(json, 0, "x"), 0);
    assert_int_equal(json_get(json, a, "x"), 0);
    assert_int_equal(json_at(json, 0, 0), 0);
    uint32_t key = json_first(json, 0);
    assert_true(json_string_is(json, key, "a"));
    key = json_after(json, 0, key);
    assert_true(json_string_is(json, key, "b!"));
    assert_int_equal(json_after(json, 0, key), 0);
    uint32_t element = json_first(json, a);
    element = json_after(json, a, json_after(json, a, element));
    assert_slice(json_raw(json, element), "30");
    assert_int_equal(json_after(json, a, element), 0);
    assert_true(parse(s, "[]"));
    assert_int_equal(json_first(&s->json, 0), 0);
}

static void test_strings(void **state) {
    struct scene *s = *state;
    assert_true(parse(s, "\"\\ud83d\\ude00\\u00e9\\n\\/\""));
    assert_slice(json_string(&s->json, 0, &s->arena), "\U0001F600\u00e9\n/");
    assert_true(json_string_is(&s->json, 0, "\U0001F600\u00e9\n/"));
    assert_true(parse(s, "1"));
    assert_null(json_string(&s->json, 0, &s->arena).at);
    assert_false(json_string_is(&s->json, 0, "1"));
}

static void test_numbers(void **state) {
    static const struct {
        const char *text;
        bool number, integer;
        double value;
    } rows[] = {
        {"0", true, true, 0},
        {"-12", true, true, -12},
        {"1.5", true, false, 1.5},
        {"1e2", true, false, 100},
        {"1e308", true, false, 1e308},
        {"1e309", false, false, 0},
        {"9223372036854775807", true, true, 9223372036854775807.0},
        {"9223372036854775808", true, false, 9223372036854775808.0},
        {"\"1\"", false, false, 0},
        {"null", false, false, 0},
    };
    struct scene *s = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double number;
        int64_t integer;
        assert_true(parse(s, rows[i].text));
        assert_int_equal(json_number(&s->json, 0, &number), rows[i].number);
        assert_int_equal(json_integer(&s->json, 0, &integer), rows[i].integer);
        assert_true(!rows[i].number || number == rows[i].value);
        assert_true(!rows[i].integer || (double)integer == rows[i].value);
    }
}

// The scratch that readers share is given back as it was, after errors too.
static void test_one_document_after_another(void **state) {
    struct scene *s = *state;
    struct json first;
    assert_true(json_parse(&first, slice_of("{\"a\":1}"), &limits, &s->arena, &s->err));
    assert_false(parse(s, "{\"a\":{\"b\":[1,2,"));
    struct buf many = {0};
    buf_char(&many, '{');
    for (int i = 0; i < 5000; i++) {
        buf_printf(&many, "%s\"k%d\":%d", i ? "," : "", i, i);
    }
    buf_char(&many, '}');
    assert_true(json_parse(&s->json, buf_slice(&many), &json_default_limits, &s->arena, &s->err));
    assert_slice(json_raw(&s->json, json_get(&s->json, 0, "k4999")), "4999");
    many.len--;
    buf_text(&many, ",\"k77\":1}");
    assert_false(json_check(buf_slice(&many), &json_default_limits, &s->err));
    assert_true(parse(s, "{\"a\":1}"));
    assert_slice(json_raw(&first, json_get(&first, 0, "a")), "1");
    buf_fini(&many);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_of_many_objects, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_nul_is_no_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors_name_the_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_walking, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_document_after_another, setup, teardown),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
