// Intrusive doubly linked lists: each state of a thing is a list, and a thing is in one at a time.
//
// A node must be zeroed before its first use. Nothing is allocated.
#ifndef TASKFIT_BASE_LIST_H
#define TASKFIT_BASE_LIST_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

struct list;

struct list_node {
    struct list_node *next, *prev;
    struct list *list;  // where it is now; NULL: nowhere
};

struct list {
    struct list_node head;
    size_t count;
};

// The object of which node is the member.
#define LIST_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

// Walks while the body may take the current node out of the list.
#define LIST_FOR(node, list)                                                              \
    for (struct list_node *node = (list)->head.next, *node##_next = node->next;           \
         node != &(list)->head; node = node##_next, node##_next = node->next)

static inline void list_init(struct list *list) {
    list->head.next = list->head.prev = &list->head;
    list->count = 0;
}

static inline bool list_empty(const struct list *list) {
    return list->count == 0;
}

static inline void list_insert_before(struct list *list, struct list_node *at,
                                      struct list_node *node) {
    assert(node->list == NULL);
    node->next = at;
    node->prev = at->prev;
    at->prev->next = node;
    at->prev = node;
    node->list = list;
    list->count++;
}

static inline void list_append(struct list *list, struct list_node *node) {
    list_insert_before(list, &list->head, node);
}

static inline void list_prepend(struct list *list, struct list_node *node) {
    list_insert_before(list, list->head.next, node);
}

static inline void list_remove(struct list_node *node) {
    if (node->list == NULL) {
        return;
    }
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->list->count--;
    *node = (struct list_node){0};
}

// The first node, NULL when there is none.
static inline struct list_node *list_first(const struct list *list) {
    return list->count ? list->head.next : NULL;
}

static inline struct list_node *list_pop(struct list *list) {
    struct list_node *node = list_first(list);
    if (node) {
        list_remove(node);
    }
    return node;
}

#endif
