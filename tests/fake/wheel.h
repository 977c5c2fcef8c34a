// Timers in slots of one millisecond, up to a minute ahead.
#ifndef TASKFIT_FAKE_WHEEL_H
#define TASKFIT_FAKE_WHEEL_H

#include <stdint.h>

enum { WHEEL_SLOTS = 1 << 16, WHEEL_MOST_MS = 60000 };

struct timer {
    struct timer *next, *prev;  // NULL: not set
};

struct wheel {
    struct timer slots[WHEEL_SLOTS];
    int64_t now_ms;  // all slots up to here are empty
    uint32_t count;
};

void wheel_init(struct wheel *wheel, int64_t now_ms);
void wheel_set(struct wheel *wheel, struct timer *timer, int64_t at_ms);
void wheel_unset(struct wheel *wheel, struct timer *timer);

// One that is due, no longer set; NULL: none is.
struct timer *wheel_due(struct wheel *wheel, int64_t now_ms);

// Until the next is due; -1: none is set.
int wheel_wait_ms(const struct wheel *wheel, int64_t now_ms);

#endif
