#include "job/breaker.h"

#include "base/backoff.h"

enum {
    IN_A_ROW = 5,        // failures that open it
    UNREACHED_WORTH = 3, // of them, where there was no connection
    OPEN_MS = 1000,      // at first, at most: drawn anew each time
    OPEN_MOST_MS = 30000,
    LOCKED_MS = 5000,    // a credential is not mended in a second
};

static const double recall = 1.0 / 64;  // weight of a call in the share of failures
static const double too_many = 0.5;

int64_t breaker_wait_ms(const struct breaker *b, int64_t now_ms) {
    switch (b->state) {
    case BREAKER_CLOSED: return 0;
    case BREAKER_TRYING: return b->trying ? -1 : 0;
    case BREAKER_OPEN: return b->until_ms > now_ms ? b->until_ms - now_ms : 0;
    }
    return 0;
}

bool breaker_send(struct breaker *b) {
    if (b->state == BREAKER_CLOSED) {
        return false;
    }
    b->state = BREAKER_TRYING;
    b->trying = true;
    return true;
}

static void open_it(struct breaker *b, enum breaker_news news, const struct breaker_call *call,
                    int64_t now_ms, struct random *random) {
    const struct backoff backoff = {OPEN_MS, OPEN_MOST_MS};
    int64_t least_ms = news == BREAKER_LOCKED ? LOCKED_MS : 0;
    b->state = BREAKER_OPEN;
    b->trying = false;
    b->deaf_to = call->sent;
    b->until_ms = now_ms + least_ms + backoff_wait_ms(&backoff, ++b->openings, random);
}

static void hear_good(struct breaker *b, const struct breaker_call *call) {
    b->in_a_row = 0;
    b->failing -= b->failing * recall;
    b->openings = 0;
    if (b->state != BREAKER_CLOSED) {
        b->state = BREAKER_CLOSED;
        b->trying = false;
        b->failing = 0;
        b->deaf_to = call->sent;
    }
}

void breaker_hear(struct breaker *b, enum breaker_news news, const struct breaker_call *call,
                  int64_t now_ms, struct random *random) {
    bool old = call->number <= b->deaf_to && !call->tries;
    if (news == BREAKER_GOOD) {
        if (!old || b->state == BREAKER_CLOSED) {
            hear_good(b, call);
        }
        return;
    }
    if (old || (b->state != BREAKER_CLOSED && !call->tries)) {
        return;
    }
    b->in_a_row += news == BREAKER_UNREACHED ? UNREACHED_WORTH : 1;
    b->failing += (1 - b->failing) * recall;
    if (call->tries || news == BREAKER_LOCKED || b->in_a_row >= IN_A_ROW ||
        b->failing > too_many) {
        open_it(b, news, call, now_ms, random);
    }
}

void breaker_forget(struct breaker *b, bool tries) {
    if (tries) {
        b->trying = false;
    }
}
