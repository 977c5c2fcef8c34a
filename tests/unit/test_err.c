#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "unit.h"

static const char a[] = "a", e[] = "\u00e9", hindi[] = "\u0939", smile[] = "\U0001f600";

// `before` bytes, then one character again and again, beyond what an error holds.
static void fill(struct buf *text, size_t before, const char *character) {
    buf_clear(text);
    for (size_t i = 0; i < before; i++) {
        buf_char(text, 'x');
    }
    while (text->len < 700) {
        buf_text(text, character);
    }
}

static void test_a_text_that_is_cut_is_still_utf8(void **state) {
    static const char *const characters[] = {a, e, hindi, smile};
    struct buf text = {0};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t before = 0; before < 8; before++) {
            struct err err;
            fill(&text, before, characters[i]);
            err_poison(&err, "%s", buf_string(&text));
            size_t len = strlen(err.text);
            assert_int_equal(utf8_valid(slice_of(err.text)), len);
            assert_true(len < sizeof(err.text) && len + strlen(characters[i]) >= sizeof(err.text));
            err_prefix(&err, "%.*s", (int)before, "12345678");
            assert_int_equal(utf8_valid(slice_of(err.text)), strlen(err.text));
        }
    }
    buf_fini(&text);
}

static void test_a_text_that_fits_stays(void **state) {
    struct buf text = {0};
    struct err err;
    (void)state;
    while (text.len + sizeof(hindi) < sizeof(err.text)) {
        buf_char(&text, 'x');
    }
    buf_text(&text, hindi);
    err_retry(&err, "%s", buf_string(&text));
    assert_int_equal(text.len, sizeof(err.text) - 1);
    assert_string_equal(err.text, text.data);
    buf_fini(&text);
}

static void test_a_cut_character_goes(void **state) {
    (void)state;
    assert_int_equal(utf8_uncut(slice_of("ab")), 2);
    assert_int_equal(utf8_uncut(slice_of("")), 0);
    assert_int_equal(utf8_uncut(slice_of("a\xc3\xa9")), 3);
    assert_int_equal(utf8_uncut(slice_of("a\xc3")), 1);
    assert_int_equal(utf8_uncut(slice_of("a\xf0\x9f\x98")), 1);
    assert_int_equal(utf8_uncut(slice_of("\x98\x98\x98\x98")), 4);  // no character at all
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_that_is_cut_is_still_utf8),
        cmocka_unit_test(test_a_text_that_fits_stays),
        cmocka_unit_test(test_a_cut_character_goes),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
