#include "base/heap.h"

#include <assert.h>

#include "base/mem.h"

void heap_fini(struct heap *heap) {
    mem_free(heap->nodes);
    *heap = (struct heap){0};
}

static void put(struct heap *heap, size_t index, struct heap_node *node) {
    heap->nodes[index] = node;
    node->place = index + 1;
}

static void sift_up(struct heap *heap, size_t index) {
    struct heap_node *node = heap->nodes[index];
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (heap->nodes[parent]->due <= node->due) {
            break;
        }
        put(heap, index, heap->nodes[parent]);
        index = parent;
    }
    put(heap, index, node);
}

static void sift_down(struct heap *heap, size_t index) {
    struct heap_node *node = heap->nodes[index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count && heap->nodes[child + 1]->due < heap->nodes[child]->due) {
            child++;
        }
        if (node->due <= heap->nodes[child]->due) {
            break;
        }
        put(heap, index, heap->nodes[child]);
        index = child;
    }
    put(heap, index, node);
}

void heap_push(struct heap *heap, struct heap_node *node, int64_t due) {
    assert(node->place == 0);
    if (heap->count == heap->cap) {
        heap->cap = heap->cap ? 2 * heap->cap : 64;
        heap->nodes = mem_realloc(heap->nodes, heap->cap * sizeof(struct heap_node *));
    }
    node->due = due;
    heap->nodes[heap->count] = node;
    sift_up(heap, heap->count++);
}

void heap_remove(struct heap *heap, struct heap_node *node) {
    if (node->place == 0) {
        return;
    }
    size_t index = node->place - 1;
    assert(index < heap->count && heap->nodes[index] == node);
    node->place = 0;
    struct heap_node *last = heap->nodes[--heap->count];
    if (last == node) {
        return;
    }
    put(heap, index, last);
    sift_up(heap, index);
    sift_down(heap, last->place - 1);
}

struct heap_node *heap_first(const struct heap *heap) {
    return heap->count ? heap->nodes[0] : NULL;
}
