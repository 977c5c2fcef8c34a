#include "fleet/order.h"

#include "base/hash.h"
#include "base/mem.h"

struct order_queue {
    struct map_node by_key;
    struct slice key;  // its own copy
    struct list hops;
};

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
    hop->order = NULL;
    if (list_empty(&queue->hops)) {
        queue_free(order, queue);
        return NULL;
    }
    return was_first ? hop_at(list_first(&queue->hops)) : NULL;
}
