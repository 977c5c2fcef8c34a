// The ledger of one partition: which offsets were taken and are not finished.
//
//      committed                      highest
//         ▼                              ▼
//     … ✓ ▢ ✓ ✓ ▢ ▢ ✓ · · ✓ ▢ ✓ ✓ ▢ ✓ ✓ ▢ | not taken yet
//         └──────────── span ────────────┘
//
// Jobs finish out of order; only the lowest unfinished offset is committed, so that a crash takes
// again whatever was not finished, and what was finished behind it is answered by admission. An
// offset that was never taken (compaction, a transaction's marker) counts as finished as soon as a
// higher one is taken. The span is capped: at the cap nothing is taken until the lowest finishes.
// Pure; one bit an offset.
#ifndef TASKFIT_JOB_LEDGER_H
#define TASKFIT_JOB_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger {
    uint64_t *bits;      // ring: 1 = taken and unfinished
    size_t words;        // of the ring; a power of two
    int64_t lowest;      // the offset to commit: all below are finished; -1: nothing taken ever
    int64_t next;        // one above the highest taken
    int64_t span_most;
    size_t unfinished;
};

enum ledger_verdict {
    LEDGER_TAKEN,
    LEDGER_FULL,    // taking it would stretch the span beyond the cap: not now
    LEDGER_STALE,   // at or below what was taken: the log was set back (or made anew)
};

void ledger_init(struct ledger *ledger, int64_t span_most);
void ledger_fini(struct ledger *ledger);

// Offsets are taken in rising order; a reader that sees LEDGER_STALE must start a new ledger.
enum ledger_verdict ledger_take(struct ledger *ledger, int64_t offset);

// offset must be taken and unfinished.
void ledger_finish(struct ledger *ledger, int64_t offset);

// The offset to commit; -1 before the first take.
int64_t ledger_commit(const struct ledger *ledger);

#endif
