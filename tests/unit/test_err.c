#include "base/err.h"
#include "base/utf8.h"
#include "unit.h"

// What a server says may be long and in any language; the text is stored with dead letters.
static void test_a_text_that_is_cut_stays_utf8(void **state) {
    struct err err;
    char words[4 * sizeof(err.text)];
    (void)state;
    for (size_t from = 0; from < 4; from++) {
        memset(words, 'x', from);
        for (size_t at = from; at + 4 < sizeof(words); at += 4) {
            memcpy(words + at, "\xf0\x9f\x98\x80", 5);
        }
        assert_false(err_poison(&err, "%s", words));
        assert_int_equal(utf8_valid(slice_of(err.text)), strlen(err.text));
        assert_true(strlen(err.text) > sizeof(err.text) - 5);
        assert_false(err_prefix(&err, "before"));
        assert_int_equal(utf8_valid(slice_of(err.text)), strlen(err.text));
    }
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
        cmocka_unit_test(test_a_text_that_is_cut_stays_utf8),
        cmocka_unit_test(test_a_cut_character_goes),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
