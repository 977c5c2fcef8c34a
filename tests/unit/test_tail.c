// How long the slowest few take.
#include "job/tail.h"

#include <math.h>

#include "base/random.h"
#include "unit.h"

static struct tail tail;
static struct random chance;

// Exponential with that mean: 19 of 20 take up to three times as long.
static void hear(int count, double mean_ms) {
    for (int i = 0; i < count; i++) {
        tail_hear(&tail, (int64_t)(-mean_ms * log(1 - random_unit(&chance))));
    }
}

static int begin(void **state) {
    (void)state;
    tail = (struct tail){0};
    random_seed(&chance, 5);
    return 0;
}

static void test_too_few_say_nothing(void **state) {
    (void)state;
    assert_int_equal(tail_ms(&tail), -1);
    hear(49, 100);
    assert_int_equal(tail_ms(&tail), -1);
    hear(1, 100);
    assert_true(tail_ms(&tail) > 0);
}

static void test_19_of_20_are_faster(void **state) {
    int slower = 0;
    (void)state;
    hear(1000, 200);
    for (int i = 0; i < 10000; i++) {
        double latency = -200 * log(1 - random_unit(&chance));
        slower += latency > tail.ms;
        tail_hear(&tail, (int64_t)latency);
    }
    assert_in_range(slower, 400, 600);
}

static void test_it_follows(void **state) {
    (void)state;
    hear(1000, 1000);
    hear(2000, 100);
    assert_in_range(tail_ms(&tail), 200, 450);
    hear(300, 1000);
    assert_in_range(tail_ms(&tail), 1800, 4500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_too_few_say_nothing, begin),
        cmocka_unit_test_setup(test_19_of_20_are_faster, begin),
        cmocka_unit_test_setup(test_it_follows, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
