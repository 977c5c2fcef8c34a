#include "fleet/store.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "fleet/process.h"
#include "io/loop.h"

enum {
    RANGES_MOST = 40,  // halves of halves: the logarithm of any batch
    // Of documents in a batch. PostgreSQL takes no message of 1 GiB and would close the connection,
    // a slow one does not store hundreds of MiB within the limit of a statement, and both would go
    // on for ever: the batch would be the same the next time.
    BATCH_BYTES = 16 << 20,
};

static const struct backoff away = {.base_ms = 200, .cap_ms = 5000};

struct range {
    size_t from, count;
};

struct store {
    struct process *process;
    struct pg *pg;
    struct store_kind kind;
    void *owner;
    struct list waiting;
    int64_t oldest_ms;  // when the first of those waiting came
    struct hop **rows;  // the batch under way
    size_t row_count, row_cap;
    struct range ranges[RANGES_MOST];  // of rows still to be sent; the last goes first
    size_t range_count;
    bool sent;
    int64_t sent_ms;
    unsigned failures;
    int64_t retry_ms;  // not before
    struct pg_params params;
};

struct store *store_new(struct process *process, struct pg *pg, const struct store_kind *kind,
                        void *owner) {
    struct store *store = mem_zalloc(sizeof(*store));
    store->process = process;
    store->pg = pg;
    store->kind = *kind;
    store->owner = owner;
    list_init(&store->waiting);
    return store;
}

void store_free(struct store *store) {
    pg_params_fini(&store->params);
    mem_free(store->rows);
    mem_free(store);
}

void store_add(struct store *store, struct hop *hop, enum step step) {
    if (list_empty(&store->waiting)) {
        store->oldest_ms = loop_now_ms(store->process->loop);
    }
    hop_move(hop, step, &store->waiting);
}

static size_t documents_size(const struct hop *hop) {
    return hop->job.input.len + hop->attachments.len + hop->attempt.answer.len +
           hop->burial.value.len;
}

// As many rows as the limit allows, and fewer of large ones; one in any case.
static void batch_fill(struct store *store) {
    size_t most = store->process->config->limits.store_rows, bytes = 0;
    if (store->row_cap < most) {
        store->rows = mem_realloc(store->rows, most * sizeof(*store->rows));
        store->row_cap = most;
    }
    store->row_count = 0;
    while (store->row_count < most && bytes < BATCH_BYTES && !list_empty(&store->waiting)) {
        struct hop *hop = LIST_ENTRY(list_pop(&store->waiting), struct hop, node);
        bytes += documents_size(hop);
        store->rows[store->row_count++] = hop;
    }
    store->oldest_ms = loop_now_ms(store->process->loop);
    store->ranges[0] = (struct range){0, store->row_count};
    store->range_count = 1;
}

static void fail_away(struct store *store, const struct err *err) {
    store->failures++;
    int64_t wait_ms = backoff_wait_ms(&away, store->failures, &store->process->random);
    store->retry_ms = loop_now_ms(store->process->loop) + wait_ms;
    metric_add(&store->process->metrics, METRIC_STORE_FAILURES, "", 1);
    log_warn("%s; %zu rows wait, again in %lld ms", err->text, store_count(store),
             (long long)wait_ms);
}

// The last range was refused: a lone row is bad, a larger one is split.
static void fail_refused(struct store *store, const struct err *err) {
    struct range range = store->ranges[--store->range_count];
    if (range.count == 1) {
        store->kind.refused(store->owner, store->rows[range.from], err);
        return;
    }
    assert(store->range_count + 2 <= RANGES_MOST);
    size_t half = range.count / 2;
    store->ranges[store->range_count++] =
        (struct range){range.from + half, range.count - half};
    store->ranges[store->range_count++] = (struct range){range.from, half};
}

static void on_done(void *owner, const struct pg_result *result, const struct err *err) {
    struct store *store = owner;
    int64_t now_ms = loop_now_ms(store->process->loop);
    store->sent = false;
    if (result == NULL && err->kind == ERR_FATAL) {
        store->process->fatal(store->process->fatal_owner, err);
        fail_away(store, err);
        return;
    }
    if (result == NULL && err->kind == ERR_RETRY) {
        fail_away(store, err);
        return;
    }
    store->failures = 0;
    if (result == NULL) {
        fail_refused(store, err);
        return;
    }
    struct range range = store->ranges[--store->range_count];
    metric_observe(metric_cell(&store->process->metrics, METRIC_STORE_SECONDS, ""),
                   (double)(now_ms - store->sent_ms) / 1000);
    store->kind.stored(store->owner, store->rows + range.from, range.count, result);
}

int64_t store_turn(struct store *store, int64_t now_ms) {
    const struct config_limits *limits = &store->process->config->limits;
    if (store->sent || (store->range_count == 0 && list_empty(&store->waiting))) {
        return -1;
    }
    if (now_ms < store->retry_ms) {
        return store->retry_ms - now_ms;
    }
    if (!pg_ready(store->pg)) {
        return -1;  // the connection wakes the loop when it is
    }
    if (store->range_count == 0) {
        int64_t due_ms = store->oldest_ms + limits->store_linger_ms;
        if (store->waiting.count < limits->store_rows && now_ms < due_ms) {
            return due_ms - now_ms;
        }
        batch_fill(store);
    }
    struct range range = store->ranges[store->range_count - 1];
    pg_params_clear(&store->params);
    store->kind.encode(store->owner, store->rows + range.from, range.count, &store->params);
    store->sent = true;
    store->sent_ms = now_ms;
    pg_run(store->pg, store->kind.statement, &store->params, on_done, store);
    return -1;
}

bool store_stuck(const struct store *store) {
    return store->failures > 0;
}

size_t store_count(const struct store *store) {
    size_t sent = 0;
    for (size_t i = 0; i < store->range_count; i++) {
        sent += store->ranges[i].count;
    }
    return store->waiting.count + sent;
}

struct list *store_waiting(struct store *store) {
    return &store->waiting;
}

size_t store_sift(struct store *store, bool (*keeps)(const struct hop *hop), struct list *out) {
    if (store->sent || !(pg_away(store->pg) || store_stuck(store))) {
        return 0;
    }
    while (store->range_count > 0) {
        struct range range = store->ranges[--store->range_count];
        for (size_t i = 0; i < range.count; i++) {
            list_append(&store->waiting, &store->rows[range.from + i]->node);
        }
    }
    LIST_FOR(node, &store->waiting) {
        if (keeps == NULL || !keeps(LIST_ENTRY(node, struct hop, node))) {
            list_remove(node);
            list_append(out, node);
        }
    }
    return store->waiting.count;
}
