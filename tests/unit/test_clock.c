#include "base/clock.h"
#include "unit.h"

static void test_format(void **state) {
    char text[CLOCK_TEXT];
    (void)state;
    clock_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    clock_format(1795494360123, text);
    assert_string_equal(text, "2026-11-24T04:26:00.123Z");
}

static void test_durations(void **state) {
    static const struct {
        const char *text, *again;
        int64_t ms;
    } rows[] = {
        {"0", "0", 0},         {"0s", "0", 0},        {"250ms", "250ms", 250},
        {"30s", "30s", 30000}, {"90s", "90s", 90000}, {"120s", "2m", 120000},
        {"24h", "1d", 86400000}, {"7d", "7d", 604800000}, {"36600d", "36600d", 3162240000000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ms;
        char text[CLOCK_TEXT];
        assert_true(duration_parse(slice_of(rows[i].text), &ms));
        assert_int_equal(ms, rows[i].ms);
        duration_format(ms, text);
        assert_string_equal(text, rows[i].again);
    }
}

static void test_what_is_no_duration(void **state) {
    static const char *const texts[] = {
        "", "1", "s", "-1s", "1.5s", "1 s", "1S", "1sec", "1s ", " 1s", "36601d",
        "99999999999999999999ms",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t ms;
        if (duration_parse(slice_of(texts[i]), &ms)) {
            fail_msg("'%s' was taken", texts[i]);
        }
    }
}

static void test_times_of_strangers(void **state) {
    static const struct {
        const char *text;
        int64_t ms;  // -1: it is none
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T04:26:00.123Z", 1795494360123},
        {"2026-11-24 04:26:00", 1795494360000},
        {"2026-11-24T09:56:00.123456+05:30", 1795494360123},
        {"2026-11-23T23:26:00.9-0500", 1795494360900},
        {"2024-02-29T00:00:00Z", 1709164800000},
        {"2023-02-29T00:00:00Z", -1},
        {"2026-11-24T04:26:61Z", -1},
        {"2026-13-24T04:26:00Z", -1},
        {"2026-11-24T24:26:00Z", -1},
        {"2026-11-24", -1},
        {"2026-11-24T04:26:00+25:00", -1},
        {"2026-11-24T04:26:00Z ", -1},
        {"yesterday", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ms = -1;
        assert_int_equal(clock_parse(slice_of(cases[i].text), &ms), cases[i].ms >= 0);
        assert_int_equal(ms, cases[i].ms);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_of_strangers),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_what_is_no_duration),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
