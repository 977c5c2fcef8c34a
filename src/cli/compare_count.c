#include "cli/compare_count.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

static struct compare_class *class_find(const struct compare_count *c, struct slice label,
                                        uint64_t hash) {
    for (struct map_node *n = map_find(&c->class_map, hash); n; n = map_next(n, hash)) {
        struct compare_class *found = (struct compare_class *)n;
        if (slice_equal(found->label, label)) {
            return found;
        }
    }
    return NULL;
}

void compare_count_class(struct compare_count *c, struct slice label, bool a_right, bool b_right,
                         struct arena *arena) {
    uint64_t hash = hash64(label, 0);
    struct compare_class *of = class_find(c, label, hash);
    if (of == NULL && c->class_count == COMPARE_DISTINCT_MOST) {
        return;
    }
    if (of == NULL) {
        of = arena_zalloc(arena, sizeof(*of));
        of->label = arena_slice(arena, label);
        map_insert(&c->class_map, &of->node, hash);
        c->classes = mem_realloc(c->classes, (c->class_count + 1) * sizeof(struct compare_class *));
        c->classes[c->class_count++] = of;
    }
    of->count++;
    of->a_right += a_right;
    of->b_right += b_right;
}

static struct compare_difference *difference_find(const struct compare_count *c,
                                                  const struct compare_difference *wanted,
                                                  uint64_t hash) {
    for (struct map_node *n = map_find(&c->difference_map, hash); n; n = map_next(n, hash)) {
        struct compare_difference *found = (struct compare_difference *)n;
        if (slice_equal(found->label, wanted->label) && slice_equal(found->a, wanted->a) &&
            slice_equal(found->b, wanted->b)) {
            return found;
        }
    }
    return NULL;
}

void compare_count_difference(struct compare_count *c, struct slice label, struct slice a,
                              struct slice b, struct arena *arena) {
    const struct compare_difference wanted = {.label = label, .a = a, .b = b};
    uint64_t hash = hash64(label, hash64(a, hash64(b, 0)));
    struct compare_difference *of = difference_find(c, &wanted, hash);
    if (of == NULL && c->difference_count == COMPARE_DISTINCT_MOST) {
        c->others++;
        return;
    }
    if (of == NULL) {
        of = arena_zalloc(arena, sizeof(*of));
        of->label = arena_slice(arena, label);
        of->a = arena_slice(arena, a);
        of->b = arena_slice(arena, b);
        map_insert(&c->difference_map, &of->node, hash);
        c->differences = mem_realloc(c->differences, (c->difference_count + 1) *
                                                         sizeof(struct compare_difference *));
        c->differences[c->difference_count++] = of;
    }
    of->count++;
}

static int by_gap(const void *x, const void *y) {
    const struct compare_class *a = *(struct compare_class *const *)x;
    const struct compare_class *b = *(struct compare_class *const *)y;
    int64_t of_a = llabs((int64_t)(a->a_right - a->b_right));
    int64_t of_b = llabs((int64_t)(b->a_right - b->b_right));
    return of_a != of_b ? (of_a < of_b) - (of_a > of_b)
                        : (a->count < b->count) - (a->count > b->count);
}

static int by_count(const void *x, const void *y) {
    const struct compare_difference *a = *(struct compare_difference *const *)x;
    const struct compare_difference *b = *(struct compare_difference *const *)y;
    return (a->count < b->count) - (a->count > b->count);
}

void compare_count_settle(struct compare_count *c) {
    if (c->class_count > 0) {
        qsort(c->classes, c->class_count, sizeof(struct compare_class *), by_gap);
    }
    if (c->difference_count > 0) {
        qsort(c->differences, c->difference_count, sizeof(struct compare_difference *), by_count);
    }
}

void compare_count_fini(struct compare_count *c) {
    map_fini(&c->class_map);
    map_fini(&c->difference_map);
    mem_free(c->classes);
    mem_free(c->differences);
}
