#include "fleet/order.h"

#include "base/hash.h"
#include "base/mem.h"

struct order_queue {
    struct map_node by_key;
    struct slice key;  // its own copy
    struct list hops;
    size_t bytes;  // of their inputs
};

// What the jobs of one key may hold of limits.hops and limits.memory, and those of all keys: one in
// eight, one in two. The rest is for jobs that can be called.
enum { KEY_SHARE = 8, KEYS_SHARE = 2 };

static struct hop *hop_at(struct list_node *node) {
    return LIST_ENTRY(node, struct hop, in_order);
}

static struct order_queue *find(const struct order *order, struct slice key, uint64_t hash) {
    for (struct map_node *n = map_find(&order->queues, hash); n; n = map_next(n, hash)) {
        struct order_queue *queue = LIST_ENTRY(n, struct order_queue, by_key);
        if (slice_equal(queue->key, key)) {
            return queue;
        }
    }
    return NULL;
}

static struct order_queue *queue_new(struct order *order, struct slice key, uint64_t hash) {
    struct order_queue *queue = mem_zalloc(sizeof(*queue));
    queue->key = (struct slice){mem_copy(key.at, key.len), key.len};
    list_init(&queue->hops);
    map_insert(&order->queues, &queue->by_key, hash);
    return queue;
}

static void queue_free(struct order *order, struct order_queue *queue) {
    map_remove(&order->queues, &queue->by_key);
    mem_free((char *)queue->key.at);
    mem_free(queue);
}

void order_fini(struct order *order) {
    for (size_t i = 0; i < order->queues.slot_count; i++) {
        while (order->queues.slots[i]) {
            struct map_node *node = order->queues.slots[i];
            queue_free(order, LIST_ENTRY(node, struct order_queue, by_key));
        }
    }
    map_fini(&order->queues);
}

bool order_has_room(const struct order *order, struct slice key,
                    const struct config_limits *limits) {
    const struct order_queue *queue =
        order->queues.count > 0 ? find(order, key, hash64(key, 0)) : NULL;
    size_t memory = (size_t)limits->memory_bytes;
    if (queue == NULL) {
        return true;  // it would be the first
    }
    return queue->hops.count < limits->hops / KEY_SHARE && queue->bytes < memory / KEY_SHARE &&
           order->hops - order->queues.count < limits->hops / KEYS_SHARE &&
           order->bytes < memory / KEYS_SHARE;
}

// Nearly always at the end; a copy that waited for the first of its job comes late.
void order_enter(struct order *order, struct hop *hop) {
    struct slice key = hop->job.order_key;
    if (key.len == 0) {
        return;
    }
    uint64_t hash = hash64(key, 0);
    struct order_queue *queue = find(order, key, hash);
    if (queue == NULL) {
        queue = queue_new(order, key, hash);
    }
    struct list_node *after = &queue->hops.head;
    while (after->prev != &queue->hops.head && hop_at(after->prev)->arrival > hop->arrival) {
        after = after->prev;
    }
    hop->order = queue;
    queue->bytes += hop->job.input.len;
    order->bytes += hop->job.input.len;
    order->hops++;
    list_insert_before(&queue->hops, after, &hop->in_order);
}

bool order_is_first(const struct hop *hop) {
    return hop->order == NULL || list_first(&hop->order->hops) == &hop->in_order;
}

struct hop *order_leave(struct order *order, struct hop *hop) {
    struct order_queue *queue = hop->order;
    if (queue == NULL) {
        return NULL;
    }
    bool was_first = order_is_first(hop);
    list_remove(&hop->in_order);
    queue->bytes -= hop->job.input.len;
    order->bytes -= hop->job.input.len;
    order->hops--;
    hop->order = NULL;
    if (list_empty(&queue->hops)) {
        queue_free(order, queue);
        return NULL;
    }
    return was_first ? hop_at(list_first(&queue->hops)) : NULL;
}
