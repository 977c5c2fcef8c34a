#include <math.h>

#include "quality/stats.h"
#include "unit.h"

// Reference values: scipy 1.17.1 (stats.binom.cdf and .sf, special.betainc, stats.beta.ppf).
#define NEAR(actual, wanted) assert_true(fabs((actual) - (wanted)) <= 1e-10 * (wanted))

static void test_binomial(void **state) {
    static const struct {
        uint64_t k, n;
        double p, at_most, at_least;
    } rows[] = {
        {0, 1, 0.5, 0.5, 1},
        {0, 45, 0.05, 0.099440256987092468, 1},
        {1, 77, 0.05, 0.097327426337201442, 0.98073728020409545},
        {2, 105, 0.05, 0.099187262485146629, 0.97010169006972802},
        {3, 10, 0.2, 0.87912611839999988, 0.32220047360000015},
        {5, 10, 0.999, 2.5095179842570095e-13, 0.99999999999999978},
        {12, 350, 0.05, 0.10562135823250843, 0.93644071957348096},
        {37, 1000, 0.05, 0.030664390047927061, 0.97884516758819362},
        {0, 1000, 0.01, 4.3171247410658195e-05, 1},
        {500, 1000, 0.5, 0.51261250908918021, 0.51261250908918021},
        {300, 1000, 0.05, 1, 7.7419051360301056e-143},
        {410, 10000, 0.05, 1.1934588422870504e-05, 0.99999040302603137},
        {9000, 10000, 0.9, 0.50487591630932038, 0.50842103926526805},
        {4720, 100000, 0.05, 2.1579865870510645e-05, 0.99997975406913575},
        {49721, 1000000, 0.05, 0.1005748016935981, 0.90023286705433525},
        {46000, 1000000, 0.05, 1.9273336758127724e-77, 1},
        {500641, 1000000, 0.5, 0.90025397406196128, 0.10009682103125266},
        {1, 1000000, 1e-06, 0.73575888234291553, 0.63212074276835495},
        {20, 1000000, 1e-06, 1, 1.5872554442153314e-19},
        {999100, 1000000, 0.999, 0.9993808124898681, 0.00069401546228678489},
        {100000, 1000000, 0.1, 0.50084221040522237, 0.50048759607564941},
        {101500, 1000000, 0.1, 0.9999996997601851, 3.0544195746935246e-07},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        NEAR(stats_at_most(rows[i].k, rows[i].n, rows[i].p), rows[i].at_most);
        NEAR(stats_at_least(rows[i].k, rows[i].n, rows[i].p), rows[i].at_least);
    }
}

static void test_binomial_ends(void **state) {
    (void)state;
    assert_true(stats_at_most(5, 5, .2) == 1);
    assert_true(stats_at_most(7, 5, .2) == 1);
    assert_true(stats_at_least(0, 5, .2) == 1);
    assert_true(stats_at_least(6, 5, .2) == 0);
    assert_true(stats_at_most(0, 5, 0) == 1);
    assert_true(stats_at_most(4, 5, 1) == 0);
}

static void test_beta(void **state) {
    static const struct {
        double x, a, b, wanted;
    } rows[] = {
        {0.5, 0.5, 0.5, 0.50000000000000011},
        {0.1, 2.5, 7.25, 0.10841578583098449},
        {0.9, 30, 3, 0.36668351908062025},
        {0.001, 0.3, 2, 0.16362253577088789},
        {0.334, 100000.0, 200000.0, 0.78076181383215348},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        NEAR(stats_beta(rows[i].x, 1 - rows[i].x, rows[i].a, rows[i].b), rows[i].wanted);
    }
}

static void test_upper(void **state) {
    static const struct {
        uint64_t k, n;
        double delta, wanted;
    } rows[] = {
        {0, 45, 0.1, 0.049881492681856293},
        {0, 299, 0.05, 0.0099691467928992687},
        {1, 77, 0.1, 0.049577360439912364},
        {12, 350, 0.1, 0.050384011562546155},
        {37, 1000, 0.1, 0.045872610022998736},
        {37, 1000, 0.05, 0.048389926665973387},
        {41000, 1000000, 0.05, 0.041327641749206188},
        {999999, 1000000, 0.1, 0.99999989463948991},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        NEAR(stats_upper(rows[i].k, rows[i].n, rows[i].delta), rows[i].wanted);
    }
    assert_true(stats_upper(3, 3, .1) == 1);
}

// ceil(ln delta / ln(1 - alpha)) where none may be wrong.
static void test_least(void **state) {
    (void)state;
    assert_int_equal(stats_least(0, .05, .10), 45);
    assert_int_equal(stats_least(0, .05, .025), 72);
    assert_int_equal(stats_least(0, .01, .05), 299);
    for (uint64_t k = 0; k < 30; k++) {
        uint64_t n = stats_least(k, .03, .1);
        assert_true(stats_at_most(k, n, .03) <= .1 && stats_at_most(k, n - 1, .03) > .1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binomial), cmocka_unit_test(test_binomial_ends),
        cmocka_unit_test(test_beta),     cmocka_unit_test(test_upper),
        cmocka_unit_test(test_least),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
