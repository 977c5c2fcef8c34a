#include "gateway/asks.h"

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "fleet/process.h"
#include "io/loop.h"

enum { CONNECTIONS = 4, PATIENCE_MS = 5000 };

struct ask {
    struct list_node node;
    struct slot *slot;
    enum pg_statement statement;
    struct pg_params params;
    pg_done *done;
    void *owner;
    int64_t since_ms;
};

struct slot {
    struct asks *asks;
    struct pg *pg;
    struct ask *ask;  // under way; NULL: none
    bool reachable;
};

struct asks {
    struct process *process;
    struct slot slots[CONNECTIONS];
    struct list waiting;
};

static void on_changed(void *owner, const struct err *err) {
    struct slot *slot = owner;
    struct asks *asks = slot->asks;
    bool before = asks_reachable(asks);
    slot->reachable = err == NULL;
    bool now = asks_reachable(asks);
    metric_set(&asks->process->metrics, METRIC_DATABASE_UP, "", now);
    if (before != now || (err && !before)) {
        if (now) {
            log_info("database: connected");
        } else {
            log_warn("%s", err->text);
        }
    }
}

struct asks *asks_open(struct process *process) {
    struct asks *asks = mem_zalloc(sizeof(*asks));
    asks->process = process;
    list_init(&asks->waiting);
    for (int i = 0; i < CONNECTIONS; i++) {
        struct slot *slot = &asks->slots[i];
        slot->asks = asks;
        const struct pg_options options = {
            .url = process->config->database_url,
            .program = process->program,
            .timeout_ms = process->config->limits.database_timeout_ms,
            .changed = on_changed,
            .owner = slot,
        };
        slot->pg = pg_open(process->loop, &options);
    }
    return asks;
}

static void ask_free(struct ask *ask) {
    pg_params_fini(&ask->params);
    mem_free(ask);
}

void asks_close(struct asks *asks) {
    struct list_node *node;
    for (int i = 0; i < CONNECTIONS; i++) {
        pg_close(asks->slots[i].pg);
        if (asks->slots[i].ask) {
            ask_free(asks->slots[i].ask);
        }
    }
    while ((node = list_pop(&asks->waiting)) != NULL) {
        ask_free(LIST_ENTRY(node, struct ask, node));
    }
    mem_free(asks);
}

void asks_put(struct asks *asks, enum pg_statement statement, struct pg_params *params,
              pg_done *done, void *owner) {
    struct ask *ask = mem_zalloc(sizeof(*ask));
    ask->statement = statement;
    ask->params = *params;
    *params = (struct pg_params){0};
    ask->done = done;
    ask->owner = owner;
    ask->since_ms = loop_now_ms(asks->process->loop);
    list_append(&asks->waiting, &ask->node);
    loop_wake(asks->process->loop);
}

static void on_forgotten(void *owner, const struct pg_result *result, const struct err *err) {
    (void)owner;
    (void)result;
    (void)err;
}

void asks_forget(struct asks *asks, const void *owner) {
    LIST_FOR(node, &asks->waiting) {
        struct ask *ask = LIST_ENTRY(node, struct ask, node);
        if (ask->owner == owner) {
            ask->done = on_forgotten;
        }
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        struct ask *ask = asks->slots[i].ask;
        if (ask && ask->owner == owner) {
            ask->done = on_forgotten;
        }
    }
}

static void on_done(void *owner, const struct pg_result *result, const struct err *err) {
    struct slot *slot = owner;
    struct process *process = slot->asks->process;
    struct ask *ask = slot->ask;
    slot->ask = NULL;
    ask->done(ask->owner, result, err);
    if (result == NULL && err->kind == ERR_FATAL) {
        process->fatal(process->fatal_owner, err);
    }
    ask_free(ask);
}

static void give_up_old(struct asks *asks, int64_t now_ms) {
    struct list_node *node;
    struct err err;
    err_retry(&err, "the database is away or busy");
    while ((node = list_first(&asks->waiting)) != NULL) {
        struct ask *ask = LIST_ENTRY(node, struct ask, node);
        if (now_ms - ask->since_ms < PATIENCE_MS) {
            return;
        }
        list_remove(node);
        ask->done(ask->owner, NULL, &err);
        ask_free(ask);
    }
}

int64_t asks_turn(struct asks *asks, int64_t now_ms) {
    for (int i = 0; i < CONNECTIONS; i++) {
        struct slot *slot = &asks->slots[i];
        if (slot->ask || !pg_ready(slot->pg) || list_empty(&asks->waiting)) {
            continue;
        }
        slot->ask = LIST_ENTRY(list_pop(&asks->waiting), struct ask, node);
        pg_run(slot->pg, slot->ask->statement, &slot->ask->params, on_done, slot);
    }
    give_up_old(asks, now_ms);
    struct list_node *oldest = list_first(&asks->waiting);
    return oldest ? LIST_ENTRY(oldest, struct ask, node)->since_ms + PATIENCE_MS - now_ms : -1;
}

bool asks_reachable(const struct asks *asks) {
    for (int i = 0; i < CONNECTIONS; i++) {
        if (asks->slots[i].reachable) {
            return true;
        }
    }
    return false;
}

size_t asks_open_count(const struct asks *asks) {
    size_t count = asks->waiting.count;
    for (int i = 0; i < CONNECTIONS; i++) {
        count += asks->slots[i].ask != NULL;
    }
    return count;
}
