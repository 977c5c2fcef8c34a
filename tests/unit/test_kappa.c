// Reference values: the formulas of the papers that kappa.h names, worked out apart from this code
// in double precision.
#include <math.h>

#include "quality/kappa.h"
#include "unit.h"

static struct kappa of_table(const uint64_t *table, uint32_t classes) {
    struct kappa_cell cells[16];
    size_t count = 0;
    for (uint32_t a = 0; a < classes; a++) {
        for (uint32_t b = 0; b < classes; b++) {
            cells[count++] = (struct kappa_cell){a, b, table[a * classes + b]};
        }
    }
    return kappa_of(cells, count, classes);
}

static bool is_near(double a, double b) {
    return fabs(a - b) < 1e-10;
}

static void test_two_people_and_three_classes(void **state) {
    static const uint64_t table[] = {53, 5, 2, 11, 14, 5, 1, 6, 3};
    (void)state;
    struct kappa k = of_table(table, 3);
    assert_int_equal(k.count, 100);
    assert_int_equal(k.same, 70);
    assert_true(is_near(k.observed, 0.7));
    assert_true(is_near(k.expected, 0.475));
    assert_true(is_near(k.value, 0.4285714285714286));
    assert_true(is_near(k.high - k.value, 1.959963984540054 * 0.07595883153466382));
}

static void test_two_people_and_two_classes(void **state) {
    static const uint64_t table[] = {20, 5, 10, 15};
    (void)state;
    struct kappa k = of_table(table, 2);
    assert_true(is_near(k.value, 0.4));
    assert_true(is_near(k.value - k.low, 1.959963984540054 * 0.12699606293110033));
}

static void test_always_the_same(void **state) {
    static const uint64_t table[] = {20, 0, 0, 15};
    (void)state;
    struct kappa k = of_table(table, 2);
    assert_true(is_near(k.value, 1));
    assert_true(is_near(k.low, 1));
    assert_true(is_near(k.high, 1));
}

static void test_less_than_chance(void **state) {
    static const uint64_t table[] = {0, 10, 10, 0};
    (void)state;
    struct kappa k = of_table(table, 2);
    assert_true(is_near(k.value, -1));
}

// One class alone says nothing of agreement beyond chance; nor does nobody.
static void test_no_kappa(void **state) {
    const struct kappa_cell one = {0, 0, 12};
    (void)state;
    struct kappa k = kappa_of(&one, 1, 1);
    assert_true(isnan(k.value) && isnan(k.low) && k.same == 12);
    k = kappa_of(NULL, 0, 0);
    assert_true(isnan(k.value) && k.count == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_people_and_three_classes),
        cmocka_unit_test(test_two_people_and_two_classes),
        cmocka_unit_test(test_always_the_same),
        cmocka_unit_test(test_less_than_chance),
        cmocka_unit_test(test_no_kappa),
    };
    return cmocka_run_group_tests_name("kappa", tests, NULL, NULL);
}
