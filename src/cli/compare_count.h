// What pairs of answers come to: of each right answer how often each side had it, and what the
// sides said where they differ.
#ifndef TASKFIT_CLI_COMPARE_COUNT_H
#define TASKFIT_CLI_COMPARE_COUNT_H

#include "base/arena.h"
#include "base/map.h"

enum { COMPARE_DISTINCT_MOST = 10000 };  // of either; what comes later is counted together

// One right answer: how often there was it, and each side right.
struct compare_class {
    struct map_node node;
    struct slice label;
    uint64_t count, a_right, b_right;
};

// Where the sides differ: what each said, and what is right; absent: no label.
struct compare_difference {
    struct map_node node;
    struct slice label, a, b;
    uint64_t count;
};

struct compare_count {
    struct map class_map, difference_map;
    struct compare_class **classes;  // in the order of what differs most, when settled
    struct compare_difference **differences;
    size_t class_count, difference_count;
    uint64_t others;  // differences beyond the most
};

void compare_count_class(struct compare_count *count, struct slice label, bool a_right,
                         bool b_right, struct arena *arena);
void compare_count_difference(struct compare_count *count, struct slice label, struct slice a,
                              struct slice b, struct arena *arena);
void compare_count_settle(struct compare_count *count);
void compare_count_fini(struct compare_count *count);

#endif
