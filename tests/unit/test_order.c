// Who may be called, by order key.
#include "fleet/order.h"
#include "unit.h"

enum { HOPS = 8 };

static struct order order;
static struct hop hops[HOPS];

static int begin(void **state) {
    (void)state;
    order = (struct order){0};
    memset(hops, 0, sizeof(hops));
    return 0;
}

static int end(void **state) {
    (void)state;
    order_fini(&order);
    return 0;
}

static struct hop *entered(int i, const char *key) {
    hops[i].job.order_key = slice_of(key);
    hops[i].arrival = (uint64_t)i + 1;
    order_enter(&order, &hops[i]);
    return &hops[i];
}

static void test_one_after_the_other(void **state) {
    struct hop *a = entered(0, "k"), *b = entered(1, "k"), *c = entered(2, "k");
    (void)state;
    assert_true(order_is_first(a));
    assert_false(order_is_first(b));
    assert_false(order_is_first(c));
    assert_ptr_equal(order_leave(&order, a), b);
    assert_true(order_is_first(b));
    assert_ptr_equal(order_leave(&order, b), c);
    assert_null(order_leave(&order, c));
    assert_int_equal(order.queues.count, 0);
}

static void test_others_overtake(void **state) {
    struct hop *a = entered(0, "k"), *none = entered(1, NULL), *empty = entered(2, "");
    struct hop *other = entered(3, "l");
    (void)state;
    assert_true(order_is_first(none));
    assert_true(order_is_first(empty));
    assert_true(order_is_first(other));
    assert_null(order_leave(&order, none));
    assert_null(order_leave(&order, other));
    assert_true(order_is_first(a));
}

static void test_one_leaves_from_the_middle(void **state) {
    struct hop *a = entered(0, "k"), *b = entered(1, "k"), *c = entered(2, "k");
    (void)state;
    assert_null(order_leave(&order, b));
    assert_null(order_leave(&order, b));  // it is in none any more
    assert_false(order_is_first(c));
    assert_ptr_equal(order_leave(&order, a), c);
}

// Copies enter when the first of their job is through: each where it came.
static void test_late_ones_find_their_place(void **state) {
    struct hop *a = entered(0, "k"), *c = entered(2, "k"), *d = entered(3, "k");
    struct hop *b = entered(1, "k");
    (void)state;
    assert_ptr_equal(order_leave(&order, a), b);
    assert_ptr_equal(order_leave(&order, b), c);
    struct hop *first = entered(1, "k");
    assert_true(order_is_first(first));
    assert_false(order_is_first(c));
    assert_ptr_equal(order_leave(&order, first), c);
    assert_ptr_equal(order_leave(&order, c), d);
}

static void test_a_key_may_hold_an_eighth(void **state) {
    struct config_limits limits = {.hops = 24, .memory_bytes = 8000};
    struct slice key = slice_of("k"), other = slice_of("l");
    struct hop *a = entered(0, "k");
    (void)state;
    entered(1, "k");
    assert_true(order_has_room(&order, key, &limits));
    entered(2, "k");
    assert_false(order_has_room(&order, key, &limits));
    assert_true(order_has_room(&order, other, &limits));
    order_leave(&order, a);
    assert_true(order_has_room(&order, key, &limits));
    hops[1].job.input.len = 0;
    a->job.input.len = 1000;
    entered(0, "k");
    limits.hops = 8000;
    assert_false(order_has_room(&order, key, &limits));
    order_leave(&order, a);
    assert_int_equal(order.bytes, 0);
    assert_true(order_has_room(&order, key, &limits));
}

static void test_all_keys_may_hold_a_half(void **state) {
    struct config_limits limits = {.hops = 16, .memory_bytes = 1 << 20};
    (void)state;
    for (int i = 0; i < HOPS; i++) {
        char key[] = {(char)('a' + i / 2), '\0'};
        entered(i, key);
    }
    assert_true(order_has_room(&order, slice_of("new"), &limits));
    assert_false(order_has_room(&order, slice_of("a"), &limits));  // an eighth
    order_leave(&order, &hops[0]);
    assert_true(order_has_room(&order, slice_of("a"), &limits));
    limits.hops = 24;
    assert_true(order_has_room(&order, slice_of("b"), &limits));
    limits.hops = 6;
    order_leave(&order, &hops[2]);
    order_leave(&order, &hops[4]);
    assert_int_equal(order.hops - order.queues.count, 1);
    assert_false(order_has_room(&order, slice_of("d"), &limits));
}

static void test_a_key_is_its_own_copy(void **state) {
    char key[] = "key";
    struct hop *a = entered(0, key);
    (void)state;
    memset(key, 'x', 3);
    assert_false(order_is_first(entered(1, "key")));
    assert_true(order_is_first(a));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_after_the_other, begin, end),
        cmocka_unit_test_setup_teardown(test_others_overtake, begin, end),
        cmocka_unit_test_setup_teardown(test_one_leaves_from_the_middle, begin, end),
        cmocka_unit_test_setup_teardown(test_late_ones_find_their_place, begin, end),
        cmocka_unit_test_setup_teardown(test_a_key_may_hold_an_eighth, begin, end),
        cmocka_unit_test_setup_teardown(test_all_keys_may_hold_a_half, begin, end),
        cmocka_unit_test_setup_teardown(test_a_key_is_its_own_copy, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
