#include "quality/drift.h"

#include <math.h>

#include "base/random.h"
#include "unit.h"

enum { COUNT = 5000 };

static double values[COUNT];

// Confidences as squares of even numbers, shifted.
static double draw(struct random *random, double shift) {
    double x = random_unit(random);
    return fmin(1, fmax(0, 1 - x * x + shift));
}

static struct drift_spread tested(void) {
    struct random random;
    struct drift_spread spread;
    random_seed(&random, 1);
    for (int i = 0; i < COUNT; i++) {
        values[i] = draw(&random, 0);
    }
    drift_spread_of(values, COUNT, &spread);
    return spread;
}

static void test_tenths(void **state) {
    struct drift_spread spread = tested();
    (void)state;
    assert_int_equal(spread.bins, DRIFT_BINS);
    for (uint32_t i = 0; i < spread.bins; i++) {
        assert_true(fabs(spread.share[i] - 0.1) < 0.001);
        assert_true(i == 0 || i + 1 == spread.bins || spread.from[i] > spread.from[i - 1]);
    }
}

static void test_equal_values_stay_together(void **state) {
    struct drift_spread spread;
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        values[i] = i % 10 < 7 ? 0.9 : 1;
    }
    drift_spread_of(values, COUNT, &spread);
    assert_int_equal(spread.bins, 2);
    assert_true(spread.from[0] == 1);
    assert_true(fabs(spread.share[0] - 0.7) < 1e-9 && fabs(spread.share[1] - 0.3) < 1e-9);
    drift_spread_of(values, 0, &spread);
    assert_int_equal(spread.bins, 0);
}

static double seen(const struct drift_spread *spread, double shift, int count) {
    struct random random;
    struct drift drift = {.then = spread};
    random_seed(&random, 2);
    for (int i = 0; i < count; i++) {
        drift_see(&drift, draw(&random, shift));
    }
    return drift_index(&drift);
}

static void test_index(void **state) {
    struct drift_spread spread = tested();
    (void)state;
    assert_true(isnan(seen(&spread, 0, DRIFT_LEAST - 1)));
    assert_true(seen(&spread, 0, 3000) < 0.03);
    assert_true(seen(&spread, -0.2, 3000) > 0.25);
    // By hand: two bins, .7 and .3 then, .5 and .5 now, as good as without the halves.
    struct drift_spread two = {.from = {0.5}, .share = {0.7, 0.3}, .bins = 2};
    struct drift drift = {.then = &two, .counts = {5e8, 5e8}, .weight = 1e9, .seen = 1000};
    double index = -0.2 * log(0.5 / 0.7) + 0.2 * log(0.5 / 0.3);
    assert_true(fabs(drift_index(&drift) - index) < 1e-6);
}

static void test_the_old_is_forgotten(void **state) {
    struct drift_spread spread = tested();
    struct random random;
    struct drift drift = {.then = &spread};
    (void)state;
    random_seed(&random, 3);
    for (int i = 0; i < 5000; i++) {
        drift_see(&drift, draw(&random, -0.3));
    }
    assert_true(drift_index(&drift) > 0.25);
    for (int i = 0; i < 10000; i++) {
        drift_see(&drift, draw(&random, 0));
    }
    assert_true(drift_index(&drift) < 0.1);
}

static void test_shares(void **state) {
    struct drift_spread spread;
    struct drift drift = {.then = &spread};
    (void)state;
    drift_spread_of_share(0.05, &spread);
    for (int i = 0; i < 1000; i++) {
        assert_true(isnan(drift_share(&drift)) == (i < DRIFT_LEAST));
        drift_see_share(&drift, i % 2 ? 0.1 : 0);
    }
    assert_true(fabs(drift_share(&drift) - 0.05) < 0.001);
    assert_true(drift_index(&drift) < 0.001);
    for (int i = 0; i < 4000; i++) {
        drift_see_share(&drift, 0.25);
    }
    assert_true(drift_share(&drift) > 0.2 && drift_share(&drift) < 0.25);
    assert_true(drift_index(&drift) > 0.25);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tenths),
        cmocka_unit_test(test_equal_values_stay_together),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_the_old_is_forgotten),
        cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
