// A gate before a server whose limits nobody tells, in pretended time: a millisecond at a time.
#ifndef TASKFIT_TESTS_UNIT_HIDDEN_SERVER_H
#define TASKFIT_TESTS_UNIT_HIDDEN_SERVER_H

#include "job/gate.h"
#include "unit.h"

enum { CALLS_MOST = 4096 };
// A server that has so many places, and refuses at once when all are taken; or that lets wait.
struct server {
    uint32_t places;
    int64_t latency_ms, jitter_ms, refusal_ms;
    int64_t asks_ms;    // Retry-After of a refusal; -1: none
    bool queues;
    uint32_t a_minute;  // requests; 0: any
};

static struct under_way {
    struct gate_call call;
    int64_t due_ms;  // 0: free
    bool refused;
} calls[CALLS_MOST];

static struct gate gate;
static struct gate_limits limits;
static struct random chance;
static int64_t now_ms, minute_ms, free_ms;
static uint32_t inside, this_minute;

struct figures {
    uint64_t sent, refused;
    double used;  // share of the places, over time
    double refused_share;
};

static int begin(void **state) {
    (void)state;
    random_seed(&chance, 7);
    memset(calls, 0, sizeof(calls));
    limits = (struct gate_limits){.in_flight = 2048, .in_flight_least = 1};
    inside = this_minute = 0;
    now_ms = 1000000;
    minute_ms = free_ms = now_ms;
    gate_init(&gate);
    gate_set(&gate, &limits, 1, now_ms);
    return 0;
}

static const struct gate_reply answered = {.news = GATE_ANSWERED, .pause_ms = -1,
                                           .told = {{.left = -1}, {.left = -1}, {.left = -1},
                                                    {.left = -1}}};

static struct gate_reply reply_of(enum gate_news news) {
    struct gate_reply reply = answered;
    reply.news = news;
    return reply;
}

static bool is_refused(const struct server *server) {
    if (now_ms - minute_ms >= 60000) {
        minute_ms = now_ms;
        this_minute = 0;
    }
    bool too_many = server->a_minute > 0 && ++this_minute > server->a_minute;
    return too_many || (!server->queues && inside >= server->places);
}

// In a queue one comes after the other, `places` at a time.
static int64_t served_at(const struct server *server) {
    int64_t latency_ms = server->latency_ms;
    if (server->jitter_ms > 0) {
        latency_ms += (int64_t)random_below(&chance, (uint64_t)server->jitter_ms);
    }
    if (!server->queues) {
        return now_ms + latency_ms;
    }
    int64_t each_us = latency_ms * 1000 / server->places;
    free_ms = (free_ms > now_ms * 1000 ? free_ms : now_ms * 1000) + each_us;
    return free_ms / 1000 + latency_ms - each_us / 1000;
}

static void send(const struct server *server, struct under_way *call) {
    call->call = gate_send(&gate, 600, now_ms);
    call->refused = is_refused(server);
    inside += !call->refused;
    call->due_ms = call->refused ? now_ms + server->refusal_ms : served_at(server);
}

static void hear(const struct server *server, struct under_way *call) {
    struct gate_reply reply = reply_of(call->refused ? GATE_BUSY : GATE_ANSWERED);
    reply.pause_ms = call->refused ? server->asks_ms : -1;
    inside -= !call->refused;
    call->due_ms = 0;
    gate_hear(&gate, &call->call, &reply, now_ms, &chance);
}

static struct figures run(const struct server *server, int64_t for_ms) {
    struct figures figures = {0};
    int64_t wait_ms, until_ms = now_ms + for_ms;
    for (; now_ms < until_ms; now_ms++) {
        for (size_t i = 0; i < CALLS_MOST; i++) {
            if (calls[i].due_ms > 0 && calls[i].due_ms <= now_ms) {
                figures.refused += calls[i].refused;
                hear(server, &calls[i]);
            }
        }
        for (size_t i = 0; i < CALLS_MOST && gate_ask(&gate, 600, now_ms, &wait_ms) == GATE_FREE;
             i++) {
            if (calls[i].due_ms == 0) {
                figures.sent++;
                send(server, &calls[i]);
            }
        }
        figures.used += (double)inside / server->places / (double)for_ms;
    }
    figures.refused_share = (double)figures.refused / (double)figures.sent;
    return figures;
}

#endif
