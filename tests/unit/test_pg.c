// A server of the test's own, that takes connections and says nothing.
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/loop.h"
#include "io/pg.h"
#include "unit.h"

enum { GIVE_UP_MS = 20000, LOOK_MS = 5 };

static struct scene {
    struct loop *loop;
    struct pg *pg;
    int listener, client;  // -1: none
    int wanted, seen;      // connections
    char words[1024];      // the first that the newest one said
    size_t length;
    int64_t until_ms;
} scene;

static int setup(void **state) {
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    scene = (struct scene){.loop = loop_new(), .client = -1};
    scene.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(scene.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(scene.listener, 8), 0);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    pg_close(scene.pg);
    loop_free(scene.loop);
    close(scene.listener);
    return 0;
}

static int port(void) {
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    assert_int_equal(getsockname(scene.listener, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

static void on_changed(void *owner, const struct err *err) {
    (void)owner;
    (void)err;
}

// Takes a connection, hears what the client says first, and hangs up.
static void serve(void) {
    if (scene.client < 0) {
        scene.client = accept(scene.listener, NULL, NULL);
    }
    ssize_t length = scene.client < 0 ? -1 : recv(scene.client, scene.words, sizeof(scene.words),
                                                  MSG_DONTWAIT);
    if (length >= 0) {
        scene.length = (size_t)length;
        scene.seen++;
        close(scene.client);
        scene.client = -1;
    }
}

static int64_t on_turn(void *owner) {
    (void)owner;
    int64_t now_ms = loop_now_ms(scene.loop);
    scene.until_ms = scene.until_ms ? scene.until_ms : now_ms + GIVE_UP_MS;
    serve();
    if (scene.seen == scene.wanted || now_ms >= scene.until_ms) {
        loop_stop(scene.loop);
    }
    return LOOK_MS;
}

static void connections(const char *url, int wanted) {
    const struct pg_options options = {.url = url, .program = "test", .timeout_ms = 4000,
                                       .changed = on_changed};
    scene.wanted = wanted;
    scene.pg = pg_open(scene.loop, &options);
    loop_on_turn(scene.loop, on_turn, NULL);
}

// A configuration that was loaded anew takes the old one's texts with it.
static void test_the_address_is_its_own(void **state) {
    char url[128];
    (void)state;
    snprintf(url, sizeof(url), "postgresql://u@127.0.0.1:%d/d?sslmode=disable", port());
    connections(url, 2);
    memset(url, 'x', sizeof(url) - 1);
    loop_run(scene.loop);
    assert_int_equal(scene.seen, 2);
}

static bool said(const char *words) {
    return memmem(scene.words, scene.length, words, strlen(words)) != NULL;
}

// Of the address (a schema, say) and ours stand side by side, and the server ends by itself what is
// waited for no longer: it would hold its locks.
static void test_settings_of_the_address_hold(void **state) {
    char url[160];
    (void)state;
    snprintf(url, sizeof(url), "postgresql://u@127.0.0.1:%d/d?sslmode=disable&options=-csearch_path"
             "%%3Dtaskfit", port());
    connections(url, 1);
    loop_run(scene.loop);
    assert_true(said("-csearch_path=taskfit"));
    assert_true(said("-c plan_cache_mode=force_generic_plan"));
    assert_true(said("-c statement_timeout=4000"));
}

static void test_an_address_that_is_none_is_waited_for(void **state) {
    (void)state;
    connections("postgresql://[", 1);
    scene.until_ms = 1;
    loop_run(scene.loop);
    assert_int_equal(scene.seen, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_address_is_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_settings_of_the_address_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_address_that_is_none_is_waited_for, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("pg", tests, NULL, NULL);
}
