#include "job/usual.h"

#include <stdbool.h>

enum { FORGET_MS = 10000 };

static bool is_forgotten(const struct usual *usual, int64_t now_ms) {
    return now_ms - usual->heard_ms >= FORGET_MS;
}

void usual_hear(struct usual *usual, int64_t latency_ms, int64_t now_ms) {
    if (is_forgotten(usual, now_ms)) {
        usual->tail = (struct tail){0};
    }
    tail_hear(&usual->tail, latency_ms);
    usual->heard_ms = now_ms;
}

int64_t usual_ms(const struct usual *usual, int64_t now_ms) {
    return is_forgotten(usual, now_ms) ? -1 : tail_ms(&usual->tail);
}
