#include "gateway/singles.h"

#include "base/hash.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "fleet/outcomes.h"
#include "fleet/station.h"
#include "gateway/call.h"
#include "gateway/single.h"
#include "gateway/turns.h"
#include "io/loop.h"

enum {
    LOOK_MS = 20,        // between looks for outcomes
    LOOK_SHARE = 3,      // and at least so many times what the last look took
    IDS_A_LOOK = 1000,
    SENT_MS = 10000,     // for the brokers' acknowledgement
};

struct singles {
    struct gateway *gateway;
    struct list sent;     // not acknowledged yet
    struct list waiting;  // for their outcomes, in turn
    struct map by_job;    // of those that wait
    struct buf text;
    bool looking;
    int64_t look_ms, looked_ms;
};

struct singles *singles_new(struct gateway *gateway) {
    struct singles *singles = mem_zalloc(sizeof(*singles));
    singles->gateway = gateway;
    list_init(&singles->sent);
    list_init(&singles->waiting);
    return singles;
}

void singles_free(struct singles *singles) {
    map_fini(&singles->by_job);
    buf_fini(&singles->text);
    mem_free(singles);
}

static uint64_t hash_of(struct uuid job) {
    return hash64(uuid_slice(&job), 0);
}

static int64_t now_of(const struct singles *singles) {
    return loop_now_ms(singles->gateway->process->loop);
}

// --- a single's life

static void wait_no_more(struct single *single) {
    if (single->in_map) {
        map_remove(&single->singles->by_job, &single->map);
        single->in_map = false;
    }
    list_remove(&single->node);
}

// The call goes its way; what the brokers still have to say of the record finds the single.
static void leave(struct single *single) {
    wait_no_more(single);
    registry_forget(&single->registration);
    single->call = NULL;
    if (!single->on_its_way) {
        mem_free(single);
    }
}

// The call is over, replied to or not.
static void free_own(void *own) {
    leave(own);
}

// All is there that shall outlive the request.
static void await_outcome(struct single *single) {
    struct singles *singles = single->singles;
    if (single->kind == SINGLE_BACKGROUND || single->kind == SINGLE_JOB) {
        single_reply_begun(single);
        return;
    }
    list_append(&singles->waiting, &single->node);
    map_insert(&singles->by_job, &single->map, hash_of(single->job));
    single->in_map = true;
}

static void on_registered(void *owner, const struct err *err) {
    struct single *single = owner;
    if (err) {
        call_fail_err(single->call, err);
        return;
    }
    if (!uuid_is_nil(single->conversation)) {
        turns_trim(single->call, single->conversation, single->path_name);
    }
    await_outcome(single);
}

static void on_delivered(void *owner, const struct err *err) {
    struct single *single = owner;
    single->on_its_way = false;
    if (single->call == NULL) {
        mem_free(single);
        return;
    }
    if (single->node.list == NULL) {
        return;  // it was given up, and the reply is on its way
    }
    list_remove(&single->node);
    if (err) {
        call_fail_err(single->call, err);
    } else if (single->stored) {
        single->registration.done = on_registered;
        single->registration.owner = single;
        registry_put(single->call->gateway->registry, &single->registration);
    } else {
        await_outcome(single);
    }
}

void single_sent(struct single *single) {
    single->on_its_way = true;
    list_append(&single->singles->sent, &single->node);
}

static void start(struct call *call, enum single_kind kind) {
    struct singles *singles = call->gateway->singles;
    struct single *single = mem_zalloc(sizeof(*single));
    single->singles = singles;
    single->call = call;
    single->kind = kind;
    single->delivery = (struct delivery){on_delivered, single};
    single->since_ms = now_of(singles);
    call->own = single;
    call->free_own = free_own;
    if (!single_read(single)) {
        return;
    }
    if (single->recalls) {
        turns_recall(single);
    } else {
        single_go(single, (struct slice){0});
    }
}

void singles_chat(struct call *call) {
    start(call, SINGLE_CHAT);
}

void singles_response(struct call *call) {
    uint32_t background = json_get(&call->json, 0, "background");
    bool is = background && json_type(&call->json, background) == JSON_TRUE;
    start(call, is ? SINGLE_BACKGROUND : SINGLE_RESPONSE);
}

void singles_job(struct call *call) {
    start(call, SINGLE_JOB);
}

// --- outcomes

static void tell(struct singles *singles, const struct stored_outcome *outcome) {
    uint64_t hash = hash_of(outcome->job_id);
    struct map_node *next;
    for (struct map_node *node = map_find(&singles->by_job, hash); node; node = next) {
        struct single *single = LIST_ENTRY(node, struct single, map);
        next = map_next(node, hash);
        if (uuid_equal(single->job, outcome->job_id)) {
            wait_no_more(single);
            single_reply(single, outcome, &singles->text);
        }
    }
}

static void on_looked(void *owner, const struct pg_result *result, const struct err *err) {
    struct singles *singles = owner;
    int64_t now_ms = now_of(singles), took_ms = now_ms - singles->looked_ms;
    (void)err;  // those that wait are told when their time is over
    singles->looking = false;
    singles->look_ms = now_ms + (took_ms * LOOK_SHARE > LOOK_MS ? took_ms * LOOK_SHARE : LOOK_MS);
    for (int i = 0; result && i < pg_rows(result); i++) {
        struct stored_outcome outcome;
        outcomes_read(result, i, &outcome);
        tell(singles, &outcome);
    }
}

// The first that wait go to the end of the line.
static void look(struct singles *singles, int64_t now_ms) {
    struct pg_params params = {0};
    size_t count = singles->waiting.count < IDS_A_LOOK ? singles->waiting.count : IDS_A_LOOK;
    pg_array(&params, PG_UUID);
    for (size_t i = 0; i < count; i++) {
        struct list_node *node = list_pop(&singles->waiting);
        pg_uuid(&params, LIST_ENTRY(node, struct single, node)->job);
        list_append(&singles->waiting, node);
    }
    singles->looking = true;
    singles->looked_ms = now_ms;
    asks_put(singles->gateway->asks, PG_job_outcomes, &params, on_looked, singles);
}

static void give_up_old(struct singles *singles, int64_t now_ms) {
    int64_t wait_ms = singles->gateway->settings->wait_ms;
    LIST_FOR(node, &singles->sent) {
        struct single *single = LIST_ENTRY(node, struct single, node);
        if (now_ms - single->since_ms >= SENT_MS) {
            struct err err;
            err_retry(&err, "no broker has acknowledged the job");
            list_remove(node);
            call_fail_err(single->call, &err);
        }
    }
    LIST_FOR(node, &singles->waiting) {
        struct single *single = LIST_ENTRY(node, struct single, node);
        if (now_ms - single->since_ms >= wait_ms) {
            wait_no_more(single);
            single_give_up(single);
        }
    }
}

int64_t singles_turn(struct singles *singles, int64_t now_ms) {
    give_up_old(singles, now_ms);
    if (list_empty(&singles->waiting)) {
        return -1;
    }
    if (!singles->looking && now_ms >= singles->look_ms) {
        look(singles, now_ms);
    }
    return singles->looking ? -1 : singles->look_ms - now_ms;
}
