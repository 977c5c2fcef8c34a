#include "wheel.h"

#include <assert.h>
#include <stddef.h>

static struct timer *slot_of(const struct wheel *wheel, int64_t at_ms) {
    return (struct timer *)&wheel->slots[at_ms & (WHEEL_SLOTS - 1)];
}

void wheel_init(struct wheel *wheel, int64_t now_ms) {
    for (uint32_t i = 0; i < WHEEL_SLOTS; i++) {
        wheel->slots[i].next = wheel->slots[i].prev = &wheel->slots[i];
    }
    wheel->now_ms = now_ms;
    wheel->count = 0;
}

void wheel_set(struct wheel *wheel, struct timer *timer, int64_t at_ms) {
    assert(timer->next == NULL);
    if (wheel->count == 0 && at_ms - WHEEL_MOST_MS > wheel->now_ms) {
        wheel->now_ms = at_ms - WHEEL_MOST_MS;  // it stood still while none was set
    }
    if (at_ms <= wheel->now_ms) {
        at_ms = wheel->now_ms + 1;
    }
    assert(at_ms - wheel->now_ms < WHEEL_SLOTS);
    struct timer *slot = slot_of(wheel, at_ms);
    timer->next = slot;
    timer->prev = slot->prev;
    slot->prev->next = timer;
    slot->prev = timer;
    wheel->count++;
}

void wheel_unset(struct wheel *wheel, struct timer *timer) {
    if (timer->next) {
        timer->prev->next = timer->next;
        timer->next->prev = timer->prev;
        timer->next = timer->prev = NULL;
        wheel->count--;
    }
}

struct timer *wheel_due(struct wheel *wheel, int64_t now_ms) {
    while (wheel->now_ms < now_ms) {
        struct timer *slot = slot_of(wheel, wheel->now_ms + 1);
        if (slot->next != slot) {
            struct timer *timer = slot->next;
            wheel_unset(wheel, timer);
            return timer;
        }
        wheel->now_ms++;
    }
    return NULL;
}

int wheel_wait_ms(const struct wheel *wheel, int64_t now_ms) {
    if (wheel->count == 0) {
        return -1;
    }
    int64_t at_ms = wheel->now_ms + 1;
    while (slot_of(wheel, at_ms)->next == slot_of(wheel, at_ms)) {
        at_ms++;
    }
    return at_ms > now_ms ? (int)(at_ms - now_ms) : 0;
}
