// What is usual by now.
#include "job/usual.h"

#include "unit.h"

static void test_too_few_say_nothing(void **state) {
    struct usual usual = {{0}, 0};
    (void)state;
    assert_int_equal(usual_ms(&usual, 100000), -1);
    for (int64_t i = 0; i < 49; i++) {
        usual_hear(&usual, 300, 100000 + i);
    }
    assert_int_equal(usual_ms(&usual, 100049), -1);
    usual_hear(&usual, 300, 100050);
    assert_in_range(usual_ms(&usual, 100050), 250, 310);
}

static void test_what_is_long_ago_is_forgotten(void **state) {
    struct usual usual = {{0}, 0};
    (void)state;
    for (int64_t i = 0; i < 60; i++) {
        usual_hear(&usual, 300, 100000);
    }
    assert_true(usual_ms(&usual, 109999) > 0);
    assert_int_equal(usual_ms(&usual, 110000), -1);
    usual_hear(&usual, 5, 110000);  // and one is too few again
    assert_int_equal(usual_ms(&usual, 110000), -1);
    for (int64_t i = 0; i < 60; i++) {
        usual_hear(&usual, 5, 110001);
    }
    assert_in_range(usual_ms(&usual, 110001), 1, 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_few_say_nothing),
        cmocka_unit_test(test_what_is_long_ago_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
