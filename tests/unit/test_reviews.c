#include <stdlib.h>

#include "base/random.h"
#include "fleet/reviews.h"
#include "unit.h"

// The share of jobs that get a second opinion is what the path says, and a job's draw stays.
static void test_a_draw_for_each_job(void **state) {
    enum { JOBS = 20000 };
    unsigned tenth = 0, half = 0;
    struct random random;
    (void)state;
    random_seed(&random, 5);
    for (int i = 0; i < JOBS; i++) {
        struct uuid job = uuid_v7(1795494360000 + i, &random);
        double chance = review_chance(&job);
        assert_true(chance >= 0 && chance < 1 && chance == review_chance(&job));
        tenth += chance < 0.1;
        half += chance < 0.5;
    }
    assert_in_range(tenth, JOBS / 10 - 150, JOBS / 10 + 150);  // 3.5 standard deviations
    assert_in_range(half, JOBS / 2 - 250, JOBS / 2 + 250);
}

// Four eyes: both persons' names go with the outcome.
static void test_who_revises(void **state) {
    const struct review_word word = {.person = {"ben", 3}, .answer = {"\"A\"", 3},
                                     .answer_hop = -1, .round = 2, .revision = 0};
    const struct ruling alone = {.settles = true}, two = {.settles = true, .with = {"anna", 4}};
    struct arena_pool pool;
    struct arena arena;
    struct pg_params params = {0};
    (void)state;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    review_close_encode(&word, &alone, &arena, &params);
    assert_int_equal(params.count, 11);
    assert_int_equal(params.params[8].len, strlen("ben"));
    pg_params_clear(&params);
    review_close_encode(&word, &two, &arena, &params);
    assert_memory_equal(params.data.data + params.params[8].at, "anna, ben", strlen("anna, ben"));
    assert_true(params.params[5].null);  // no model's answer
    pg_params_fini(&params);
    arena_fini(&arena);
    arena_pool_fini(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_draw_for_each_job),
        cmocka_unit_test(test_who_revises),
    };
    return cmocka_run_group_tests_name("reviews", tests, NULL, NULL);
}
