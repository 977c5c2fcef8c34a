#include "job/gate.h"

#include <assert.h>
#include <math.h>

#include "base/backoff.h"

enum {
    MINUTE_MS = 60000,
    HOUR_MS = 3600000,
    SECOND_MS = 1000,
    OUTPUT_GUESS = 256,       // tokens of a reply, before one has come
    REFUSALS_BORNE = 3,       // in a row, and then a pause, if nothing is under way
    PAUSE_MS = 100,
    PAUSE_MOST_MS = 30000,
    ASKED_MOST_MS = HOUR_MS,  // after so long it is tried, whatever was asked for
    TOLD_MOST_MS = MINUTE_MS, // likewise where it says what is left: some refill all the time
    GROW_MS = 5,              // room for more calls grows by itself
    RETRIES_LEAST = 10,       // that are always to spare, so that few calls can be retried, too
};

static const double retries_a_call = 0.2, retries_a_second = 1;
static const double recall = 1.0 / 16;        // weight of a reply in what is usual
static const double tokens_a_byte_guess = 0.25;

const char *gate_hold_name(const struct gate *gate, enum gate_hold hold) {
    static const char *const rates[GATE_RATES] = {"requests", "tokens", "input_tokens",
                                                  "output_tokens", "spend"};
    switch (hold) {
    case GATE_FREE: return "nothing";
    case GATE_IN_FLIGHT: return "in_flight";
    case GATE_RATE: return rates[gate->narrowest];
    case GATE_PAUSED: return "pause";
    case GATE_AWAY: return "away";
    }
    return "nothing";
}

void gate_init(struct gate *gate) {
    *gate = (struct gate){.share = 1, .tokens_a_byte = tokens_a_byte_guess,
                          .retries = RETRIES_LEAST};
    concurrency_init(&gate->concurrency);
    gate->usual[GATE_REQUESTS] = 1;
    gate->usual[GATE_OUTPUT] = OUTPUT_GUESS;
}

static uint32_t shared(uint32_t most, double share) {
    double part = floor(most * share + 1e-9);
    return part < 1 ? 1 : (uint32_t)part;
}

void gate_set(struct gate *gate, const struct gate_limits *limits, double share, int64_t now_ms) {
    uint32_t most = limits->in_flight_shared ? shared(limits->in_flight, share)
                                             : limits->in_flight;
    uint32_t least = limits->plain              ? most
                     : limits->in_flight_shared ? shared(limits->in_flight_least, share)
                                                : limits->in_flight_least;
    assert(share > 0 && share <= 1);
    gate->plain = limits->plain;
    gate->share = share;
    gate->bounds = (struct concurrency_bounds){least < most ? least : most, most};
    if (!gate->measured && limits->max_tokens > 0) {
        gate->usual[GATE_OUTPUT] = limits->max_tokens;
    }
    for (int i = 0; i < GATE_RATES; i++) {
        bucket_set(&gate->rates[i], limits->most[i] * share, i == GATE_SPEND ? HOUR_MS : MINUTE_MS,
                   gate->usual[i], now_ms);
        gate->rated |= limits->most[i] > 0;
    }
}

double gate_most(const struct gate *gate) {
    return floor(fmin(fmax(gate->concurrency.limit, gate->bounds.least), gate->bounds.most));
}

// --- asking

static void estimate(const struct gate *gate, size_t bytes, double size[GATE_RATES]) {
    size[GATE_REQUESTS] = 1;
    size[GATE_INPUT] = (double)bytes * gate->tokens_a_byte;
    size[GATE_OUTPUT] = gate->usual[GATE_OUTPUT];
    size[GATE_TOKENS] = size[GATE_INPUT] + size[GATE_OUTPUT];
    size[GATE_SPEND] = gate->usual[GATE_SPEND];
}

static int64_t rates_wait_ms(struct gate *gate, size_t bytes, int64_t now_ms) {
    double size[GATE_RATES];
    int64_t wait_ms = 0;
    estimate(gate, bytes, size);
    for (int i = 0; i < GATE_RATES; i++) {
        int64_t next_ms = bucket_wait_ms(&gate->rates[i], size[i], now_ms);
        if (i < GATE_TOLD && gate->quotas[i].until_ms > now_ms && gate->quotas[i].left < size[i] &&
            gate->quotas[i].until_ms - now_ms > next_ms) {
            next_ms = gate->quotas[i].until_ms - now_ms;
        }
        if (next_ms > wait_ms) {
            wait_ms = next_ms;
            gate->narrowest = (enum gate_rate)i;
        }
    }
    return wait_ms;
}

static bool grows(const struct gate *gate) {
    return gate->concurrency.earned > 0 && gate->concurrency.limit < gate->bounds.most;
}

enum gate_hold gate_ask(struct gate *gate, size_t bytes, int64_t now_ms, int64_t *wait_ms) {
    if (!gate->plain && (*wait_ms = breaker_wait_ms(&gate->breaker, now_ms)) != 0) {
        return GATE_AWAY;
    }
    if (gate->paused_ms > now_ms) {
        *wait_ms = gate->paused_ms - now_ms;
        return GATE_PAUSED;
    }
    if (!concurrency_has_room(&gate->concurrency, gate->bounds, gate->running, now_ms)) {
        *wait_ms = grows(gate) ? GROW_MS : -1;
        return GATE_IN_FLIGHT;
    }
    if (gate->rated && (*wait_ms = rates_wait_ms(gate, bytes, now_ms)) > 0) {
        return GATE_RATE;
    }
    *wait_ms = 0;
    return GATE_FREE;
}

// --- sending

static void count_second(struct gate *gate, int64_t now_ms) {
    if (now_ms - gate->second_ms >= SECOND_MS) {
        gate->sent_before = now_ms - gate->second_ms < INT64_C(2) * SECOND_MS ? gate->sent_now : 0;
        gate->sent_now = 0;
        gate->second_ms = now_ms;
    }
    gate->sent_now++;
    double most = fmax(RETRIES_LEAST, gate->sent_before * retries_a_call * 10);
    gate->retries = fmin(gate->retries + retries_a_call, fmax(most, gate->retries));
}

static void take(struct gate *gate, const double size[GATE_RATES], double times) {
    for (int i = 0; i < GATE_RATES; i++) {
        bucket_take(&gate->rates[i], size[i] * times);
    }
}

struct gate_call gate_send(struct gate *gate, size_t bytes, int64_t now_ms) {
    struct gate_call call = {.at = concurrency_send(&gate->concurrency, gate->running, now_ms),
                             .bytes = bytes};
    gate->running++;
    call.tries = !gate->plain && breaker_send(&gate->breaker);
    count_second(gate, now_ms);
    if (gate->rated) {
        estimate(gate, bytes, call.size);
        take(gate, call.size, 1);
        for (int i = 0; i < GATE_TOLD; i++) {
            gate->quotas[i].left -= call.size[i];
        }
    }
    return call;
}

int64_t gate_retry_wait_ms(struct gate *gate, int64_t now_ms) {
    double a_second = retries_a_second + gate->sent_before * retries_a_call;
    double idle_s = (double)(now_ms - gate->second_ms) / SECOND_MS;
    if (idle_s > 2) {  // what comes in by itself; calls bring theirs
        gate->retries = fmin(gate->retries + idle_s * retries_a_second,
                             fmax(RETRIES_LEAST, gate->retries));
        gate->second_ms = now_ms;
        gate->sent_now = gate->sent_before = 0;
    }
    gate->retries -= 1;
    return gate->retries >= 0 ? 0 : (int64_t)ceil(-gate->retries / a_second * SECOND_MS);
}

// --- hearing

static void correct(struct gate *gate, const struct gate_call *call,
                    const struct gate_reply *reply) {
    for (int i = 0; i < GATE_RATES; i++) {
        gate->usual[i] += (reply->size[i] - gate->usual[i]) * (gate->measured ? recall : 1);
    }
    if (call->bytes > 0 && reply->size[GATE_INPUT] > 0) {
        double a_byte = reply->size[GATE_INPUT] / (double)call->bytes;
        gate->tokens_a_byte += (a_byte - gate->tokens_a_byte) * (gate->measured ? recall : 1);
    }
    gate->measured = true;
}

// The request itself counts, whatever came of it.
static void settle(struct gate *gate, const struct gate_call *call,
                   const struct gate_reply *reply) {
    if (reply->paid) {
        correct(gate, call, reply);
    }
    if (!gate->rated) {
        return;
    }
    for (int i = GATE_TOKENS; i < GATE_RATES; i++) {
        bucket_take(&gate->rates[i], (reply->paid ? reply->size[i] : 0) - call->size[i]);
    }
}

static void heed(struct gate *gate, const struct gate_reply *reply, int64_t now_ms) {
    for (int i = 0; i < GATE_TOLD; i++) {
        const struct gate_quota *told = &reply->told[i];
        if (told->left >= 0 && told->until_ms > 0) {
            // What is under way was not counted yet, or is by now; the next reply says it anew.
            double under_way = gate->running * gate->usual[i];
            int64_t until_ms = told->until_ms < TOLD_MOST_MS ? told->until_ms : TOLD_MOST_MS;
            gate->quotas[i] = (struct gate_quota){told->left * gate->share - under_way,
                                                  now_ms + until_ms};
            gate->rated = true;
        }
    }
}

static int64_t refused(struct gate *gate, const struct gate_reply *reply, struct random *random) {
    const struct backoff backoff = {PAUSE_MS, PAUSE_MOST_MS};
    int64_t pause_ms = reply->pause_ms < 0               ? 0
                       : reply->pause_ms < ASKED_MOST_MS ? reply->pause_ms
                                                         : ASKED_MOST_MS;
    gate->refused_in_a_row++;
    if (gate->refused_in_a_row > REFUSALS_BORNE && gate->running == 0) {
        int64_t wait_ms = backoff_wait_ms(&backoff, gate->refused_in_a_row - REFUSALS_BORNE,
                                          random);
        pause_ms = wait_ms > pause_ms ? wait_ms : pause_ms;
    }
    return pause_ms;
}

// It was refused for a rate: calls at a time have no part in it.
static bool is_used_up(const struct gate *gate, const struct gate_reply *reply) {
    for (int i = 0; i < GATE_TOLD; i++) {
        if (reply->told[i].left >= 0 && reply->told[i].left < fmax(gate->usual[i], 1)) {
            return true;
        }
    }
    return false;
}

static void hear_load(struct gate *gate, const struct gate_call *call,
                      const struct gate_reply *reply, int64_t now_ms, struct random *random) {
    if (reply->news == GATE_ANSWERED) {
        gate->refused_in_a_row = 0;
        concurrency_good(&gate->concurrency, &call->at, now_ms);
    } else if (reply->news == GATE_LATE) {
        concurrency_late(&gate->concurrency, &call->at);
    } else if (reply->news == GATE_BUSY) {
        int64_t pause_ms = refused(gate, reply, random);
        if (!is_used_up(gate, reply)) {
            concurrency_refused(&gate->concurrency, &call->at, pause_ms, now_ms);
        }
        if (now_ms + pause_ms > gate->paused_ms) {
            gate->paused_ms = now_ms + pause_ms;
        }
    }
}

static void hear_health(struct gate *gate, const struct gate_call *call, enum gate_news news,
                        int64_t now_ms, struct random *random) {
    static const enum breaker_news as[] = {
        [GATE_ANSWERED] = BREAKER_GOOD,   [GATE_BUSY] = BREAKER_GOOD,
        [GATE_LATE] = BREAKER_FAILED,     [GATE_FAILED] = BREAKER_FAILED,
        [GATE_UNREACHED] = BREAKER_UNREACHED, [GATE_LOCKED] = BREAKER_LOCKED,
    };
    struct breaker_call heard = {call->at.number, gate->concurrency.sent, call->tries};
    bool was_away = gate_is_away(gate);
    breaker_hear(&gate->breaker, as[news], &heard, now_ms, random);
    if (was_away && !gate_is_away(gate)) {
        concurrency_restart(&gate->concurrency);
    }
}

void gate_hear(struct gate *gate, const struct gate_call *call, const struct gate_reply *reply,
               int64_t now_ms, struct random *random) {
    assert(gate->running > 0);
    gate->running--;
    settle(gate, call, reply);
    heed(gate, reply, now_ms);
    hear_load(gate, call, reply, now_ms, random);
    // That it is busy says that it is there, and not that it works.
    if (!gate->plain && (reply->news != GATE_BUSY || call->tries)) {
        hear_health(gate, call, reply->news, now_ms, random);
    }
}

void gate_forget(struct gate *gate, const struct gate_call *call) {
    assert(gate->running > 0);
    gate->running--;
    breaker_forget(&gate->breaker, call->tries);
}
