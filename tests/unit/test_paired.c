// Reference values: scipy 1.17.1 (binomtest, beta.ppf) and mpmath, for the numbers given.
#include <math.h>

#include "base/random.h"
#include "quality/paired.h"
#include "unit.h"

static bool is_near(double a, double b) {
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

static void test_reference_values(void **state) {
    const struct paired paired = {.both = 101, .only_a = 59, .only_b = 121, .neither = 33};
    (void)state;
    struct paired_result r = paired_test(&paired);
    assert_int_equal(r.count, 314);
    assert_true(is_near(r.a.share, 160. / 314) && is_near(r.b.share, 222. / 314));
    assert_true(is_near(r.p_once, 4.4344492637551645e-6));
    assert_true(is_near(r.p_always, 0.00031096156037083758));
    assert_true(is_near(r.a.low, 0.45280451600011246) && is_near(r.a.high, 0.56612185803640602));
    assert_true(is_near(r.low, 0.11561036727048439) && is_near(r.high, 0.27679469602065482));
}

static void test_nothing_to_tell(void **state) {
    const struct paired none = {0}, same = {.both = 40, .neither = 2}, even = {0, 7, 7, 0};
    (void)state;
    assert_true(paired_test(&none).p_once == 1 && paired_test(&none).p_always == 1);
    assert_true(paired_test(&same).p_once == 1 && paired_test(&same).p_always == 1);
    assert_true(paired_test(&same).a.high > 0.99 && paired_test(&same).difference == 0);
    assert_true(paired_test(&even).p_once == 1 && paired_needed(&even, 0.05) == 0);
}

static void test_whose_side_does_not_matter(void **state) {
    const struct paired ab = {10, 3, 12, 1}, ba = {10, 12, 3, 1};
    (void)state;
    struct paired_result x = paired_test(&ab), y = paired_test(&ba);
    assert_true(x.p_once == y.p_once && is_near(x.p_always, y.p_always));
    assert_true(is_near(x.difference, -y.difference) && is_near(x.low, -y.high));
}

static void test_what_is_needed_would_do(void **state) {
    const struct paired paired = {80, 4, 10, 6};
    (void)state;
    assert_true(paired_test(&paired).p_always > 0.05);
    uint64_t needed = paired_needed(&paired, 0.05);
    double times = (double)needed / 100;
    const struct paired more = {.only_a = (uint64_t)ceil(4 * times),
                                .only_b = (uint64_t)ceil(10 * times)};
    assert_true(needed > 100 && paired_test(&more).p_always < 0.06);
}

// A fair coin, looked at after every toss: the exact test alone is fooled, the e-value is not.
static void test_looking_again_and_again(void **state) {
    enum { RUNS = 500, TOSSES = 200 };
    unsigned fooled_once = 0, fooled_always = 0;
    struct random random;
    (void)state;
    random_seed(&random, 11);
    for (int run = 0; run < RUNS; run++) {
        struct paired paired = {0};
        bool once = false, always = false;
        for (int toss = 0; toss < TOSSES; toss++) {
            *(random_unit(&random) < 0.5 ? &paired.only_a : &paired.only_b) += 1;
            once = once || paired_once(&paired) <= 0.05;
            always = always || paired_always(&paired) <= 0.05;
        }
        fooled_once += once;
        fooled_always += always;
    }
    assert_true(fooled_always <= RUNS * 0.05);
    assert_true(fooled_once > RUNS * 0.15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_values),
        cmocka_unit_test(test_nothing_to_tell),
        cmocka_unit_test(test_whose_side_does_not_matter),
        cmocka_unit_test(test_what_is_needed_would_do),
        cmocka_unit_test(test_looking_again_and_again),
    };
    return cmocka_run_group_tests_name("paired", tests, NULL, NULL);
}
