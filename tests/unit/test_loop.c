#include <signal.h>
#include <sys/time.h>

#include "base/clock.h"
#include "io/loop.h"
#include "unit.h"

struct seen {
    struct loop *loop;
    int64_t turn_ms, event_ms, wall_before_ms, wall_event_ms, wall_after_ms;
};

static int64_t on_turn(void *owner) {
    struct seen *seen = owner;
    if (seen->event_ms) {
        loop_stop(seen->loop);
    } else if (seen->turn_ms == 0) {
        seen->turn_ms = loop_now_ms(seen->loop);
        struct itimerval timer = {.it_value = {.tv_usec = 60000}};
        seen->wall_before_ms = clock_wall_ms();
        setitimer(ITIMER_REAL, &timer, NULL);
    }
    return -1;
}

static void on_alarm(void *owner, int signal_number) {
    struct seen *seen = owner;
    (void)signal_number;
    seen->event_ms = loop_now_ms(seen->loop);
    seen->wall_event_ms = loop_wall_ms(seen->loop);
    seen->wall_after_ms = clock_wall_ms();
}

// An event sees the time at which it came, not that at which the loop went to sleep: latencies are
// taken from it.
static void test_events_see_their_own_time(void **state) {
    enum { GRAIN_MS = 5 };  // of the coarsest clock that libuv may read
    struct seen seen = {.loop = loop_new()};
    (void)state;
    loop_on_turn(seen.loop, on_turn, &seen);
    loop_on_signal(seen.loop, SIGALRM, on_alarm, &seen);
    loop_run(seen.loop);
    loop_free(seen.loop);
    assert_true(seen.event_ms - seen.turn_ms >= 60 - GRAIN_MS);
    assert_true(seen.wall_event_ms >= seen.wall_before_ms + 60 - GRAIN_MS);
    assert_true(seen.wall_event_ms <= seen.wall_after_ms + GRAIN_MS);
}

// Deadlines of what is opened then begin there, not when the loop was made.
static void test_clocks_are_read_again_after_what_blocked(void **state) {
    enum { BLOCKED_MS = 20 };
    struct loop *loop = loop_new();
    int64_t made_ms = loop_now_ms(loop), from_ms = clock_steady_ms();
    (void)state;
    while (clock_steady_ms() < from_ms + BLOCKED_MS) {
    }
    assert_int_equal(loop_now_ms(loop), made_ms);
    loop_read_clocks(loop);
    assert_true(loop_now_ms(loop) > made_ms);
    loop_free(loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_see_their_own_time),
        cmocka_unit_test(test_clocks_are_read_again_after_what_blocked),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
