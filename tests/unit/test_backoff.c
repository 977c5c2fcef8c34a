#include "base/backoff.h"
#include "unit.h"

static int64_t longest(const struct backoff *backoff, unsigned failures) {
    struct random random;
    int64_t most_ms = 0;
    random_seed(&random, 1);
    for (int i = 0; i < 2000; i++) {
        int64_t wait_ms = backoff_wait_ms(backoff, failures, &random);
        assert_true(wait_ms >= 1);
        most_ms = wait_ms > most_ms ? wait_ms : most_ms;
    }
    return most_ms;
}

static void test_waits_double_up_to_the_cap(void **state) {
    static const struct backoff backoff = {.base_ms = 10, .cap_ms = 60};
    (void)state;
    assert_int_equal(longest(&backoff, 1), 10);
    assert_int_equal(longest(&backoff, 2), 20);
    assert_int_equal(longest(&backoff, 3), 40);
    assert_int_equal(longest(&backoff, 4), 60);
    assert_int_equal(longest(&backoff, 4000000000), 60);
}

static void test_no_wait_is_still_one(void **state) {
    static const struct backoff backoff = {.base_ms = 0, .cap_ms = 0};
    (void)state;
    assert_int_equal(longest(&backoff, 7), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_double_up_to_the_cap),
        cmocka_unit_test(test_no_wait_is_still_one),
    };
    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
