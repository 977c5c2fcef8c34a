// What is left of a rate, by the headers of servers.
#include "dialect/rate_headers.h"
#include "unit.h"

static struct gate_quota told[GATE_TOLD];

enum { NOW_S = 1790000000 };

static void read(const char *lines) {
    rate_headers_read(slice_of(lines), NOW_S * 1000LL, told);
}

static void test_of_openai(void **state) {
    (void)state;
    read("limit-requests: 60\nremaining-requests: 59\nreset-requests: 1s\n"
         "remaining-tokens: 149984\nreset-tokens: 6m0s\n");
    assert_true(told[GATE_REQUESTS].left == 59 && told[GATE_TOKENS].left == 149984);
    assert_in_range(told[GATE_REQUESTS].until_ms, 1000, 1001);
    assert_in_range(told[GATE_TOKENS].until_ms, 360000, 360001);
    assert_true(told[GATE_INPUT].left < 0 && told[GATE_OUTPUT].left < 0);
}

static void test_of_anthropic(void **state) {
    (void)state;
    read("requests-remaining: 0\nrequests-reset: 2026-09-21T14:13:30Z\n"
         "input-tokens-remaining: 5000\ninput-tokens-reset: 2026-09-21T14:13:20.5Z\n");
    assert_true(told[GATE_REQUESTS].left == 0 && told[GATE_INPUT].left == 5000);
    assert_in_range(told[GATE_REQUESTS].until_ms, 10000, 10001);
    assert_in_range(told[GATE_INPUT].until_ms, 500, 501);
}

static void test_forms_of_a_time(void **state) {
    static const struct {
        const char *line;
        int64_t ms;
    } forms[] = {{"reset: 20ms\n", 20},          {"reset: 1m30.951s\n", 90951},
                 {"reset: 7\n", 7000},           {"reset: 0.5\n", 500},
                 {"reset: 1790000060\n", 60000}, {"reset: 1790000060000\n", 60000},
                 {"Reset: 8.64s\n", 8640},       {"reset: 2h\n", 7200000}};
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        read(forms[i].line);
        assert_in_range(told[GATE_REQUESTS].until_ms, forms[i].ms, forms[i].ms + 1);
    }
}

static void test_what_is_none(void **state) {
    static const char *const lines[] = {
        "", "reset", "reset:", "reset: \n", "reset: soon\n", "reset: -5\n", "reset: 5x\n",
        "reset: 1789999990\n", "reset: inf\n", "reset: nan\n", "reset: 1e300\n", "reset: 9h",
        "remaining: -1\n", "remaining: many\n", "remaining-project-tokens: 5\n", ":\n\n:: \n",
        "reset: 1111111111111111111111111111111111111111111111111111111111111111111111\n",
        "reset: 2026-99-99T99:99:99Z\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        read(lines[i]);
        for (int rate = 0; rate < GATE_TOLD; rate++) {
            assert_true(told[rate].left < 0 && told[rate].until_ms == 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_openai),
        cmocka_unit_test(test_of_anthropic),
        cmocka_unit_test(test_forms_of_a_time),
        cmocka_unit_test(test_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
