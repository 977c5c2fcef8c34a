#include <math.h>

#include "base/mem.h"
#include "base/random.h"
#include "quality/arrangements.h"
#include "quality/frontier.h"
#include "quality/tune.h"
#include "unit.h"

enum { SEED = 3 };

static void assert_near(double value, double wanted, double within) {
    assert_true(fabs(value - wanted) <= within);
}

static struct cascade cascade;
static struct frontier frontier;

// Tiers of rising quality and cost, which find the same items hard; some have no confidence.
static void draw_tiers(size_t items) {
    static const char *const names[] = {"a", "b", "c"};
    struct random random;
    random_seed(&random, 1);
    cascade.tier_count = 3;
    for (uint32_t t = 0; t < 3; t++) {
        cascade.tiers[t].name = names[t];
    }
    cascade_init(&cascade, items);
    for (size_t i = 0; i < items; i++) {
        double easy = 6 * random_unit(&random) - 2;
        for (uint32_t t = 0; t < 3; t++) {
            struct cascade_tier *tier = &cascade.tiers[t];
            double p = 1 / (1 + exp(-easy - 1.2 * t - random_unit(&random)));
            tier->raw[i] = i % 50 == t ? NAN : p;
            tier->correct[i] = random_unit(&random) < p;
            tier->cost[i] = pow(10, t) * (0.5 + random_unit(&random));
        }
    }
}

static void trace(size_t items) {
    draw_tiers(items);
    frontier_trace(&cascade, SEED, &frontier);
}

// A policy on some items, by its raw thresholds.
struct outcome {
    double right, cost;
};

static struct outcome carry_out(const struct frontier_point *point, struct items items) {
    struct outcome out = {0, 0};
    double last = 0;
    for (size_t i = 0; i < items.count; i++) {
        uint32_t item = items.at[i], place = 0;
        for (;; place++) {
            const struct cascade_tier *tier = &cascade.tiers[point->arrangement.tiers[place]];
            out.cost += tier->cost[item];
            if (place + 1 == point->arrangement.count ||
                tier->raw[item] >= point->thresholds[place]) {
                out.right += tier->correct[item] / (double)items.count;
                break;
            }
        }
        last += cascade.tiers[2].cost[item];
    }
    out.cost /= last;
    return out;
}

static void test_points_are_what_their_policies_do(void **state) {
    struct tune_split split;
    (void)state;
    trace(2000);
    tune_split_init(&split, 2000, true, SEED);
    assert_int_equal(frontier.fitted, split.fit.count);
    assert_int_equal(frontier.tested, split.test.count);
    assert_true(frontier.count > 10 && frontier.count <= FRONTIER_MOST);
    for (size_t i = 0; i < frontier.count; i++) {
        const struct frontier_point *point = &frontier.points[i];
        struct outcome out = carry_out(point, split.test);
        double answers = 0;
        for (uint32_t place = 0; place < point->arrangement.count; place++) {
            answers += point->answers[place];
        }
        assert_near(point->right.value, out.right, 1e-9);
        assert_near(point->cost.value, out.cost, 1e-9);
        assert_near(answers, 1, 1e-9);
        assert_true(isnan(point->tau) == (point->arrangement.count == 1));
        assert_true(i == 0 || point->cost.value >= frontier.points[i - 1].cost.value);
    }
    assert_near(frontier.alone[2].cost.value, 1, 1e-12);
    tune_split_fini(&split);
    cascade_fini(&cascade);
}

// Every policy on the fitting items against those that are shown.
static void hold_against(const struct outcome *policy, const struct outcome *shown, double step) {
    bool covered = false;
    for (size_t i = 0; i < frontier.count; i++) {
        assert_false(policy->cost < shown[i].cost - 1e-8 && policy->right > shown[i].right - 1e-9);
        covered = covered || (shown[i].cost <= policy->cost + 1e-8 &&
                              shown[i].right > policy->right - step);
    }
    assert_true(covered);
}

static void test_no_policy_is_better(void **state) {
    static struct arrangement arrangements[ARRANGEMENTS_MOST];
    static struct cascade_sums sums;
    struct outcome shown[FRONTIER_MOST];
    struct tune_split split;
    double least = 1, most = 0, last = 0;
    (void)state;
    trace(1000);
    tune_split_init(&split, 1000, true, SEED);
    for (size_t i = 0; i < frontier.count; i++) {
        shown[i] = carry_out(&frontier.points[i], split.fit);
        least = fmin(least, shown[i].right);
        most = fmax(most, shown[i].right);
    }
    for (size_t i = 0; i < split.fit.count; i++) {
        last += cascade.tiers[2].cost[split.fit.at[i]];
    }
    size_t count = arrangements_list(3, arrangements);
    for (size_t a = 0; a < count; a++) {
        cascade_sum(&cascade, &arrangements[a], split.fit, &sums);
        for (size_t cut = 0; cut < cascade.cut_count; cut++) {
            uint64_t right = sums.accepted[cut] - sums.wrong[cut] + sums.unanswered_right[cut];
            const struct outcome policy = {(double)right / (double)split.fit.count,
                                           sums.cost[cut] / last};
            hold_against(&policy, shown, (most - least) / FRONTIER_STEPS + 1e-9);
        }
    }
    tune_split_fini(&split);
    cascade_fini(&cascade);
}

static double width(const struct frontier_figure *figure) {
    assert_true(figure->low < figure->value && figure->value < figure->high);
    return figure->high - figure->low;
}

// With items one by one, and with more items than groups.
static void test_intervals_are_as_wide_as_the_normal_ones(void **state) {
    static const size_t items[] = {1000, 30000};
    (void)state;
    for (int i = 0; i < 2; i++) {
        trace(items[i]);
        for (uint32_t t = 0; t < 3; t++) {
            const struct frontier_figure *right = &frontier.alone[t].right;
            double usual = 2 * 1.96 * sqrt(right->value * (1 - right->value) /
                                           (double)frontier.tested);
            assert_near(width(right) / usual, 1, .12);
        }
        assert_true(width(&frontier.alone[1].cost) < .02);
        // The last tier alone costs what it costs, in every draw.
        assert_near(frontier.alone[2].cost.high, frontier.alone[2].cost.low, 1e-12);
        cascade_fini(&cascade);
    }
}

static void test_it_repeats_to_the_bit(void **state) {
    static struct frontier again;
    (void)state;
    trace(1500);
    again = frontier;
    cascade_fini(&cascade);
    trace(1500);
    assert_int_equal(again.count, frontier.count);
    for (size_t i = 0; i < frontier.count; i++) {
        const struct frontier_point *point = &frontier.points[i], *other = &again.points[i];
        assert_memory_equal(&point->right, &other->right, sizeof(point->right));
        assert_memory_equal(&point->cost, &other->cost, sizeof(point->cost));
        assert_memory_equal(point->thresholds, other->thresholds, sizeof(point->thresholds));
    }
    cascade_fini(&cascade);
    draw_tiers(1500);
    frontier_trace(&cascade, SEED + 1, &frontier);
    assert_memory_not_equal(&again.alone[0].right, &frontier.alone[0].right,
                            sizeof(frontier.alone[0].right));
    cascade_fini(&cascade);
}

static void test_a_tier_that_never_pays_is_on_no_point(void **state) {
    (void)state;
    draw_tiers(2000);
    for (size_t i = 0; i < 2000; i++) {
        cascade.tiers[1].correct[i] = cascade.tiers[0].correct[i];
        cascade.tiers[1].raw[i] = cascade.tiers[0].raw[i];
        cascade.tiers[1].cost[i] = 200;
    }
    frontier_trace(&cascade, SEED, &frontier);
    for (size_t i = 0; i < frontier.count; i++) {
        assert_false(arrangement_set(&frontier.points[i].arrangement) & 1u << 1);
    }
    cascade_fini(&cascade);
}

static void test_few_items(void **state) {
    (void)state;
    trace(1);
    assert_int_equal(frontier.fitted, 0);
    assert_int_equal(frontier.count, 1);
    assert_near(frontier.alone[2].cost.value, 1, 1e-12);
    cascade_fini(&cascade);
}

static void test_no_confidence_at_all(void **state) {
    (void)state;
    draw_tiers(500);
    for (uint32_t t = 0; t < 3; t++) {
        for (size_t i = 0; i < 500; i++) {
            cascade.tiers[t].raw[i] = NAN;
        }
    }
    frontier_trace(&cascade, SEED, &frontier);
    assert_int_equal(frontier.count, 3);
    for (uint32_t t = 0; t < 3; t++) {
        assert_int_equal(frontier.points[t].arrangement.count, 1);
        assert_int_equal(frontier.points[t].arrangement.tiers[0], t);
    }
    cascade_fini(&cascade);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_are_what_their_policies_do),
        cmocka_unit_test(test_no_policy_is_better),
        cmocka_unit_test(test_intervals_are_as_wide_as_the_normal_ones),
        cmocka_unit_test(test_it_repeats_to_the_bit),
        cmocka_unit_test(test_a_tier_that_never_pays_is_on_no_point),
        cmocka_unit_test(test_few_items),
        cmocka_unit_test(test_no_confidence_at_all),
    };
    return cmocka_run_group_tests_name("frontier", tests, NULL, NULL);
}
