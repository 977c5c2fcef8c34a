#include <math.h>

#include "base/random.h"
#include "quality/calibrate.h"
#include "unit.h"

enum { MOST = 20000 };

static double raw[MOST];
static bool correct[MOST];

#define NEAR(actual, wanted, within) assert_true(fabs((actual) - (wanted)) <= (within))

static double as_it_is(double p) {
    return p;
}
static double too_sure(double p) {  // log-odds are twice what they should be
    return 1 / (1 + exp(-confidence_logit(p) / 2));
}
static double against(double p) {
    return 1 - p;
}
static double in_steps(double p) {
    return p < .3 ? .1 : p < .7 ? .6 : .65;
}

static struct calibrate_rows draw(size_t count, double (*truth)(double)) {
    struct random random;
    random_seed(&random, 7);
    for (size_t i = 0; i < count; i++) {
        raw[i] = random_unit(&random);
        correct[i] = random_unit(&random) < truth(raw[i]);
    }
    return (struct calibrate_rows){raw, correct, count};
}

// scikit-learn has no Platt with these targets; the fit is checked where its gradient must be 0.
static void test_platt_is_the_optimum(void **state) {
    struct calibration c;
    double g_a = 0, g_b = 0, right = 0;
    (void)state;
    struct calibrate_rows rows = draw(500, too_sure);
    calibrate_fit(CALIBRATION_PLATT, rows, &c);
    for (size_t i = 0; i < rows.count; i++) {
        right += correct[i];
    }
    for (size_t i = 0; i < rows.count; i++) {
        double target = correct[i] ? (right + 1) / (right + 2) : 1 / (500 - right + 2);
        double rest = calibration_apply(&c, raw[i]) - target;
        g_a += rest * confidence_logit(raw[i]);
        g_b += rest;
    }
    NEAR(g_a, 0, 1e-5);
    NEAR(g_b, 0, 1e-5);
}

static void test_platt_finds_the_slope(void **state) {
    struct calibration c;
    (void)state;
    calibrate_fit(CALIBRATION_PLATT, draw(MOST, too_sure), &c);
    NEAR(c.a, .5, .03);
    NEAR(c.b, 0, .03);
}

static void test_nothing_falls(void **state) {
    struct calibration c;
    (void)state;
    calibrate_fit(CALIBRATION_PLATT, draw(1000, against), &c);
    assert_true(c.a == 0);
    NEAR(calibration_apply(&c, .9), .5, .05);
    calibrate_fit(CALIBRATION_ISOTONIC, draw(1000, against), &c);
    for (double p = 0; p < .99; p += .01) {
        assert_true(calibration_apply(&c, p) <= calibration_apply(&c, p + .01));
    }
    NEAR(calibration_apply(&c, .9), .5, .05);
    calibrate_release(&c);
}

static void test_rows_that_are_all_the_same(void **state) {
    static const double same[] = {.9, .9, .9, .9};
    static const bool right[] = {true, true, true, true}, mixed[] = {true, false, true, true};
    struct calibration c;
    (void)state;
    calibrate_fit(CALIBRATION_PLATT, (struct calibrate_rows){same, right, 4}, &c);
    NEAR(calibration_apply(&c, .9), 5.0 / 6, .01);
    calibrate_fit(CALIBRATION_PLATT, (struct calibrate_rows){same, mixed, 4}, &c);
    assert_true(calibration_apply(&c, .9) > .5 && calibration_apply(&c, .9) < .75);
    calibrate_fit(CALIBRATION_ISOTONIC, (struct calibrate_rows){same, right, 4}, &c);
    assert_int_equal(c.steps, 1);
    NEAR(calibration_apply(&c, .1), (4 + 5.0 / 6) / 5, 1e-12);
    calibrate_release(&c);
}

// .2 is wrong; .4 and .6 violate each other; .9 is right. The rate of all is (3 + 1) / (5 + 2).
static void test_isotonic_by_hand(void **state) {
    static const double conf[] = {.9, .2, .6, .4, NAN, .9};
    static const bool right[] = {true, false, false, true, true, true};
    const double rate = 4.0 / 7;
    struct calibration c;
    (void)state;
    calibrate_fit(CALIBRATION_ISOTONIC, (struct calibrate_rows){conf, right, 6}, &c);
    assert_int_equal(c.steps, 3);
    NEAR(calibration_apply(&c, .3), rate / 2, 1e-12);
    NEAR(calibration_apply(&c, .4), (1 + rate) / 3, 1e-12);
    NEAR(calibration_apply(&c, .6), (1 + rate) / 3, 1e-12);
    NEAR(calibration_apply(&c, .95), (2 + rate) / 3, 1e-12);
    calibrate_release(&c);
}

static void assert_chosen(enum calibration_kind kind, struct calibrate_rows rows) {
    struct calibration c;
    double losses[CALIBRATE_KINDS];
    calibrate_choose(rows, &c, losses);
    assert_int_equal(c.kind, kind);
    calibrate_release(&c);
}

static void test_the_least_held_out_loss(void **state) {
    (void)state;
    assert_chosen(CALIBRATION_PLATT, draw(2000, too_sure));
    assert_chosen(CALIBRATION_ISOTONIC, draw(5000, in_steps));
    assert_chosen(CALIBRATION_IDENTITY, draw(CALIBRATE_LEAST - 1, too_sure));
    struct calibration c;
    double losses[CALIBRATE_KINDS];
    calibrate_choose(draw(300, as_it_is), &c, losses);
    assert_true(isnan(losses[CALIBRATION_ISOTONIC]));
    NEAR(losses[CALIBRATION_IDENTITY], losses[CALIBRATION_PLATT], .05);
    NEAR(losses[CALIBRATION_IDENTITY], .5, .08);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_platt_is_the_optimum),
        cmocka_unit_test(test_platt_finds_the_slope),
        cmocka_unit_test(test_nothing_falls),
        cmocka_unit_test(test_rows_that_are_all_the_same),
        cmocka_unit_test(test_isotonic_by_hand),
        cmocka_unit_test(test_the_least_held_out_loss),
    };
    return cmocka_run_group_tests_name("calibrate", tests, NULL, NULL);
}
