// Who is called next, of those that wait for a model.
#include "fleet/ready.h"
#include "unit.h"

enum { HOPS = 4 };

static const struct config config = {.lanes = {{"default", 1}}, .lane_count = 1};
static struct ready ready;
static struct list calling;
static struct hop hops[HOPS];

static int begin(void **state) {
    (void)state;
    memset(hops, 0, sizeof(hops));
    list_init(&calling);
    ready_init(&ready, &config);
    return 0;
}

static struct hop *add(int i, const char *tenant, bool retried) {
    hops[i].job.tenant = slice_of(tenant);
    ready_add(&ready, &hops[i], retried);
    return &hops[i];
}

static void take(struct hop *hop) {
    ready_take(&ready, hop);
    hop_move(hop, STEP_CALLING, &calling);
}

static void test_tenants_take_turns(void **state) {
    struct hop *a = add(0, "a", false), *second = add(1, "a", false), *b = add(2, "b", false);
    (void)state;
    assert_ptr_equal(ready_next(&ready), a);
    take(a);
    assert_ptr_equal(ready_next(&ready), b);
    take(b);
    assert_ptr_equal(ready_next(&ready), second);
    ready_fini(&ready);
}

// It holds the room that the next may wait for: behind that one it would wait for ever.
static void test_the_fetched_wait_behind_nobody(void **state) {
    struct hop *a = add(0, "a", false), *b = add(1, "b", false);
    (void)state;
    take(a);
    assert_ptr_equal(ready_next(&ready), b);
    a->call.fetched = true;
    add(0, "a", true);
    assert_ptr_equal(ready_next(&ready), b);
    assert_int_equal(ready.hops.count, 2);
    assert_int_equal(ready.aside.count, 1);
    assert_ptr_equal(ready_hop(list_first(&ready.aside)), a);
    take(a);
    assert_true(list_empty(&ready.aside));
    a->call.fetched = false;  // and tried again it waits as others do
    add(0, "a", true);
    assert_true(list_empty(&ready.aside));
    ready_fini(&ready);
}

// Nor those of a verifier.
static void test_the_fetched_are_verified_first(void **state) {
    static struct model_use *some;
    (void)state;
    for (int i = 0; i < 3; i++) {
        hops[i].call.verified = (struct model_use *)&some;
        hops[i].call.fetched = i == 2;
        add(i, "a", true);
    }
    assert_ptr_equal(ready_verified(&ready), &hops[2]);
    hop_move(&hops[2], STEP_CALLING, &calling);
    assert_ptr_equal(ready_verified(&ready), &hops[0]);
    ready_fini(&ready);
}

static void test_any_may_leave(void **state) {
    struct hop *a = add(0, "a", false), *b = add(1, "b", false);
    (void)state;
    hops[2].call.fetched = true;
    add(2, "a", true);
    assert_true(ready_set_aside(&ready, ready_next(&ready), false));
    for (int i = 0; i < HOPS; i++) {  // the last is not in it
        ready_leave(&ready, &hops[i]);
        hop_move(&hops[i], STEP_STORING, &calling);
    }
    assert_null(ready_next(&ready));
    assert_true(list_empty(&ready.aside));
    assert_null(a->turn.tenant);
    assert_null(b->turn.tenant);
    ready_fini(&ready);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_tenants_take_turns, begin),
        cmocka_unit_test_setup(test_the_fetched_wait_behind_nobody, begin),
        cmocka_unit_test_setup(test_the_fetched_are_verified_first, begin),
        cmocka_unit_test_setup(test_any_may_leave, begin),
    };
    return cmocka_run_group_tests_name("ready", tests, NULL, NULL);
}
