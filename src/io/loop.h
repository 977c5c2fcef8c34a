// The one loop of a process (libuv). Events only record what happened; then comes the turn, in
// which the owner does all that is to be done, at its own pace.
//
//     events (sockets, timers, signals, wakes from other threads) → turn → sleep until the next
//     event, or as long as the turn said
#ifndef TASKFIT_IO_LOOP_H
#define TASKFIT_IO_LOOP_H

#include <stdint.h>

struct loop;

// Does what there is to do; returns the milliseconds after which it wants to be called again even
// if nothing happens: 0 at once, -1 never.
typedef int64_t loop_turn(void *owner);
typedef void loop_signal(void *owner, int signal_number);

struct loop *loop_new(void);
void loop_free(struct loop *loop);  // all handles on it must be closed or closing

void loop_on_turn(struct loop *loop, loop_turn *turn, void *owner);
void loop_on_signal(struct loop *loop, int signal_number, loop_signal *handler, void *owner);

void loop_run(struct loop *loop);   // until loop_stop
void loop_stop(struct loop *loop);
void loop_wake(struct loop *loop);  // from any thread: a turn comes soon

// Read before each turn and when a sleep ends: a turn, and each event, see the time it began.
int64_t loop_now_ms(const struct loop *loop);   // steady clock
int64_t loop_wall_ms(const struct loop *loop);  // Unix time
void loop_read_clocks(struct loop *loop);  // after what blocked before it runs

// For the other files of io.
struct uv_loop_s *loop_uv(struct loop *loop);

#endif
