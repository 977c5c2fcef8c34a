// Answers one by one, in any order, to the items that every tier has an answer for; for labels_*.c.
#ifndef TASKFIT_CLI_LABELS_ROWS_H
#define TASKFIT_CLI_LABELS_ROWS_H

#include "cli/labels.h"

struct pg_params;

struct labels_row {
    double confidence, cost;  // confidence NaN: none, never accepted
    uint32_t item;            // labels_rows_item
    uint8_t tier;             // its place in the cascade
    bool correct;
    struct labels_fact fact;
};

struct labels_slot {
    uint64_t hash;
    uint32_t item;  // + 1; 0: free
};

struct labels_rows {
    const char *source;  // of them, in errors
    struct labels *labels;
    struct arena *arena;
    bool fixed;          // tiers were named: others do not count
    bool facts;          // rows have them
    struct labels_row *rows;
    size_t count, cap;
    struct labels_slot *slots;  // open addressing; items of one 64-bit hash are one (base/set.h)
    size_t slot_count;
    uint32_t items;
    double *unknown;     // by item: its words that no other has (labels.h); NULL: not wanted
};

// Tiers by name, with commas; NULL: none is named.
bool labels_rows_name_tiers(struct labels_rows *rows, const char *tiers,
                            struct err *err) MUST_CHECK;
// The tier's place, made when there is room and none were named. -1: it does not count.
bool labels_rows_tier(struct labels_rows *rows, struct slice name, int *place,
                      struct err *err) MUST_CHECK;
// Items are numbered in the order of their first appearance.
uint32_t labels_rows_item(struct labels_rows *rows, struct slice name);
bool labels_rows_find(const struct labels_rows *rows, struct slice name, uint32_t *item);
void labels_rows_add(struct labels_rows *rows, const struct labels_row *row);
// Absent: the row does not say.
bool labels_rows_see_version(struct labels_rows *rows, struct certificate_versions *versions,
                             struct slice name, struct err *err) MUST_CHECK;

// Which jobs are wanted: path and batch, the first parameters of the statements tune_*.
void labels_params(const struct labels_wanted *wanted, struct pg_params *params);

// The words of labelled inputs that the database has kept, of the items so far.
bool labels_rows_words(struct labels_rows *rows, const struct labels_wanted *wanted,
                       struct pg_session *session, struct err *err) MUST_CHECK;

// Fills the cascade of labels.
bool labels_rows_settle(struct labels_rows *rows, struct err *err) MUST_CHECK;
void labels_rows_fini(struct labels_rows *rows);

#endif
