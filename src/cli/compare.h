// The parts of `taskfit compare`.
#ifndef TASKFIT_CLI_COMPARE_H
#define TASKFIT_CLI_COMPARE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/uuid.h"
#include "cli/compare_count.h"
#include "quality/paired.h"

enum { COMPARE_EXAMPLES = 3, COMPARE_CLASSES_SHOWN = 10 };

struct compare_side {
    const char *kind;  // model, tier, prompt, policy, batch or outcomes
    const char *name;
    struct uuid batch;  // of kind batch
    int64_t cost_pico_usd;
    int64_t *latency_ms;  // of all pairs; sorted when all are read
};

struct compare_example {
    struct slice custom_id, a, b, label;
    char job[UUID_TEXT];
};

struct comparison {
    struct compare_side a, b;
    const char *field;  // NULL: the whole answer
    double level;
    bool once;          // it is looked at this one time
    bool by_name;       // jobs of the same custom id are the same
    uint64_t pairs, same, unsure;  // unsure: came from one side to the other for want of confidence
    size_t latency_cap;
    struct paired paired;          // of those with a label
    struct compare_count count;
    struct compare_example only_a[COMPARE_EXAMPLES], only_b[COMPARE_EXAMPLES];
    uint32_t only_a_count, only_b_count;
};

// Who wins: 'a', 'b', or 0: nobody with significance.
char compare_winner(const struct comparison *comparison, const struct paired_result *result);

void compare_print(const struct comparison *comparison, struct arena *arena);
void compare_json(const struct comparison *comparison);

#endif
