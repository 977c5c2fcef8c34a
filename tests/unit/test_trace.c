#include <string.h>

#include "job/trace.h"
#include "unit.h"

static void test_what_is_carried_on(void **state) {
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true},
        {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", true},
        {"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false},
        {"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false},
        {"00-00000000000000000000000000000000-b7ad6b7169203331-01", false},
        {"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false},
        {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0", false},
        {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-", false},
        {"00-0af7651916cd43dd8448eb211c80319c\r\nX: 6b7169203331-01", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(trace_check(slice_of(rows[i].text)), rows[i].good);
    }
}

static void test_a_trace_begins_with_the_job(void **state) {
    struct uuid job;
    char text[TRACE_TEXT];
    (void)state;
    assert_true(uuid_parse(slice_of("0198a3c2-5e1f-8000-b1c3-2f0b6d1a77e0"), &job));
    trace_make(&job, text);
    assert_string_equal(text, "00-0198a3c25e1f8000b1c32f0b6d1a77e0-b1c32f0b6d1a77e0-00");
    assert_true(trace_check(slice_of(text)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_carried_on),
        cmocka_unit_test(test_a_trace_begins_with_the_job),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
