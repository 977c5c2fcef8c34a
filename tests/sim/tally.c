#include "tally.h"

#include <stdio.h>

struct tallies tallies;

static const char *const op_names[] = {
#define OP_NAME(name, text) #name,
    OPS(OP_NAME)
#undef OP_NAME
};

static const char *const op_texts[] = {
#define OP_TEXT(name, text) text,
    OPS(OP_TEXT)
#undef OP_TEXT
};

static const char *const kind_texts[] = {
#define KIND_TEXT(name, text) text,
    KINDS(KIND_TEXT)
#undef KIND_TEXT
};

const char *op_name(enum op op) {
    return op_names[op];
}

void tallies_add(struct tallies *sum, const struct tallies *more) {
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)more;
    for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++) {
        to[i] += from[i];
    }
}

bool tallies_print(const struct tallies *all, bool complete) {
    bool whole = true;
    printf("%-36s %12s %10s\n", "step", "done", "crashes");
    for (int i = 0; i < OP_COUNT; i++) {
        printf("%-36s %12llu %10llu\n", op_texts[i], (unsigned long long)all->ops[i],
               (unsigned long long)all->crashes[i]);
    }
    printf("\n");
    for (int i = 0; i < TALLY_COUNT; i++) {
        printf("%-40s %12llu\n", kind_texts[i], (unsigned long long)all->kinds[i]);
    }
    printf("\n");
    for (int i = 0; complete && i < OP_COUNT; i++) {
        if (all->crashes[i] == 0) {
            printf("never: a crash at '%s'\n", op_texts[i]);
            whole = false;
        }
    }
    for (int i = 0; complete && i < TALLY_COUNT; i++) {
        if (all->kinds[i] == 0) {
            printf("never: %s\n", kind_texts[i]);
            whole = false;
        }
    }
    return whole;
}
