#include "io/pg_value.h"
#include "unit.h"

static int64_t wire_time(int64_t unix_ms) {
    struct pg_params params = {0};
    uint64_t wire;
    pg_scalar(&params, PG_TIMESTAMPTZ);
    pg_time(&params, unix_ms);
    assert_int_equal(params.params[0].len, sizeof(wire));
    memcpy(&wire, params.data.data, sizeof(wire));
    pg_params_fini(&params);
    return (int64_t)__builtin_bswap64(wire);
}

static void test_times_count_microseconds_from_2000(void **state) {
    (void)state;
    assert_int_equal(wire_time(946684800000), 0);
    assert_int_equal(wire_time(946684800001), 1000);
    assert_int_equal(wire_time(0), -946684800000000);
}

// select extract(epoch from '9999-12-31 23:59:59.999+00'::timestamptz - '2000-01-01 00:00+00')
static void test_a_time_that_no_table_holds_is_the_nearest_that_one_does(void **state) {
    (void)state;
    assert_int_equal(wire_time(INT64_MAX), 252455615999999000);
    assert_int_equal(wire_time(1795500000000000), 252455615999999000);
    assert_int_equal(wire_time(INT64_MIN), -946684800000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_count_microseconds_from_2000),
        cmocka_unit_test(test_a_time_that_no_table_holds_is_the_nearest_that_one_does),
    };
    return cmocka_run_group_tests_name("pg_params", tests, NULL, NULL);
}
