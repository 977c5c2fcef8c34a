#include "io/loop.h"

#include <assert.h>
#include <uv.h>

#include "base/clock.h"
#include "base/mem.h"

enum { SIGNALS_MOST = 4 };

struct loop_watch {
    uv_signal_t handle;
    struct loop *loop;
    loop_signal *handler;
    void *owner;
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_timer_t timer;
    uv_async_t wake;
    struct loop_watch signals[SIGNALS_MOST];
    int signal_count;
    loop_turn *turn;
    void *owner;
    int64_t wall_ahead_ms;  // of the steady clock
};

static void on_nothing_async(uv_async_t *handle) {
    (void)handle;  // waking is all it is for: the turn follows
}

static void on_nothing_timer(uv_timer_t *handle) {
    (void)handle;
}

// libuv reads its clock again when a sleep ends, so that events see when they came.
void loop_read_clocks(struct loop *loop) {
    uv_update_time(&loop->uv);
    loop->wall_ahead_ms = clock_wall_ms() - (int64_t)uv_now(&loop->uv);
}

// Runs after timers and events and before the next sleep, whose length it sets by the timer.
static void on_prepare(uv_prepare_t *handle) {
    struct loop *loop = handle->data;
    loop_read_clocks(loop);
    int64_t wait_ms = loop->turn ? loop->turn(loop->owner) : -1;
    if (wait_ms < 0) {
        uv_timer_stop(&loop->timer);
    } else {
        uv_update_time(&loop->uv);
        uv_timer_start(&loop->timer, on_nothing_timer, (uint64_t)wait_ms, 0);
    }
}

struct loop *loop_new(void) {
    struct loop *loop = mem_zalloc(sizeof(*loop));
    uv_loop_init(&loop->uv);
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_timer_init(&loop->uv, &loop->timer);
    uv_async_init(&loop->uv, &loop->wake, on_nothing_async);
    loop->prepare.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    loop_read_clocks(loop);
    return loop;
}

void loop_free(struct loop *loop) {
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->timer, NULL);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    for (int i = 0; i < loop->signal_count; i++) {
        uv_close((uv_handle_t *)&loop->signals[i].handle, NULL);
    }
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&loop->uv);
    assert(rc == 0);
    mem_free(loop);
}

void loop_on_turn(struct loop *loop, loop_turn *turn, void *owner) {
    loop->turn = turn;
    loop->owner = owner;
}

static void on_signal(uv_signal_t *handle, int signal_number) {
    struct loop_watch *watch = handle->data;
    watch->handler(watch->owner, signal_number);
}

void loop_on_signal(struct loop *loop, int signal_number, loop_signal *handler, void *owner) {
    assert(loop->signal_count < SIGNALS_MOST);
    struct loop_watch *watch = &loop->signals[loop->signal_count++];
    *watch = (struct loop_watch){.loop = loop, .handler = handler, .owner = owner};
    uv_signal_init(&loop->uv, &watch->handle);
    watch->handle.data = watch;
    uv_signal_start(&watch->handle, on_signal, signal_number);
}

void loop_run(struct loop *loop) {
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop) {
    uv_stop(&loop->uv);
}

void loop_wake(struct loop *loop) {
    uv_async_send(&loop->wake);
}

int64_t loop_now_ms(const struct loop *loop) {
    return (int64_t)uv_now(&loop->uv);
}

int64_t loop_wall_ms(const struct loop *loop) {
    return loop_now_ms(loop) + loop->wall_ahead_ms;
}

struct uv_loop_s *loop_uv(struct loop *loop) {
    return &loop->uv;
}
