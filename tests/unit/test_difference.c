#include <math.h>

#include "quality/difference.h"
#include "unit.h"

enum { COUNT = 60, TRIALS = 300 };

// The first two are in his paper; the others come of solving for the ends of Wilson's intervals.
static void test_shares(void **state) {
    static const struct {
        uint64_t a_k, a_n, b_k, b_n;
        double value, low, high;
    } rows[] = {
        {48, 80, 56, 70, 0.2, 0.0524, 0.3339},
        {3, 10, 9, 10, 0.6, 0.1705, 0.8090},
        {2, 98, 6, 84, 0.0510, -0.0127, 0.1282},
        {0, 29, 5, 56, 0.0893, -0.0381, 0.1926},
        {0, 10, 10, 10, 1, 0.6075, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct difference d =
            difference_of_shares(rows[i].a_k, rows[i].a_n, rows[i].b_k, rows[i].b_n);
        assert_true(fabs(d.value - rows[i].value) < 1e-4);
        assert_true(fabs(d.low - rows[i].low) < 1e-4);
        assert_true(fabs(d.high - rows[i].high) < 1e-4);
    }
}

static void test_of_what_does_not_vary(void **state) {
    const int64_t a[] = {5, 5, 5}, b[] = {9, 9};
    struct random random;
    (void)state;
    random_seed(&random, 1);
    struct difference d = difference_of(DIFFERENCE_MEDIAN, a, 3, b, 2, &random);
    assert_true(d.value == 4 && d.low == 4 && d.high == 4);
}

static void test_mean_and_median(void **state) {
    const int64_t a[] = {1, 2, 3, 4, 100}, b[] = {30, 10, 40, 20};
    struct random random;
    (void)state;
    random_seed(&random, 1);
    assert_true(difference_of(DIFFERENCE_MEAN, a, 5, b, 4, &random).value == 25 - 22);
    assert_true(difference_of(DIFFERENCE_MEDIAN, a, 5, b, 4, &random).value == 20 - 3);
    struct difference d = difference_of(DIFFERENCE_MEDIAN, a, 5, b, 4, &random);
    assert_true(d.low <= d.value && d.value <= d.high);
}

// Latencies as they are, with a long tail: b's are 1.3 times a's. How often is the truth within?
static void test_it_holds_as_often_as_it_says(void **state) {
    const double log_2 = 0.69314718055994531, scale = 1000;
    int64_t a[COUNT], b[COUNT];
    int within[2] = {0, 0};
    struct random random;
    (void)state;
    random_seed(&random, 7);
    for (int trial = 0; trial < TRIALS; trial++) {
        for (int i = 0; i < COUNT; i++) {
            a[i] = (int64_t)(-scale * log(1 - random_unit(&random)));
            b[i] = (int64_t)(-1.3 * scale * log(1 - random_unit(&random)));
        }
        for (int what = 0; what < 2; what++) {
            double truth = 0.3 * scale * (what == DIFFERENCE_MEDIAN ? log_2 : 1);
            struct difference d =
                difference_of((enum difference_of)what, a, COUNT, b, COUNT, &random);
            within[what] += d.low <= truth && truth <= d.high;
        }
    }
    assert_in_range(within[DIFFERENCE_MEAN], TRIALS * 90 / 100, TRIALS * 99 / 100);
    assert_in_range(within[DIFFERENCE_MEDIAN], TRIALS * 90 / 100, TRIALS * 99 / 100);
}

static void test_a_seed_repeats_it(void **state) {
    const int64_t a[] = {1, 5, 9, 13, 2}, b[] = {3, 3, 8, 40};
    struct random random;
    struct difference d[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        random_seed(&random, 3);
        d[i] = difference_of(DIFFERENCE_MEAN, a, 5, b, 4, &random);
    }
    assert_true(d[0].low == d[1].low && d[0].high == d[1].high);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_of_what_does_not_vary),
        cmocka_unit_test(test_mean_and_median),
        cmocka_unit_test(test_it_holds_as_often_as_it_says),
        cmocka_unit_test(test_a_seed_repeats_it),
    };
    return cmocka_run_group_tests_name("difference", tests, NULL, NULL);
}
