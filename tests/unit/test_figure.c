#include <math.h>

#include "base/figure.h"
#include "cli/pace.h"
#include "cli/quantile.h"
#include "unit.h"

static const int64_t usd = 1000000000000;

#define assert_figure(text, call)              \
    do {                                       \
        struct buf out = {0};                  \
        call;                                  \
        assert_string_equal(buf_string(&out), text); \
        buf_fini(&out);                        \
    } while (0)

static void test_money(void **state) {
    (void)state;
    assert_figure("$0", figure_money(&out, 0));
    assert_figure("$0.00000025", figure_money(&out, 250000));
    assert_figure("$0.000000000001", figure_money(&out, 1));
    assert_figure("$0.00001235", figure_money(&out, 12345678));
    assert_figure("$0.000252", figure_money(&out, 252000000));
    assert_figure("$0.012346", figure_money(&out, 12345600000));
    assert_figure("$0.041200", figure_money(&out, 41200000000));
    assert_figure("$1.0000", figure_money(&out, usd - 1));
    assert_figure("$12.3457", figure_money(&out, 12345650000000));
    assert_figure("$1,234.57", figure_money(&out, 1234567800000000));
    assert_figure("$9,223,372.04", figure_money(&out, INT64_MAX));
    assert_figure("-$0.000001", figure_money(&out, -1000000));
}

static void test_exact_money(void **state) {
    (void)state;
    assert_figure("0", figure_usd(&out, 0));
    assert_figure("0.000000000001", figure_usd(&out, 1));
    assert_figure("1.5", figure_usd(&out, usd + usd / 2));
    assert_figure("9223372.036854775807", figure_usd(&out, INT64_MAX));
    assert_figure("-0.25", figure_usd(&out, -usd / 4));
}

static void test_spans(void **state) {
    (void)state;
    assert_figure("0 ms", figure_span(&out, 0));
    assert_figure("999 ms", figure_span(&out, 999));
    assert_figure("1.24 s", figure_span(&out, 1240));
    assert_figure("9.99 s", figure_span(&out, 9994));
    assert_figure("10 s", figure_span(&out, 9995));
    assert_figure("59 s", figure_span(&out, 59499));
    assert_figure("1 min 00 s", figure_span(&out, 59500));
    assert_figure("2 h 05 min", figure_span(&out, 7500000));
    assert_figure("3 d 04 h", figure_span(&out, 273600000));
    assert_figure("-", figure_span(&out, -1));
}

static void test_counts_rates_and_shares(void **state) {
    (void)state;
    assert_figure("0", figure_count(&out, 0));
    assert_figure("999", figure_count(&out, 999));
    assert_figure("1,234,567", figure_count(&out, 1234567));
    assert_figure("-1,000", figure_count(&out, -1000));
    assert_figure("-9,223,372,036,854,775,808", figure_count(&out, INT64_MIN));
    assert_figure("1,204/s", figure_rate(&out, 1204.4));
    assert_figure("3.4/s", figure_rate(&out, 3.4));
    assert_figure("0.12/s", figure_rate(&out, 0.12));
    assert_figure("0.0/s", figure_rate(&out, 0));
    assert_figure("99 %", figure_share(&out, 99999, 100000));
    assert_figure("100 %", figure_share(&out, 7, 7));
    assert_figure("-", figure_share(&out, 0, 0));
    assert_figure("-", figure_probability(&out, NAN));
    assert_figure("0.9312", figure_probability(&out, 0.93124));
    assert_figure("-", figure_time(&out, 0));
    assert_figure("2026-11-24 04:26:00.123", figure_time(&out, 1795494360123));
}

static void test_pace(void **state) {
    struct pace pace = {0};
    (void)state;
    assert_int_equal(pace_left_ms(&pace, 10), -1);
    pace_see(&pace, 1000, 50);
    assert_true(pace_per_second(&pace) == 0);
    assert_int_equal(pace_left_ms(&pace, 10), -1);
    assert_int_equal(pace_left_ms(&pace, 0), 0);
    pace_see(&pace, 3000, 250);
    assert_true(pace_per_second(&pace) == 100);
    assert_int_equal(pace_left_ms(&pace, 50), 500);
}

// Only the last looks count: a batch that speeds up is not judged by its beginning, one that stops
// is seen to stop.
static void test_pace_forgets(void **state) {
    struct pace pace = {0};
    int64_t count = 0;
    (void)state;
    for (int i = 0; i < 40; i++) {
        count += i < 20 ? 1 : 10;
        pace_see(&pace, 1000 * i, count);
    }
    assert_true(pace_per_second(&pace) == 10);
    for (int i = 40; i < 40 + PACE_SEEN; i++) {
        pace_see(&pace, 1000 * i, count);
    }
    assert_true(pace_per_second(&pace) == 0);
    assert_int_equal(pace_left_ms(&pace, 1), -1);
}

static void test_quantiles(void **state) {
    int64_t values[] = {50, 10, 40, 20, 30};
    (void)state;
    quantile_sort(values, 5);
    assert_int_equal(quantile_of(values, 5, 0), 10);
    assert_int_equal(quantile_of(values, 5, 0.5), 30);
    assert_int_equal(quantile_of(values, 5, 0.6), 30);
    assert_int_equal(quantile_of(values, 5, 0.61), 40);
    assert_int_equal(quantile_of(values, 5, 1), 50);
    assert_int_equal(quantile_of(values, 1, 0.95), 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_money),
        cmocka_unit_test(test_exact_money),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_counts_rates_and_shares),
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_pace_forgets),
        cmocka_unit_test(test_quantiles),
    };
    return cmocka_run_group_tests_name("figure", tests, NULL, NULL);
}
