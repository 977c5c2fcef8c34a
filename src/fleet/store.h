// Hops that wait for the database: many rows to a statement, one statement at a time.
//
//     waiting ──(connection free, enough rows or waited long enough)──► sent ──► stored
//        ▲                                                                │
//        └── a server that is away: back-off, then the same again ────────┤
//            a row that it refuses: the batch is split in halves until ───┘
//            the bad row stands alone, and that one is `refused`
//
// Several stores may share a connection. While one cannot store, its owner should take no more.
#ifndef TASKFIT_FLEET_STORE_H
#define TASKFIT_FLEET_STORE_H

#include "fleet/hop.h"
#include "io/pg.h"

struct process;
struct store;

struct store_kind {
    enum pg_statement statement;
    // Writes the rows as arrays.
    void (*encode)(void *owner, struct hop *const *rows, size_t count, struct pg_params *params);
    // The rows are in the database (or were before: what came back tells).
    void (*stored)(void *owner, struct hop *const *rows, size_t count,
                   const struct pg_result *result);
    // The database will never take this row.
    void (*refused)(void *owner, struct hop *row, const struct err *err);
};

struct store *store_new(struct process *process, struct pg *pg, const struct store_kind *kind,
                        void *owner);
void store_free(struct store *store);

void store_add(struct store *store, struct hop *hop, enum step step);
// Sends what is due; returns milliseconds until it must be called again, -1: not before an event.
int64_t store_turn(struct store *store, int64_t now_ms);
bool store_stuck(const struct store *store);   // the last try failed for want of the server
size_t store_count(const struct store *store);  // rows waiting or sent
struct list *store_waiting(struct store *store);

// While the server is away, or takes nothing: rows that `keeps` does not name (NULL: all) go to
// `out`. Returns how many are kept.
size_t store_sift(struct store *store, bool (*keeps)(const struct hop *hop), struct list *out);

#endif
