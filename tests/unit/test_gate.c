// What a model is called with: rates, pauses, away or not, retries.
#include "hidden_server.h"

// --- rates

static void test_a_rate_is_used_and_never_passed(void **state) {
    static const uint32_t rates[] = {3, 60, 600, 10000};
    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        const struct server server = {.places = 4000, .latency_ms = 50, .asks_ms = -1,
                                      .a_minute = rates[i]};
        begin(NULL);
        limits.most[GATE_REQUESTS] = rates[i];
        gate_set(&gate, &limits, 1, now_ms);
        struct figures f = run(&server, 300000);
        print_message("%u a minute: %llu sent in five, %llu refused\n", rates[i],
                      (unsigned long long)f.sent, (unsigned long long)f.refused);
        assert_int_equal(f.refused, 0);
        assert_true((double)f.sent >= 0.93 * 5 * rates[i]);
    }
}

static void test_half_of_a_rate_for_half_of_the_partitions(void **state) {
    const struct server server = {.places = 4000, .latency_ms = 50, .asks_ms = -1};
    (void)state;
    limits.most[GATE_REQUESTS] = 600;
    gate_set(&gate, &limits, 0.5, now_ms);
    struct figures f = run(&server, 60000);
    assert_in_range(f.sent, 280, 302);
}

// What a call takes of tokens is guessed, corrected by each reply, and then known.
static void test_tokens_are_corrected(void **state) {
    struct gate_reply reply = answered;
    int64_t wait_ms, began_ms = now_ms;
    double spent = 0;
    (void)state;
    limits.most[GATE_TOKENS] = 60000;
    gate_set(&gate, &limits, 1, now_ms);
    reply.paid = true;
    reply.size[GATE_REQUESTS] = 1;
    reply.size[GATE_INPUT] = 900;  // 600 bytes, so 150 were thought of
    reply.size[GATE_OUTPUT] = 100;
    reply.size[GATE_TOKENS] = 1000;
    for (; now_ms < began_ms + 180000; now_ms++) {
        if (now_ms % 1000 == 0) {
            gate_set(&gate, &limits, 1, now_ms);
        }
        if (gate_ask(&gate, 600, now_ms, &wait_ms) == GATE_FREE) {
            struct gate_call call = gate_send(&gate, 600, now_ms);
            gate_hear(&gate, &call, &reply, now_ms, &chance);
            spent += 1000;
        }
    }
    assert_true(spent <= 180000 && spent >= 0.93 * 180000);
}

static void test_many_guesses_are_corrected_once(void **state) {
    struct gate_reply reply = answered;
    struct gate_call under[300];
    (void)state;
    reply.paid = true;
    reply.size[GATE_INPUT] = 900;
    for (int i = 0; i < 300; i++) {
        under[i] = gate_send(&gate, 600, now_ms);
    }
    for (int i = 0; i < 300; i++) {
        gate_hear(&gate, &under[i], &reply, now_ms, &chance);
    }
    assert_true(gate.tokens_a_byte > 1.49 && gate.tokens_a_byte < 1.51);
}

static void test_a_rate_that_is_used_up_is_no_limit_of_calls(void **state) {
    struct gate_reply busy = reply_of(GATE_BUSY);
    double before = gate_most(&gate);
    (void)state;
    busy.told[GATE_REQUESTS] = (struct gate_quota){0, 7000};
    struct gate_call call = gate_send(&gate, 600, now_ms);
    gate_hear(&gate, &call, &busy, now_ms, &chance);
    assert_true(gate_most(&gate) == before);
}

static void test_spend_of_an_hour(void **state) {
    struct gate_reply reply = answered;
    int64_t wait_ms;
    double spent = 0;
    (void)state;
    limits.most[GATE_SPEND] = 1e12;  // a dollar
    gate_set(&gate, &limits, 1, now_ms);
    reply.paid = true;
    reply.size[GATE_SPEND] = 1e9;    // a thousandth of it
    for (int64_t until_ms = now_ms + 3600000; now_ms < until_ms; now_ms += 100) {
        gate_set(&gate, &limits, 1, now_ms);
        while (gate_ask(&gate, 600, now_ms, &wait_ms) == GATE_FREE) {
            struct gate_call call = gate_send(&gate, 600, now_ms);
            gate_hear(&gate, &call, &reply, now_ms, &chance);
            spent += 1e9;
        }
    }
    assert_true(spent <= 1.002e12 && spent >= 0.93e12);
}

static void test_the_whole_model_pauses(void **state) {
    struct gate_reply busy = reply_of(GATE_BUSY);
    int64_t wait_ms;
    (void)state;
    struct gate_call a = gate_send(&gate, 600, now_ms), b = gate_send(&gate, 600, now_ms);
    busy.pause_ms = 5000;
    gate_hear(&gate, &a, &busy, now_ms, &chance);
    assert_int_equal(gate_ask(&gate, 600, now_ms, &wait_ms), GATE_PAUSED);
    assert_int_equal(wait_ms, 5000);
    busy.pause_ms = 1000;  // the longer one holds
    gate_hear(&gate, &b, &busy, now_ms, &chance);
    assert_int_equal(gate_ask(&gate, 600, now_ms + 4999, &wait_ms), GATE_PAUSED);
    assert_int_equal(gate_ask(&gate, 600, now_ms + 5000, &wait_ms), GATE_FREE);
}

static void test_what_the_server_says_is_left(void **state) {
    struct gate_reply reply = answered;
    int64_t wait_ms;
    (void)state;
    struct gate_call a = gate_send(&gate, 600, now_ms);
    reply.told[GATE_REQUESTS] = (struct gate_quota){2, 7000};
    gate_hear(&gate, &a, &reply, now_ms, &chance);
    gate_send(&gate, 600, now_ms);
    assert_int_equal(gate_ask(&gate, 600, now_ms, &wait_ms), GATE_FREE);
    gate_send(&gate, 600, now_ms);
    assert_int_equal(gate_ask(&gate, 600, now_ms, &wait_ms), GATE_RATE);
    assert_string_equal(gate_hold_name(&gate, GATE_RATE), "requests");
    assert_int_equal(wait_ms, 7000);
    assert_int_equal(gate_ask(&gate, 600, now_ms + 7000, &wait_ms), GATE_FREE);
}

// --- nobody is there

static void fail_once(enum gate_news news) {
    struct gate_reply reply = reply_of(news);
    struct gate_call call = gate_send(&gate, 600, now_ms);
    gate_hear(&gate, &call, &reply, now_ms, &chance);
}

static void test_opens_after_failures_in_a_row(void **state) {
    int64_t wait_ms;
    (void)state;
    for (int i = 0; i < 4; i++) {
        fail_once(GATE_FAILED);
        assert_false(gate_is_away(&gate));
    }
    fail_once(GATE_ANSWERED);
    for (int i = 0; i < 5; i++) {
        assert_false(gate_is_away(&gate));
        fail_once(GATE_FAILED);
    }
    assert_int_equal(gate_ask(&gate, 600, now_ms, &wait_ms), GATE_AWAY);
    assert_in_range(wait_ms, 1, 1000);
}

static void test_opens_when_half_of_the_calls_fail(void **state) {
    int calls_made = 0;
    (void)state;
    while (!gate_is_away(&gate) && calls_made < 1000) {
        fail_once(calls_made % 4 ? GATE_FAILED : GATE_ANSWERED);
        calls_made++;
    }
    assert_in_range(calls_made, 20, 200);
}

static void test_one_tries_whether_it_is_back(void **state) {
    int64_t wait_ms;
    (void)state;
    fail_once(GATE_UNREACHED);
    fail_once(GATE_UNREACHED);
    assert_true(gate_is_away(&gate));
    for (int i = 0; i < 8; i++) {  // longer and longer, up to half a minute
        assert_int_equal(gate_ask(&gate, 600, now_ms, &wait_ms), GATE_AWAY);
        assert_in_range(wait_ms, 1, 30000);
        now_ms += wait_ms;
        assert_int_equal(gate_ask(&gate, 600, now_ms, &wait_ms), GATE_FREE);
        struct gate_call call = gate_send(&gate, 600, now_ms);
        assert_int_equal(gate_ask(&gate, 600, now_ms, &wait_ms), GATE_AWAY);
        assert_int_equal(wait_ms, -1);
        struct gate_reply reply = reply_of(i < 7 ? GATE_UNREACHED : GATE_ANSWERED);
        gate_hear(&gate, &call, &reply, now_ms, &chance);
    }
    assert_false(gate_is_away(&gate));
    assert_true(gate_most(&gate) <= 4);  // slowly again
}

static void test_a_refusal_for_load_says_that_it_is_back(void **state) {
    int64_t wait_ms;
    (void)state;
    fail_once(GATE_UNREACHED);
    fail_once(GATE_UNREACHED);
    gate_ask(&gate, 600, now_ms, &wait_ms);
    now_ms += wait_ms;
    fail_once(GATE_BUSY);
    assert_false(gate_is_away(&gate));
}

static void test_refused_credentials_open_at_once(void **state) {
    int64_t wait_ms;
    (void)state;
    fail_once(GATE_LOCKED);
    assert_int_equal(gate_ask(&gate, 600, now_ms, &wait_ms), GATE_AWAY);
    assert_true(wait_ms > 5000);
}

static void test_calls_from_before_are_not_heard(void **state) {
    struct gate_reply failed = reply_of(GATE_FAILED);
    struct gate_call old[20];
    int64_t wait_ms;
    (void)state;
    for (int i = 0; i < 20; i++) {
        old[i] = gate_send(&gate, 600, now_ms);
    }
    fail_once(GATE_LOCKED);
    gate_ask(&gate, 600, now_ms, &wait_ms);
    now_ms += wait_ms;
    fail_once(GATE_ANSWERED);  // it is back
    for (int i = 0; i < 20; i++) {
        gate_hear(&gate, &old[i], &failed, now_ms, &chance);
        assert_false(gate_is_away(&gate));
    }
}

static void test_a_try_that_is_given_up_is_made_again(void **state) {
    int64_t wait_ms;
    (void)state;
    fail_once(GATE_LOCKED);
    gate_ask(&gate, 600, now_ms, &wait_ms);
    now_ms += wait_ms;
    struct gate_call call = gate_send(&gate, 600, now_ms);
    gate_forget(&gate, &call);
    assert_int_equal(gate_ask(&gate, 600, now_ms, &wait_ms), GATE_FREE);
}

static void test_who_measures_is_not_kept_back(void **state) {
    int64_t wait_ms;
    (void)state;
    limits.plain = true;
    limits.in_flight = 50;
    gate_set(&gate, &limits, 1, now_ms);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(gate_ask(&gate, 600, now_ms, &wait_ms), GATE_FREE);
        fail_once(GATE_LOCKED);
    }
}

// --- retries

static void test_retries_are_a_fifth_of_all_calls(void **state) {
    int64_t waits = 0, retries = 0, at_ms = now_ms;
    (void)state;
    // A thousand calls a second; four in ten are to be retried, each in its turn.
    for (int i = 0; i < 20000; i++, at_ms += 1) {
        gate.running = 0;
        gate_send(&gate, 600, at_ms);
        if (i % 10 < 4) {
            int64_t wait_ms = gate_retry_wait_ms(&gate, at_ms);
            retries += at_ms + wait_ms < now_ms + 20000;
            waits += wait_ms > 0;
        }
    }
    assert_in_range(retries, 3600, 4400);
    assert_true(waits > 0);
}

static void test_few_calls_can_be_retried(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(gate_retry_wait_ms(&gate, now_ms), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_rate_is_used_and_never_passed, begin),
        cmocka_unit_test_setup(test_half_of_a_rate_for_half_of_the_partitions, begin),
        cmocka_unit_test_setup(test_tokens_are_corrected, begin),
        cmocka_unit_test_setup(test_many_guesses_are_corrected_once, begin),
        cmocka_unit_test_setup(test_a_rate_that_is_used_up_is_no_limit_of_calls, begin),
        cmocka_unit_test_setup(test_spend_of_an_hour, begin),
        cmocka_unit_test_setup(test_the_whole_model_pauses, begin),
        cmocka_unit_test_setup(test_what_the_server_says_is_left, begin),
        cmocka_unit_test_setup(test_opens_after_failures_in_a_row, begin),
        cmocka_unit_test_setup(test_opens_when_half_of_the_calls_fail, begin),
        cmocka_unit_test_setup(test_one_tries_whether_it_is_back, begin),
        cmocka_unit_test_setup(test_a_refusal_for_load_says_that_it_is_back, begin),
        cmocka_unit_test_setup(test_refused_credentials_open_at_once, begin),
        cmocka_unit_test_setup(test_calls_from_before_are_not_heard, begin),
        cmocka_unit_test_setup(test_a_try_that_is_given_up_is_made_again, begin),
        cmocka_unit_test_setup(test_who_measures_is_not_kept_back, begin),
        cmocka_unit_test_setup(test_retries_are_a_fifth_of_all_calls, begin),
        cmocka_unit_test_setup(test_few_calls_can_be_retried, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
