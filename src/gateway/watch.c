#include "gateway/watch.h"

#include "base/mem.h"
#include "gateway/call.h"
#include "io/loop.h"

enum {
    EVERY_MS = 2000,
};

struct watch {
    struct gateway *gateway;
    struct list told;   // of this round
    struct list untold;
    char tenant[API_TENANT];  // that is asked about
    bool asking;
    int64_t next_ms;
};

struct watch *watch_new(struct gateway *gateway) {
    struct watch *watch = mem_zalloc(sizeof(*watch));
    watch->gateway = gateway;
    list_init(&watch->told);
    list_init(&watch->untold);
    return watch;
}

void watch_free(struct watch *watch) {
    mem_free(watch);
}

// One who watches. There may be ten thousand, so of its call only what is needed is kept.
struct watcher {
    struct list_node node;
    struct httpd_request *request;
    char key[API_KEY_ID];  // that it watches by; empty: there were none
    char tenant[];
};

static struct watcher *watcher_of(struct list_node *node) {
    return LIST_ENTRY(node, struct watcher, node);
}

// The client left, or the stream has ended.
static void on_gone(void *own) {
    struct watcher *watcher = own;
    list_remove(&watcher->node);
    mem_free(watcher);
}

void watch_begin(struct call *call) {
    struct watch *watch = call->gateway->watch;
    struct watcher *watcher = mem_zalloc(sizeof(*watcher) + call->tenant.len + 1);
    watcher->request = call->request;
    snprintf(watcher->key, sizeof(watcher->key), "%.*s", SLICE_ARGS(call->key));
    memcpy(watcher->tenant, call->tenant.at, call->tenant.len);
    call->own = watcher;
    call->free_own = on_gone;
    call_stream(call);
    call->tenant = call->key = call->name = (struct slice){0};
    arena_fini(&call->arena);
    list_append(&watch->untold, &watcher->node);
    loop_wake(call->gateway->process->loop);
}

static void on_overview(void *owner, const struct pg_result *result, const struct err *err) {
    struct watch *watch = owner;
    struct buf event = {0};
    (void)err;
    watch->asking = false;
    if (result && pg_rows(result) > 0) {
        buf_text(&event, "data: ");
        buf_slice_add(&event, pg_get_slice(result, 0, 0));
        buf_text(&event, "\n\n");
    } else {
        buf_text(&event, ": the database is away\n\n");
    }
    struct httpd_shared *shared = httpd_share(buf_slice(&event));
    LIST_FOR(node, &watch->untold) {
        if (strcmp(watcher_of(node)->tenant, watch->tenant) == 0) {
            list_remove(node);
            list_append(&watch->told, node);
            httpd_put_shared(watcher_of(node)->request, shared);
        }
    }
    httpd_unshare(shared);
    buf_fini(&event);
}

static void ask(struct watch *watch) {
    struct watcher *first = watcher_of(list_first(&watch->untold));
    struct pg_params params = {0};
    watch->asking = true;
    snprintf(watch->tenant, sizeof(watch->tenant), "%s", first->tenant);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(watch->tenant));
    asks_put(watch->gateway->asks, PG_api_overview, &params, on_overview, watch);
}

static bool may_watch(const struct watch *watch, const struct watcher *watcher) {
    const struct api_keys *keys = &watch->gateway->access.keys;
    return keys->made == 0 || api_keys_by_id(keys, watcher->key) != NULL;
}

// Whose key has ended is told no more.
static void next_round(struct watch *watch) {
    struct list_node *node;
    while ((node = list_pop(&watch->told)) != NULL) {
        if (may_watch(watch, watcher_of(node))) {
            list_append(&watch->untold, node);
        } else {
            httpd_end(watcher_of(node)->request);
        }
    }
}

int64_t watch_turn(struct watch *watch, int64_t now_ms) {
    if (now_ms >= watch->next_ms) {
        watch->next_ms = now_ms + EVERY_MS;
        next_round(watch);
    }
    if (!watch->asking && !list_empty(&watch->untold) && !watch->gateway->draining) {
        ask(watch);
    }
    return list_empty(&watch->told) ? -1 : watch->next_ms - now_ms;
}

void watch_drain(struct watch *watch) {
    next_round(watch);
    LIST_FOR(node, &watch->untold) {
        httpd_end(watcher_of(node)->request);
    }
}
