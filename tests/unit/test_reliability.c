#include <math.h>

#include "quality/reliability.h"
#include "unit.h"

enum { COUNT = 1000 };

static double raw[COUNT], calibrated[COUNT];
static bool correct[COUNT];
static struct reliability r;

#define NEAR(actual, wanted) assert_true(fabs((actual) - (wanted)) <= 1e-12)

// The generator of ISO C's example, so that others can draw the same rows.
static uint32_t next(uint32_t *x) {
    *x = (*x * 1103515245u + 12345u) % (1u << 31);
    return *x >> 8;
}

// Right answers are 30 % at no confidence and 90 % at full.
static void draw(void) {
    uint32_t x = 12345;
    for (int i = 0; i < COUNT; i++) {
        uint32_t percent = next(&x) % 101;
        raw[i] = percent / 100.0;
        correct[i] = next(&x) % 100 < 30 + percent * 6 / 10;
    }
}

// Reference values: the definitions, written down once more in Python over the same rows.
static void test_figures(void **state) {
    (void)state;
    draw();
    reliability_measure((struct calibrate_rows){raw, correct, COUNT}, &r);
    assert_int_equal(r.answers, COUNT);
    assert_int_equal(r.silent, 0);
    NEAR(r.accuracy, 0.608);
    NEAR(r.confidence, 0.49763);
    NEAR(r.ece, 0.14325545454545452);
    NEAR(r.brier, 0.23349370000000014);
    NEAR(r.auroc, 0.7106710694146079);
    NEAR(r.aurc, 0.24483773788929353);
    assert_int_equal(r.bin_count, RELIABILITY_BINS);
    assert_int_equal(r.point_count, RELIABILITY_POINTS);
    NEAR(r.points[RELIABILITY_POINTS - 1].coverage, 1);
    NEAR(r.points[RELIABILITY_POINTS - 1].risk, 1 - r.accuracy);
}

static void test_the_order_of_equal_confidences_is_nothing(void **state) {
    struct reliability other;
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        raw[i] = i % 2 ? 0.9 : 0.4;
        correct[i] = i < COUNT / 2;
    }
    reliability_measure((struct calibrate_rows){raw, correct, COUNT}, &r);
    for (int i = 0; i < COUNT; i++) {
        correct[i] = i >= COUNT / 2;
    }
    reliability_measure((struct calibrate_rows){raw, correct, COUNT}, &other);
    NEAR(r.auroc, 0.5);
    NEAR(other.auroc, 0.5);
    NEAR(r.aurc, 0.5);
    NEAR(other.aurc, 0.5);
    NEAR(r.ece, other.ece);
}

static void test_few_and_none(void **state) {
    (void)state;
    raw[0] = 0.8;
    raw[1] = NAN;
    raw[2] = 0.6;
    correct[0] = correct[1] = true;
    correct[2] = false;
    reliability_measure((struct calibrate_rows){raw, correct, 3}, &r);
    assert_int_equal(r.answers, 2);
    assert_int_equal(r.silent, 1);
    assert_int_equal(r.bin_count, 2);
    NEAR(r.auroc, 1);
    NEAR(r.aurc, 0.25);
    NEAR(r.ece, 0.4);
    reliability_measure((struct calibrate_rows){raw, correct, 1}, &r);
    assert_true(isnan(r.auroc));
    NEAR(r.accuracy, 1);
    reliability_measure((struct calibrate_rows){raw + 1, correct, 1}, &r);
    assert_int_equal(r.answers, 0);
    assert_true(isnan(r.ece) && isnan(r.brier) && isnan(r.aurc));
}

// A calibration that is fitted on the other half mends what raw confidence says wrongly, and does
// not see the answers that it is shown for.
static void test_calibrated_by_the_other_half(void **state) {
    (void)state;
    draw();
    struct calibrate_rows rows = {raw, correct, COUNT};
    raw[7] = NAN;
    reliability_calibrate(rows, calibrated);
    assert_true(isnan(calibrated[7]));
    rows.raw = calibrated;
    reliability_measure(rows, &r);
    assert_true(r.ece < 0.08);
    double before = calibrated[3];
    rows.raw = raw;
    correct[3] = !correct[3];
    reliability_calibrate(rows, calibrated);
    NEAR(calibrated[3], before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_the_order_of_equal_confidences_is_nothing),
        cmocka_unit_test(test_few_and_none),
        cmocka_unit_test(test_calibrated_by_the_other_half),
    };
    return cmocka_run_group_tests_name("reliability", tests, NULL, NULL);
}
