// How fast clients must speak.
#include <sys/socket.h>
#include <unistd.h>

#include "io/pace.h"
#include "unit.h"

enum { HEAD_MS = 10000, IDLE_MS = 30000 };

static struct pace pace;
static struct pace_client client;
static int ends[2];  // the server's, the client's

static int begin(void **state) {
    (void)state;
    client = (struct pace_client){0};
    pace_init(&pace, HEAD_MS, IDLE_MS);
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

static int end(void **state) {
    (void)state;
    pace_closed(&client);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static bool is_cut(void) {
    char byte;
    return recv(ends[1], &byte, 1, MSG_DONTWAIT) == 0;
}

static void test_a_head_has_its_time(void **state) {
    (void)state;
    pace_opened(&pace, &client, ends[0], 0);
    assert_int_equal(pace_turn(&pace, HEAD_MS - 1), 0);
    assert_false(is_cut());
    assert_int_equal(pace_turn(&pace, HEAD_MS), 1);
    assert_true(is_cut());
    assert_int_equal(pace_turn(&pace, HEAD_MS), 0);
}

static void test_the_next_head_may_wait(void **state) {
    (void)state;
    pace_opened(&pace, &client, ends[0], 0);
    pace_head_came(&pace, &client, 5);
    pace_body_came(&client);
    assert_int_equal(pace_turn(&pace, 100 * HEAD_MS), 0);  // nothing is expected of it
    pace_replied(&pace, &client, 1000);
    assert_int_equal(pace_turn(&pace, 1000 + IDLE_MS + HEAD_MS - 1), 0);
    assert_int_equal(pace_turn(&pace, 1000 + IDLE_MS + HEAD_MS), 1);
}

static void test_a_body_that_trickles(void **state) {
    (void)state;
    pace_opened(&pace, &client, ends[0], 0);
    pace_head_came(&pace, &client, 1000);
    assert_int_equal(pace_turn(&pace, 30999), 0);
    client.bytes = 1024 * 31;
    assert_int_equal(pace_turn(&pace, 1000 + 31000), 0);  // a KiB a second is enough
    assert_int_equal(pace_turn(&pace, 1000 + 31001), 1);
    assert_true(is_cut());
}

static void test_one_who_left(void **state) {
    (void)state;
    pace_opened(&pace, &client, ends[0], 0);
    assert_int_equal(pace_turn(&pace, 1), 0);
    shutdown(ends[1], SHUT_WR);
    assert_int_equal(pace_turn(&pace, 2), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_head_has_its_time, begin, end),
        cmocka_unit_test_setup_teardown(test_the_next_head_may_wait, begin, end),
        cmocka_unit_test_setup_teardown(test_a_body_that_trickles, begin, end),
        cmocka_unit_test_setup_teardown(test_one_who_left, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
