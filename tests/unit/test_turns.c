// Whose turn it is, by lane and by tenant.
#include "base/random.h"
#include "job/turns.h"
#include "unit.h"

enum { WAITING = 4000, INTERACTIVE = 1, BULK = 2, A = 11, B = 12, C = 13 };

struct waiting {
    struct turn turn;
    uint32_t lane, cost;
    uint64_t tenant;
};

static struct turns turns;
static struct waiting all[WAITING];

static int begin(void **state) {
    (void)state;
    memset(all, 0, sizeof(all));
    turns_init(&turns);
    turns_weigh(&turns, INTERACTIVE, 8);
    turns_weigh(&turns, BULK, 1);
    return 0;
}

static int end(void **state) {
    (void)state;
    for (size_t i = 0; i < WAITING; i++) {
        turns_remove(&turns, &all[i].turn);
    }
    turns_fini(&turns);
    return 0;
}

static struct waiting *waiting_at(struct turn *turn) {
    return LIST_ENTRY(turn, struct waiting, turn);
}

static void add(size_t i, uint32_t lane, uint64_t tenant, uint32_t cost) {
    all[i].lane = lane;
    all[i].tenant = tenant;
    all[i].cost = cost;
    turns_add(&turns, &all[i].turn, &(struct turns_place){lane, tenant, cost, false});
}

static void add_many(size_t from, size_t count, uint32_t lane, uint64_t tenant, uint32_t cost) {
    for (size_t i = from; i < from + count; i++) {
        add(i, lane, tenant, cost);
    }
}

static struct waiting *take(void) {
    struct turn *turn = turns_next(&turns);
    assert_non_null(turn);
    assert_ptr_equal(turns_next(&turns), turn);  // asking changes nothing
    turns_take(&turns, turn);
    return waiting_at(turn);
}

static void test_one_lane_in_its_order(void **state) {
    (void)state;
    assert_null(turns_next(&turns));
    add_many(0, 10, 0, A, 1);
    for (size_t i = 0; i < 10; i++) {
        assert_ptr_equal(take(), &all[i]);
    }
    assert_null(turns_next(&turns));
}

static void test_lanes_share_by_weight(void **state) {
    size_t interactive = 0;
    (void)state;
    add_many(0, 1000, BULK, A, 1);
    add_many(1000, 2000, INTERACTIVE, A, 1);
    for (size_t i = 0; i < 900; i++) {
        interactive += take()->lane == INTERACTIVE;
    }
    assert_in_range(interactive, 799, 801);
}

static void test_who_comes_overtakes_a_backlog(void **state) {
    (void)state;
    add_many(0, 1000, BULK, A, 1);
    for (size_t i = 0; i < 500; i++) {
        take();
    }
    add(2000, INTERACTIVE, A, 1);
    assert_ptr_equal(take(), &all[2000]);
    assert_ptr_equal(take(), &all[500]);
}

// A lane that was idle for long has saved nothing: the other is not left out while it catches up.
static void test_an_idle_lane_saves_nothing(void **state) {
    size_t bulk = 0;
    (void)state;
    add_many(0, 1000, INTERACTIVE, A, 1);
    for (size_t i = 0; i < 900; i++) {
        take();
    }
    add_many(1000, 500, BULK, A, 1);
    add_many(2000, 900, INTERACTIVE, A, 1);
    for (size_t i = 0; i < 90; i++) {
        bulk += take()->lane == BULK;
    }
    assert_in_range(bulk, 9, 11);
}

static void test_tenants_alternate(void **state) {
    (void)state;
    add_many(0, 1000, BULK, A, 1);
    for (size_t i = 0; i < 300; i++) {
        take();
    }
    add_many(2000, 20, BULK, B, 1);
    size_t of_b = 0;
    for (size_t i = 0; i < 41; i++) {
        of_b += take()->tenant == B;
    }
    assert_int_equal(of_b, 20);
    assert_int_equal(take()->tenant, A);
}

static void test_the_costly_come_less_often(void **state) {
    size_t costs[3] = {0};
    (void)state;
    add_many(0, 100, BULK, A, 10);
    add_many(1000, 1000, BULK, B, 1);
    add_many(2000, 400, BULK, C, 3);
    for (size_t i = 0; i < 400; i++) {
        struct waiting *w = take();
        costs[w->tenant - A] += w->cost;
    }
    assert_in_range(costs[0], costs[1] - 13, costs[1] + 13);
    assert_in_range(costs[2], costs[1] - 13, costs[1] + 13);
}

static void test_a_tenant_has_a_turn_in_each_lane(void **state) {
    (void)state;
    add(0, BULK, A, 1);
    add(1, INTERACTIVE, A, 1);
    add(2, BULK, B, 1);
    assert_ptr_equal(take(), &all[1]);
    assert_ptr_equal(take(), &all[0]);
    assert_ptr_equal(take(), &all[2]);
}

static void test_first_of_its_tenant(void **state) {
    (void)state;
    add_many(0, 3, BULK, A, 1);
    turns_add(&turns, &all[9].turn, &(struct turns_place){BULK, A, 1, true});
    assert_ptr_equal(take(), &all[9]);
    assert_ptr_equal(take(), &all[0]);
}

// Any order of coming, leaving and being served: all are served once, and no tenant of a lane gets
// ahead of another that waits all the time by more than two of the largest.
static void test_any_order(void **state) {
    struct random random;
    size_t served = 0, left = 0, came = 0;
    int64_t ahead = 0;  // of A, in cost, of B
    (void)state;
    random_seed(&random, 7);
    while (served + left < WAITING) {
        if (came < WAITING && (came < served + left + 40 || random_unit(&random) < 0.5)) {
            uint32_t cost = 1 + (uint32_t)(random_unit(&random) * 20);
            add(came, BULK, came % 2 ? A : B, cost);
            came++;
        } else if (random_unit(&random) < 0.1) {
            size_t i = (size_t)(random_unit(&random) * (double)came);
            left += all[i].turn.tenant != NULL;
            turns_remove(&turns, &all[i].turn);
        } else {
            const struct waiting *w = take();
            ahead += w->tenant == A ? (int64_t)w->cost : -(int64_t)w->cost;
            assert_true(came == WAITING || (ahead <= 42 && ahead >= -42));
            served++;
        }
    }
    assert_int_equal(turns.count, 0);
    assert_int_equal(turns.tenants.count, 0);
}

static void test_many_tenants_come_and_go(void **state) {
    (void)state;
    for (size_t i = 0; i < WAITING; i++) {
        add(i, 0, 100 + i, 1);
    }
    for (size_t i = 0; i < WAITING; i++) {
        assert_ptr_equal(take(), &all[i]);
    }
    assert_true(turns.spare.count <= 64);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_lane_in_its_order, begin, end),
        cmocka_unit_test_setup_teardown(test_lanes_share_by_weight, begin, end),
        cmocka_unit_test_setup_teardown(test_who_comes_overtakes_a_backlog, begin, end),
        cmocka_unit_test_setup_teardown(test_an_idle_lane_saves_nothing, begin, end),
        cmocka_unit_test_setup_teardown(test_tenants_alternate, begin, end),
        cmocka_unit_test_setup_teardown(test_the_costly_come_less_often, begin, end),
        cmocka_unit_test_setup_teardown(test_a_tenant_has_a_turn_in_each_lane, begin, end),
        cmocka_unit_test_setup_teardown(test_first_of_its_tenant, begin, end),
        cmocka_unit_test_setup_teardown(test_any_order, begin, end),
        cmocka_unit_test_setup_teardown(test_many_tenants_come_and_go, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
