// Calls at a time against a server that has so many places, and does not tell.
#include "hidden_server.h"

static void test_finds_a_hidden_limit(void **state) {
    static const uint32_t places[] = {1, 4, 20, 200, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const struct server server = {.places = places[i], .latency_ms = 100, .jitter_ms = 60,
                                      .refusal_ms = 2, .asks_ms = -1};
        begin(NULL);
        struct figures first = run(&server, 3000), then = run(&server, 60000);
        print_message("%u places: used %.3f, then %.3f; refused %llu of %llu, then %.4f\n",
                      places[i], first.used, then.used, (unsigned long long)first.refused,
                      (unsigned long long)first.sent, then.refused_share);
        assert_true(first.used > 0.4);  // the largest is found after 2 s
        assert_true(then.used >= 0.93);
        assert_true(then.refused_share < 0.015);
    }
}

static void test_follows_a_limit_that_changes(void **state) {
    struct server server = {.places = 200, .latency_ms = 100, .jitter_ms = 60, .refusal_ms = 2,
                            .asks_ms = -1};
    (void)state;
    run(&server, 10000);
    server.places = 50;
    run(&server, 2000);
    struct figures fewer = run(&server, 10000);
    server.places = 500;
    run(&server, 8000);
    struct figures more = run(&server, 10000);
    print_message("fewer: used %.3f refused %.4f; more: used %.3f refused %.4f\n", fewer.used,
                  fewer.refused_share, more.used, more.refused_share);
    assert_true(fewer.used >= 0.9 && fewer.refused_share < 0.02);
    assert_true(more.used >= 0.9 && more.refused_share < 0.02);
}

static void test_refusals_that_come_late(void **state) {
    const struct server server = {.places = 100, .latency_ms = 500, .jitter_ms = 300,
                                  .refusal_ms = 80, .asks_ms = -1};
    (void)state;
    run(&server, 10000);
    struct figures then = run(&server, 60000);
    print_message("used %.3f refused %.4f\n", then.used, then.refused_share);
    assert_true(then.used >= 0.9 && then.refused_share < 0.02);
}

static void test_a_pause_for_each_refusal_is_not_asked_for_often(void **state) {
    const struct server server = {.places = 100, .latency_ms = 100, .jitter_ms = 60,
                                  .refusal_ms = 2, .asks_ms = 1000};
    (void)state;
    run(&server, 5000);
    struct figures then = run(&server, 120000);
    print_message("used %.3f refused %.4f\n", then.used, then.refused_share);
    assert_true(then.used >= 0.9 && then.refused_share < 0.02);
}

static void test_no_queue_is_made_in_the_server(void **state) {
    const struct server server = {.places = 8, .latency_ms = 400, .queues = true, .asks_ms = -1};
    (void)state;
    run(&server, 20000);
    struct figures then = run(&server, 60000);
    print_message("level %.2f of its places\n", then.used);
    assert_true(then.used >= 0.98);  // never idle
    assert_true(then.used < 6);      // of the 2,048 that could wait there
}

static void test_latency_that_holds_lets_grow_to_the_cap(void **state) {
    const struct server server = {.places = 2000, .latency_ms = 1000, .jitter_ms = 900,
                                  .asks_ms = -1};
    (void)state;
    limits.in_flight = 1500;
    gate_set(&gate, &limits, 1, now_ms);
    run(&server, 12000);
    struct figures then = run(&server, 20000);
    assert_int_equal(then.refused, 0);
    assert_true(then.used > 0.745);  // 1,500 of 2,000
}

static void test_no_reply_in_time_cuts_by_a_third(void **state) {
    const struct server server = {.places = 100, .latency_ms = 100, .asks_ms = -1};
    (void)state;
    run(&server, 10000);
    double before = gate_most(&gate);
    struct gate_reply late = reply_of(GATE_LATE);
    struct gate_call a = gate_send(&gate, 600, now_ms), b = gate_send(&gate, 600, now_ms);
    gate_hear(&gate, &a, &late, now_ms, &chance);
    assert_true(gate_most(&gate) <= before * 0.71);
    double once = gate_most(&gate);
    gate_hear(&gate, &b, &late, now_ms, &chance);  // sent before: the same trouble
    assert_true(gate_most(&gate) == once);
}

static void test_a_floor_holds(void **state) {
    const struct server server = {.places = 2, .latency_ms = 100, .refusal_ms = 2, .asks_ms = -1};
    (void)state;
    limits.in_flight_least = 10;
    gate_set(&gate, &limits, 1, now_ms);
    run(&server, 2000);
    assert_true(gate_most(&gate) >= 10);
}

static void test_a_share_of_what_all_may(void **state) {
    (void)state;
    limits.in_flight = 100;
    gate_set(&gate, &limits, 0.25, now_ms);
    assert_int_equal(gate.bounds.most, 100);  // of each
    limits.in_flight_shared = true;
    gate_set(&gate, &limits, 0.25, now_ms);
    assert_int_equal(gate.bounds.most, 25);
    gate_set(&gate, &limits, 0.001, now_ms);
    assert_int_equal(gate.bounds.most, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_finds_a_hidden_limit, begin),
        cmocka_unit_test_setup(test_follows_a_limit_that_changes, begin),
        cmocka_unit_test_setup(test_refusals_that_come_late, begin),
        cmocka_unit_test_setup(test_a_pause_for_each_refusal_is_not_asked_for_often, begin),
        cmocka_unit_test_setup(test_no_queue_is_made_in_the_server, begin),
        cmocka_unit_test_setup(test_latency_that_holds_lets_grow_to_the_cap, begin),
        cmocka_unit_test_setup(test_no_reply_in_time_cuts_by_a_third, begin),
        cmocka_unit_test_setup(test_a_floor_holds, begin),
        cmocka_unit_test_setup(test_a_share_of_what_all_may, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
