#include <math.h>

#include "base/mem.h"
#include "base/random.h"
#include "quality/arrangements.h"
#include "quality/tune.h"
#include "unit.h"

static struct cascade cascade;
static struct tuned tuned;

static void open_cascade(uint32_t tiers, size_t items) {
    static const char *const names[] = {"a", "b", "c"};
    cascade.tier_count = tiers;
    for (uint32_t t = 0; t < tiers; t++) {
        cascade.tiers[t].name = names[t];
    }
    cascade_init(&cascade, items);
}

static void put(uint32_t tier, size_t item, double raw, bool correct, double cost) {
    cascade.tiers[tier].raw[item] = raw;
    cascade.tiers[tier].correct[item] = correct;
    cascade.tiers[tier].cost[item] = cost;
}

// Tiers of rising quality and cost; confidence is the chance to be right.
static void draw_tiers(size_t items, uint64_t seed) {
    struct random random;
    random_seed(&random, seed);
    open_cascade(3, items);
    for (size_t i = 0; i < items; i++) {
        double easy = 8 * random_unit(&random) - 1;
        for (uint32_t t = 0; t < 3; t++) {
            double p = 1 / (1 + exp(-easy - 0.8 * t - random_unit(&random)));
            put(t, i, p, random_unit(&random) < p, pow(10, t));
        }
    }
}

// The sums of cascade_sum, done the plain way at every cut.
static void test_sums(void **state) {
    static const struct arrangement arrangement = {{2, 0, 1}, 3};
    static struct cascade_sums sums;
    uint32_t items[200];
    (void)state;
    draw_tiers(200, 5);
    for (uint32_t i = 0; i < 200; i++) {
        items[i] = i;
        cascade.tiers[0].raw[i] = i % 7 == 0 ? NAN : round(cascade.tiers[0].raw[i] * 10) / 10;
    }
    cascade_code(&cascade);
    cascade_sum(&cascade, &arrangement, (struct items){items, 200}, &sums);
    for (size_t cut = 0; cut < cascade.cut_count; cut++) {
        uint64_t accepted = 0, wrong = 0, rest_right = 0;
        double cost = 0;
        for (uint32_t i = 0; i < 200; i++) {
            bool done = false;
            for (uint32_t a = 0; a < 3 && !done; a++) {
                const struct cascade_tier *tier = &cascade.tiers[arrangement.tiers[a]];
                done = tier->codes[i] <= cut;
                assert_int_equal(done, tier->raw[i] >= cascade_threshold(
                                                           &cascade, arrangement.tiers[a], cut));
                cost += tier->cost[i];
                wrong += done && !tier->correct[i];
            }
            accepted += done;
            rest_right += !done && cascade.tiers[1].correct[i];
        }
        assert_int_equal(sums.accepted[cut], accepted);
        assert_int_equal(sums.wrong[cut], wrong);
        assert_int_equal(sums.unanswered_right[cut], rest_right);
        assert_true(fabs(sums.cost[cut] - cost) < 1e-6);
    }
    cascade_fini(&cascade);
}

static void test_thresholds_are_short_and_between(void **state) {
    (void)state;
    open_cascade(1, 4);
    put(0, 0, .912345678, true, 1);
    put(0, 1, .887654321, true, 1);
    put(0, 2, .5, true, 1);
    put(0, 3, NAN, true, 1);
    cascade_code(&cascade);
    assert_int_equal(cascade.cut_count, 3);
    assert_true(cascade_threshold(&cascade, 0, 0) == .9);
    double second = cascade_threshold(&cascade, 0, 1);
    assert_true(second > .5 && second <= .887654321);
    assert_true(cascade_threshold(&cascade, 0, 2) == 0);
    cascade_fini(&cascade);
}

static void test_auroc(void **state) {
    uint32_t items[] = {0, 1, 2, 3};
    (void)state;
    open_cascade(1, 4);
    put(0, 0, .9, true, 1);
    put(0, 1, .8, false, 1);
    put(0, 2, .8, true, 1);
    put(0, 3, .1, false, 1);
    assert_true(cascade_auroc(&cascade, 0, (struct items){items, 4}).value == 3.5 / 4);
    cascade.tiers[0].correct[1] = cascade.tiers[0].correct[3] = true;
    assert_true(isnan(cascade_auroc(&cascade, 0, (struct items){items, 4}).value));
    cascade_fini(&cascade);
}

static void test_arrangements(void **state) {
    static struct arrangement list[ARRANGEMENTS_MOST];
    (void)state;
    assert_int_equal(arrangements_list(1, list), 1);
    assert_int_equal(arrangements_list(3, list), 3 + 6 + 6);
    assert_int_equal(arrangements_list(4, list), 4 + 12 + 24 + 24);
    assert_int_equal(arrangements_list(8, list), 255);
}

static const struct tune_options promise = {
    .goal = TUNE_RISK, .promise = {.05, .1}, .review_cost = 10, .seed = 3};

static void test_three_tiers(void **state) {
    (void)state;
    draw_tiers(20000, 1);
    tune(&cascade, &promise, &tuned);
    assert_false(tuned.refused);
    assert_int_equal(tuned.fitted + tuned.tested, 20000);
    assert_true(tuned.outcome.accepted > tuned.outcome.items / 2);
    assert_true(tuned.error_bound <= .05);
    assert_true(tuned.outcome.cost < .9 * tuned.outcome.last_cost);
    cascade_fini(&cascade);
}

static void test_it_repeats_to_the_bit(void **state) {
    static struct tuned again;
    (void)state;
    draw_tiers(3000, 2);
    tune(&cascade, &promise, &tuned);
    cascade_fini(&cascade);
    draw_tiers(3000, 2);
    tune(&cascade, &promise, &again);
    cascade_fini(&cascade);
    assert_memory_equal(&tuned.outcome, &again.outcome, sizeof(tuned.outcome));
    assert_memory_equal(&tuned.tau, &again.tau, sizeof(tuned.tau));
    assert_memory_equal(&tuned.arrangement, &again.arrangement, sizeof(tuned.arrangement));
}

// The second tier says nothing that the first does not, and costs more.
static void test_a_tier_that_does_not_pay_is_left_out(void **state) {
    (void)state;
    draw_tiers(8000, 4);
    for (size_t i = 0; i < 8000; i++) {
        put(1, i, cascade.tiers[0].raw[i], cascade.tiers[0].correct[i], 50);
    }
    tune(&cascade, &promise, &tuned);
    assert_true(tuned.tiers[0].used && tuned.tiers[2].used);
    assert_false(tuned.tiers[1].used);
    assert_true(isnan(tuned.tiers[1].threshold));
    assert_true(tuned.tiers[1].gain < .01 && tuned.tiers[1].gain_cost > 0);
    cascade_fini(&cascade);
}

static void test_one_tier_tests_with_all_items(void **state) {
    struct random random;
    (void)state;
    random_seed(&random, 1);
    open_cascade(1, 1000);
    for (size_t i = 0; i < 1000; i++) {
        double p = random_unit(&random);
        put(0, i, p, p > .3, 1);
    }
    tune(&cascade, &promise, &tuned);
    assert_int_equal(tuned.tested, 1000);
    assert_false(tuned.refused);
    assert_true(tuned.tiers[0].threshold > .25 && tuned.tiers[0].threshold < .32);
    cascade_fini(&cascade);
}

// Confidences that all lie within 1e-6 of 1, as log-probabilities give them: thresholds come from
// what there is, and not from a grid.
static void test_saturated_confidence_has_thresholds(void **state) {
    struct random random;
    (void)state;
    random_seed(&random, 1);
    open_cascade(1, 2 * CASCADE_CUTS_MOST);
    for (size_t i = 0; i < cascade.item_count; i++) {
        double p = random_unit(&random);
        put(0, i, 1 - 1e-6 * (1 - p), p > .3, 1);
    }
    tune(&cascade, &promise, &tuned);
    assert_false(tuned.refused);
    assert_true(tuned.tiers[0].threshold > 1 - .75e-6 && tuned.tiers[0].threshold < 1 - .68e-6);
    cascade_fini(&cascade);
}

// What certifies chooses nothing: with the labels of the testing items turned round, calibrations
// and tiers stay what they were.
static void test_labels_that_test_do_not_calibrate(void **state) {
    static struct tuned turned;
    struct calibration before[3];
    struct tune_split split;
    (void)state;
    draw_tiers(4000, 7);
    tune(&cascade, &promise, &tuned);
    for (uint32_t t = 0; t < 3; t++) {
        before[t] = cascade.tiers[t].calibration;
        assert_int_not_equal(before[t].kind, CALIBRATION_ISOTONIC);  // steps would have to be kept
    }
    cascade_fini(&cascade);
    draw_tiers(4000, 7);
    tune_split_init(&split, 4000, true, promise.seed);
    assert_int_equal(split.fit.count + split.test.count, 4000);
    for (size_t i = 0; i < split.test.count; i++) {
        for (uint32_t t = 0; t < 3; t++) {
            cascade.tiers[t].correct[split.test.at[i]] ^= true;
        }
    }
    tune(&cascade, &promise, &turned);
    assert_true(!tuned.refused && turned.refused);
    for (uint32_t t = 0; t < 3; t++) {
        const struct calibration *after = &cascade.tiers[t].calibration;
        assert_int_equal(after->kind, before[t].kind);
        assert_true(after->a == before[t].a && after->b == before[t].b);
        for (int kind = 0; kind < CALIBRATE_KINDS; kind++) {
            assert_true(turned.tiers[t].losses[kind] == tuned.tiers[t].losses[kind]);
        }
    }
    tune_split_fini(&split);
    cascade_fini(&cascade);
}

static void test_confidence_that_is_against_it(void **state) {
    struct random random;
    (void)state;
    random_seed(&random, 1);
    open_cascade(1, 2000);
    for (size_t i = 0; i < 2000; i++) {
        double p = random_unit(&random);
        put(0, i, p, random_unit(&random) < .8 - .5 * p, 1);
    }
    tune(&cascade, &promise, &tuned);
    assert_true(tuned.refused && tuned.uninformative);
    assert_int_equal(tuned.arrangement.count, 0);
    assert_true(isnan(tuned.tau) && isnan(tuned.tiers[0].threshold));
    assert_int_equal(tuned.labels_needed, 0);
    cascade_fini(&cascade);
}

// What a refusal asks for counts the items that calibrate, too, and does.
static void test_labels_needed_would_do(void **state) {
    static const struct tune_options strict = {
        .goal = TUNE_RISK, .promise = {.01, .1}, .review_cost = 10, .seed = 3};
    int held = 0;
    (void)state;
    tuned.certified.verdict = CERTIFY_HOLDS;
    for (uint64_t seed = 1; tuned.certified.verdict != CERTIFY_UNCERTAIN; seed++) {
        draw_tiers(500, seed);
        tune(&cascade, &strict, &tuned);
        cascade_fini(&cascade);
    }
    size_t needed = tuned.labels_needed;
    assert_true(needed > 500 && needed < 20000);
    assert_true((double)needed > 1.4 * (double)tuned.certified.labels_needed);
    for (uint64_t seed = 0; seed < 20; seed++) {
        draw_tiers(needed, 100 + seed);
        tune(&cascade, &strict, &tuned);
        held += !tuned.refused;
        cascade_fini(&cascade);
    }
    assert_true(held > 12);
}

static void test_budget_and_match(void **state) {
    struct tune_options options = {.goal = TUNE_BUDGET, .promise = {.05, .1}, .budget = .3,
                                   .seed = 1};
    (void)state;
    draw_tiers(20000, 9);
    tune(&cascade, &options, &tuned);
    assert_false(tuned.refused);
    assert_true(tuned.outcome.cost <= .3 * tuned.outcome.last_cost);
    double right = (double)tuned.outcome.last_right + (double)tuned.outcome.won -
                   (double)tuned.outcome.lost;
    assert_true(right > .9 * (double)tuned.outcome.last_right);
    cascade_fini(&cascade);
    draw_tiers(20000, 9);
    options.budget = .005;  // the first tier alone costs .01
    tune(&cascade, &options, &tuned);
    assert_true(tuned.refused);
    cascade_fini(&cascade);
    draw_tiers(20000, 9);
    options.goal = TUNE_MATCH;
    tune(&cascade, &options, &tuned);
    assert_false(tuned.refused);
    assert_true(tuned.outcome.cost < tuned.outcome.last_cost);
    cascade_fini(&cascade);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_thresholds_are_short_and_between),
        cmocka_unit_test(test_auroc),
        cmocka_unit_test(test_arrangements),
        cmocka_unit_test(test_three_tiers),
        cmocka_unit_test(test_it_repeats_to_the_bit),
        cmocka_unit_test(test_a_tier_that_does_not_pay_is_left_out),
        cmocka_unit_test(test_one_tier_tests_with_all_items),
        cmocka_unit_test(test_saturated_confidence_has_thresholds),
        cmocka_unit_test(test_labels_that_test_do_not_calibrate),
        cmocka_unit_test(test_confidence_that_is_against_it),
        cmocka_unit_test(test_labels_needed_would_do),
        cmocka_unit_test(test_budget_and_match),
    };
    return cmocka_run_group_tests_name("tune", tests, NULL, NULL);
}
