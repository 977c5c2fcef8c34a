// The supervisor's socket, played by a socket of the test's own.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "io/notify.h"
#include "unit.h"

static int supervisor;
static char name[64];

static int listen_here(void **state) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)state;
    snprintf(name, sizeof(name), "@taskfit-test-%ld", (long)getpid());
    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    supervisor = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(supervisor >= 0);
    assert_int_equal(bind(supervisor, (struct sockaddr *)&address, size), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

static int close_here(void **state) {
    (void)state;
    close(supervisor);
    return 0;
}

// What came, "" when nothing did.
static const char *heard(void) {
    static char text[600];
    ssize_t len = recv(supervisor, text, sizeof(text) - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

static void opened(struct notify *notify) {
    struct err err;
    assert_true(notify_open(notify, &err));
}

static void test_words(void **state) {
    struct notify notify;
    (void)state;
    opened(&notify);
    notify_ready(&notify, "running");
    assert_string_equal(heard(), "READY=1\nSTATUS=running");
    notify_reloading(&notify, 1234);
    assert_string_equal(heard(), "RELOADING=1\nMONOTONIC_USEC=1234000");
    notify_stopping(&notify, "draining");
    assert_string_equal(heard(), "STOPPING=1\nSTATUS=draining");
    assert_int_equal(notify_alive(&notify, 5), -1);
    assert_string_equal(heard(), "");
    notify_close(&notify);
}

static void test_watchdog(void **state) {
    struct notify notify;
    char pid[24];
    (void)state;
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    setenv("WATCHDOG_USEC", "30000000", 1);
    opened(&notify);
    assert_int_equal(notify_alive(&notify, 100000), 10000);
    assert_string_equal(heard(), "WATCHDOG=1");
    assert_int_equal(notify_alive(&notify, 103000), 7000);
    assert_string_equal(heard(), "");
    assert_int_equal(notify_alive(&notify, 110001), 10000);
    assert_string_equal(heard(), "WATCHDOG=1");
    notify_close(&notify);
}

static void test_a_watchdog_of_another(void **state) {
    struct notify notify;
    (void)state;
    setenv("WATCHDOG_PID", "1", 1);
    setenv("WATCHDOG_USEC", "30000000", 1);
    opened(&notify);
    assert_int_equal(notify_alive(&notify, 100000), -1);
    assert_string_equal(heard(), "");
    notify_close(&notify);
}

static void test_nobody_listens(void **state) {
    struct notify notify;
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "30000000", 1);
    opened(&notify);
    notify_ready(&notify, "running");
    assert_int_equal(notify_alive(&notify, 1), -1);
    assert_string_equal(heard(), "");
    notify_close(&notify);
}

static void test_a_full_socket_is_not_waited_for(void **state) {
    struct notify notify;
    (void)state;
    opened(&notify);
    for (int i = 0; i < 10000; i++) {
        notify_ready(&notify, "running");
    }
    assert_string_equal(heard(), "READY=1\nSTATUS=running");
    notify_close(&notify);
}

static void test_no_socket(void **state) {
    static const char *const names[] = {"relative", "/nonexistent/notify",
                                        "@taskfit-test-nobody-is-here"};
    char longest[200];
    struct notify notify;
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        assert_false(notify_open(&notify, &err));
        assert_int_equal(err.exit_code, EX_CONFIG);
        assert_non_null(strstr(err.text, names[i]));
    }
    memset(longest, 'x', sizeof(longest) - 1);
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    setenv("NOTIFY_SOCKET", longest, 1);
    assert_false(notify_open(&notify, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_words, listen_here, close_here),
        cmocka_unit_test_setup_teardown(test_watchdog, listen_here, close_here),
        cmocka_unit_test_setup_teardown(test_a_watchdog_of_another, listen_here, close_here),
        cmocka_unit_test_setup_teardown(test_nobody_listens, listen_here, close_here),
        cmocka_unit_test_setup_teardown(test_a_full_socket_is_not_waited_for, listen_here,
                                        close_here),
        cmocka_unit_test_setup_teardown(test_no_socket, listen_here, close_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
