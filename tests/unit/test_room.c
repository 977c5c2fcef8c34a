// What lanes and tenants may hold of a worker's room.
#include "job/room.h"
#include "unit.h"

enum { PARTS = 200, BYTES = 10, INTERACTIVE = 1, BULK = 2, A = 11, B = 12 };

static const struct room_use jobs_bound = {120, 1000000}, bytes_bound = {1000000, 1200};
static struct room room;
static struct room_part parts[PARTS];

static int begin(void **state) {
    (void)state;
    memset(parts, 0, sizeof(parts));
    return 0;
}

static int end(void **state) {
    (void)state;
    room_fini(&room);
    return 0;
}

static void enter(size_t i, uint32_t lane, uint64_t tenant) {
    room_enter(&room, &parts[i], lane, BYTES);
    if (tenant) {
        room_name(&room, &parts[i], tenant);
    }
}

// As many as there is room for, from parts[from] on.
static size_t fill(size_t from, uint32_t lane, uint64_t tenant, struct room_use all) {
    size_t count = 0;
    while (room_for_lane(&room, lane, all) && (tenant == 0 || !room_is_scarce(&room, lane, all) ||
                                               room_for_tenant(&room, lane, tenant, all))) {
        enter(from + count++, lane, tenant);
        assert_true(from + count < PARTS);
    }
    return count;
}

static void test_a_lone_lane_has_all(void **state) {
    (void)state;
    room_init(&room, 1);
    assert_int_equal(fill(0, 0, 0, jobs_bound), 120);
    room_leave(&room, &parts[7]);
    assert_true(room_for_lane(&room, 0, jobs_bound));
}

static void check_lanes(struct room_use all) {
    room_init(&room, 3);
    assert_int_equal(fill(0, BULK, 0, all), 80);  // 20 are kept for each of the two others
    assert_int_equal(fill(80, INTERACTIVE, 0, all), 20);
    assert_int_equal(fill(100, 0, 0, all), 20);
    assert_false(room_for_lane(&room, BULK, all));
    for (size_t i = 0; i < 10; i++) {
        room_leave(&room, &parts[i]);
    }
    assert_int_equal(fill(0, INTERACTIVE, 0, all), 10);  // whoever comes first
}

static void test_a_lane_leaves_room_for_others(void **state) {
    (void)state;
    check_lanes(jobs_bound);
}

static void test_likewise_in_bytes(void **state) {
    (void)state;
    check_lanes(bytes_bound);
}

// What is kept is had even when more is held than ever may be: limits can be lowered.
static void test_what_is_kept_is_had(void **state) {
    (void)state;
    room_init(&room, 2);
    fill(0, 0, 0, jobs_bound);
    assert_int_equal(fill(90, 1, 0, (struct room_use){40, 1000000}), 10);
}

static void test_a_tenant_leaves_an_eighth(void **state) {
    (void)state;
    room_init(&room, 1);
    assert_int_equal(fill(0, 0, A, jobs_bound), 105);
    assert_int_equal(fill(105, 0, B, jobs_bound), 15);
    assert_false(room_for_lane(&room, 0, jobs_bound));
}

static void test_a_tenant_counts_in_each_lane(void **state) {
    (void)state;
    room_init(&room, 3);
    assert_int_equal(fill(0, BULK, A, jobs_bound), 70);
    assert_int_equal(fill(70, INTERACTIVE, A, jobs_bound), 27);
    assert_true(room_for_lane(&room, BULK, jobs_bound));
    assert_int_equal(fill(100, BULK, B, jobs_bound), 3);
}

static void test_a_tenant_that_is_gone_is_nothing(void **state) {
    (void)state;
    room_init(&room, 1);
    for (size_t i = 0; i < PARTS; i++) {
        enter(i, 0, 1000 + i);
    }
    assert_int_equal(room.tenants.count, PARTS);
    for (size_t i = 0; i < PARTS; i++) {
        room_leave(&room, &parts[i]);
    }
    assert_int_equal(room.tenants.count, 0);
    assert_int_equal(room.lanes[0].jobs, 0);
    assert_int_equal(room.lanes[0].bytes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_lone_lane_has_all, begin, end),
        cmocka_unit_test_setup_teardown(test_a_lane_leaves_room_for_others, begin, end),
        cmocka_unit_test_setup_teardown(test_likewise_in_bytes, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_kept_is_had, begin, end),
        cmocka_unit_test_setup_teardown(test_a_tenant_leaves_an_eighth, begin, end),
        cmocka_unit_test_setup_teardown(test_a_tenant_counts_in_each_lane, begin, end),
        cmocka_unit_test_setup_teardown(test_a_tenant_that_is_gone_is_nothing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
