#include "dialect/model.h"
#include "unit.h"

static void test_price(void **state) {
    // 0.25, 2.00 and 0.025 USD per million tokens; 0.000001 a call.
    static const struct price price = {.input_pico_usd = 250000,
                                       .output_pico_usd = 2000000,
                                       .cached_pico_usd = 25000,
                                       .call_pico_usd = 1000000};
    static const struct {
        struct usage usage;
        int64_t pico_usd;
    } rows[] = {
        {{0, 0, 0}, 1000000},
        {{1000, 0, 10}, 1000000 + 250000000 + 20000000},
        {{1000, 400, 10}, 1000000 + 150000000 + 10000000 + 20000000},
        {{100, 200, 0}, 1000000 + 2500000},  // more cached than there were: all were
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(price_of(&price, &rows[i].usage), rows[i].pico_usd);
    }
}

static void test_the_largest_price_does_not_overflow(void **state) {
    const struct price price = {.input_pico_usd = INT64_MAX, .output_pico_usd = INT64_MAX};
    const struct usage usage = {UINT32_MAX, 0, UINT32_MAX};
    (void)state;
    assert_true(price_of(&price, &usage) == INT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_price),
        cmocka_unit_test(test_the_largest_price_does_not_overflow),
    };
    return cmocka_run_group_tests_name("price", tests, NULL, NULL);
}
