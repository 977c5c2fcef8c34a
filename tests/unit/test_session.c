// Sessions of browsers: signed, ended, and refused in every other form.
#include <stdio.h>

#include "gateway/session.h"
#include "unit.h"

static struct sessions of(const char *secret) {
    struct sessions sessions;
    assert_true(sessions_init(&sessions, secret));
    return sessions;
}

static void test_read_as_written(void **state) {
    struct sessions one = of("0123456789abcdef0123456789abcdef"), other = of(NULL);
    struct session session, read;
    char text[SESSION_TEXT], changed[SESSION_TEXT + 1];
    (void)state;
    assert_true(session_begin(&session, "00070e151c232a31", 2000));
    session_write(&one, &session, text);
    assert_true(session_read(&one, slice_of(text), 1999, &read));
    assert_string_equal(read.key, session.key);
    assert_int_equal(read.until_s, 2000);
    assert_true(uuid_equal(read.id, session.id));
    assert_false(session_read(&one, slice_of(text), 2000, &read));
    assert_false(session_read(&other, slice_of(text), 1999, &read));
    for (size_t i = 0; text[i]; i++) {
        memcpy(changed, text, sizeof(text));
        changed[i] = (char)(text[i] == '1' ? '2' : '1');
        assert_false(session_read(&one, slice_of(changed), 1, &read));
        assert_false(session_read(&one, (struct slice){text, i}, 1, &read));
    }
    snprintf(changed, sizeof(changed), "%s0", text);
    assert_false(session_read(&one, slice_of(changed), 1, &read));
    sessions_fini(&one);
    sessions_fini(&other);
}

static void test_ended(void **state) {
    struct sessions sessions = of("0123456789abcdef0123456789abcdef");
    struct session first, second;
    char text[SESSION_TEXT];
    (void)state;
    assert_true(session_begin(&first, "00070e151c232a31", 2000));
    assert_true(session_begin(&second, "00070e151c232a31", 2000));
    sessions_end(&sessions, first.id);
    session_write(&sessions, &first, text);
    assert_false(session_read(&sessions, slice_of(text), 1, &first));
    session_write(&sessions, &second, text);
    assert_true(session_read(&sessions, slice_of(text), 1, &second));
    sessions_fini(&sessions);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_as_written),
        cmocka_unit_test(test_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
