#include <math.h>

#include "base/mem.h"
#include "base/random.h"
#include "quality/certify.h"
#include "quality/stats.h"
#include "unit.h"

enum { CUTS_MOST = 2000 };

static uint64_t accepted[CUTS_MOST], wrong[CUTS_MOST];

enum { CUT_ITEMS = 4, DRAWS = 1000 };

// A cut every CUT_ITEMS items; errors come at `rate(place)`.
static struct certify_counts draw(size_t labels, double (*rate)(double), uint64_t seed) {
    struct random random;
    uint64_t errors = 0;
    random_seed(&random, seed);
    for (size_t i = 0; i < labels; i++) {
        errors += random_unit(&random) < rate((double)i / (double)labels);
        accepted[i / CUT_ITEMS] = i + 1;
        wrong[i / CUT_ITEMS] = errors;
    }
    return (struct certify_counts){accepted, wrong, labels / CUT_ITEMS, labels};
}

static double none(double place) {
    (void)place;
    return 0;
}
static double linear(double place) {  // the rate of the first x is x / 10
    return place / 5;
}
static double at_risk(double place) {  // where every test is as likely to err as it may be
    (void)place;
    return 0.0500001;
}
static double wrong_first(double place) {  // 10 % up to .2, then less: 2.8 % of all
    return place < .2 ? .1 : .01;
}
static double much(double place) {
    (void)place;
    return .4;
}

static struct certify_result run(struct certify_counts counts) {
    const struct certify_promise promise = {.05, .1};
    struct certify_result result;
    certify(&promise, &counts, &result);
    return result;
}

static void test_perfect_confidence_accepts_all(void **state) {
    (void)state;
    struct certify_result result = run(draw(1000, none, 1));
    assert_int_equal(result.verdict, CERTIFY_HOLDS);
    assert_int_equal(accepted[result.cut], 1000);
    assert_int_equal(result.labels_needed, 0);
    assert_true(result.level <= .1);
}

static void test_few_labels_are_too_few(void **state) {
    (void)state;
    struct certify_result result = run(draw(44, none, 1));
    assert_int_equal(result.verdict, CERTIFY_FEW);
    assert_true(result.labels_needed > 44);
    result = run(draw(60, none, 1));  // 45 without an error do for an error rate of 5 %
    assert_int_equal(result.verdict, CERTIFY_HOLDS);
    result = run((struct certify_counts){accepted, wrong, 0, 0});
    assert_int_equal(result.verdict, CERTIFY_FEW);
}

static void test_errors_everywhere(void **state) {
    (void)state;
    struct certify_result result = run(draw(1000, much, 1));
    assert_int_equal(result.verdict, CERTIFY_ABOVE);
    assert_int_equal(result.labels_needed, 0);
}

static void test_labels_needed_would_do(void **state) {
    (void)state;
    struct certify_result result = {.verdict = CERTIFY_HOLDS};
    for (uint64_t seed = 0; result.verdict != CERTIFY_UNCERTAIN; seed++) {
        result = run(draw(100, linear, seed));
    }
    assert_true(result.labels_needed > 100 && result.labels_needed <= CUTS_MOST);
    size_t labels = result.labels_needed;
    int held = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        held += run(draw(labels, linear, 1000 + seed)).verdict == CERTIFY_HOLDS;
    }
    assert_true(held > 60);
}

// Whatever holds has a p-value within its level, and its level within delta.
static void test_what_holds_was_tested(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct certify_counts counts = draw(1000, linear, seed);
        struct certify_result result = run(counts);
        if (result.verdict == CERTIFY_HOLDS) {
            double p = stats_at_most(wrong[result.cut], accepted[result.cut], .05);
            assert_true(p <= result.level && result.level <= .1);
        }
    }
}

// The share of draws that certify a cut whose true rate is above risk: delta is .1, and three
// deviations are .03.
static double share_broken(size_t labels, double (*rate)(double), double true_cut) {
    int bad = 0;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        struct certify_result result = run(draw(labels, rate, seed));
        bad += result.verdict == CERTIFY_HOLDS &&
               (double)accepted[result.cut] > true_cut * (double)labels;
    }
    return (double)bad / DRAWS;
}

static void test_the_promise_holds(void **state) {
    (void)state;
    assert_true(share_broken(1000, linear, .5) <= .13);
    assert_true(share_broken(300, linear, .5) <= .13);
    assert_true(share_broken(1000, at_risk, 0) <= .13);
    assert_true(share_broken(300, at_risk, 0) <= .13);
    assert_true(share_broken(1000, at_risk, 0) >= .02);  // and is not kept by never accepting
}

static void test_power(void **state) {
    double sum = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct certify_result result = run(draw(1000, linear, seed));
        sum += result.verdict == CERTIFY_HOLDS ? (double)accepted[result.cut] / 1000 : 0;
    }
    assert_true(sum / 200 > .22);  // of .5
}

// Confidence whose top is wrong: a later start finds that the whole is good enough.
static void test_a_bad_top_is_survived(void **state) {
    int held = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct certify_result result = run(draw(2000, wrong_first, seed));
        held += result.verdict == CERTIFY_HOLDS && accepted[result.cut] == 2000;
    }
    assert_true(held > 80);
}

// At a small risk a single error among the surest few rules out nothing: 30 items without one would
// still do for an error rate of 9 %, so no test begins there.
static void test_an_early_error_does_not_end_it(void **state) {
    static const struct certify_promise strict = {.01, .1};
    struct certify_result result;
    (void)state;
    for (size_t cut = 0; cut < CUTS_MOST; cut++) {
        accepted[cut] = cut + 1;
        wrong[cut] = cut >= 3;
    }
    const struct certify_counts counts = {accepted, wrong, CUTS_MOST, CUTS_MOST};
    certify(&strict, &counts, &result);
    assert_int_equal(result.verdict, CERTIFY_HOLDS);
    assert_int_equal(result.cut, CUTS_MOST - 1);
}

// Where nothing holds there is no cut to fall back to, however good the top looks.
static void test_a_good_top_alone_is_not_picked(void **state) {
    struct certify_result result;
    (void)state;
    for (size_t cut = 0; cut < 1000; cut++) {
        accepted[cut] = cut + 1;
        wrong[cut] = cut < 40 ? 0 : cut - 39;
    }
    result = run((struct certify_counts){accepted, wrong, 1000, 1000});
    assert_int_not_equal(result.verdict, CERTIFY_HOLDS);
    assert_int_equal(result.cut, 0);
    assert_true(result.level == 0);
}

// Items with the same confidence are one cut: what came first among them makes no difference, and a
// tie is accepted whole or not at all.
static void test_ties(void **state) {
    static const uint64_t n[] = {400, 1000}, good[] = {4, 40}, bad[] = {4, 90}, worse[] = {30, 90};
    (void)state;
    assert_int_equal(run((struct certify_counts){n, good, 2, 1000}).cut, 1);
    struct certify_result result = run((struct certify_counts){n, bad, 2, 1000});
    assert_int_equal(result.verdict, CERTIFY_HOLDS);
    assert_int_equal(result.cut, 0);
    result = run((struct certify_counts){n, worse, 2, 1000});
    assert_int_equal(result.verdict, CERTIFY_ABOVE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_perfect_confidence_accepts_all),
        cmocka_unit_test(test_few_labels_are_too_few),
        cmocka_unit_test(test_errors_everywhere),
        cmocka_unit_test(test_labels_needed_would_do),
        cmocka_unit_test(test_what_holds_was_tested),
        cmocka_unit_test(test_the_promise_holds),
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_a_bad_top_is_survived),
        cmocka_unit_test(test_an_early_error_does_not_end_it),
        cmocka_unit_test(test_a_good_top_alone_is_not_picked),
        cmocka_unit_test(test_ties),
    };
    return cmocka_run_group_tests_name("certify", tests, NULL, NULL);
}
