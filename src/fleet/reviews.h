// People's words on jobs, as the statements of schema/review.sql: what goes in, what comes back.
// Who runs them is free to wait (the command line) or not (the gateway).
//
//     take ──► look at it ──► facts, opinions ──► opinion_rule ──► close      or release, undo
//
// A word counts only where the round is still open, nobody else holds it, and the outcome is the
// one that was seen: else close comes back empty, and everything is as before.
#ifndef TASKFIT_FLEET_REVIEWS_H
#define TASKFIT_FLEET_REVIEWS_H

#include "base/arena.h"
#include "io/pg_value.h"
#include "job/opinion.h"

enum { PERSON_BYTES_MOST = 200, OPINIONS_MOST = 64 };

// Of the open reviews those of a path, a batch, a reason, a tenant; NULL, false, absent: any.
struct review_filter {
    const char *path;
    bool has_batch;
    struct uuid batch;
    const char *reason;  // of the decision, or why it is in the queue
    struct slice tenant;
};

void review_filter_encode(const struct review_filter *filter, struct pg_params *params);

// The columns of the query `review_list`, in its order.
enum review_column {
    REVIEW_JOB, REVIEW_ROUND, REVIEW_WHY, REVIEW_PATH, REVIEW_BATCH, REVIEW_CUSTOM_ID, REVIEW_LINE,
    REVIEW_REASONS, REVIEW_OPENED, REVIEW_LEASE_BY, REVIEW_LEASE_UNTIL, REVIEW_SKIPPED_BY,
    REVIEW_ANSWER, REVIEW_TIER, REVIEW_CONFIDENCE, REVIEW_INPUT,
};

// A row of it as a JSON object.
void review_listed_json(const struct pg_result *result, int row, struct buf *out);

// A round that is a person's to look at.
struct review_lease {
    struct uuid job;
    uint32_t round;
    struct slice why, path;
    int64_t until_ms;
};

// job NULL: the next one. False: there is none for this person.
void review_take_encode(struct slice person, int64_t lease_ms, const struct review_filter *filter,
                        const struct uuid *job, struct pg_params *params);
bool review_take_read(const struct pg_result *result, struct arena *arena,
                      struct review_lease *lease);

void review_release_encode(const struct review_lease *lease, struct slice person, bool skipped,
                           struct pg_params *params);

// A job before a word on it. False: it has no decision that is final.
struct review_facts {
    struct slice path, verdict;  // verdict: of the outcome as it stands
    struct slice answer;         // that stands; absent: none
    struct slice custom_id, tenant;
    uint32_t revision;           // the highest
    uint32_t round;              // the newest; 0: there was none
    struct slice why, state, reviewer;
    struct slice lease_by;       // absent: nobody holds it
    int64_t lease_until_ms;
    bool barred;                 // the person must not take it
};

void review_facts_encode(const struct uuid *job, struct slice person, struct pg_params *params);
bool review_facts_read(const struct pg_result *result, struct arena *arena,
                       struct review_facts *facts);

struct review_word {
    struct uuid job;
    uint32_t round, revision;  // as they were seen
    struct slice person;
    struct slice answer;       // JSON
    int answer_hop;            // the attempt that was accepted; -1: the answer is the person's own
    struct slice note;         // absent: none
};

// The word's opinion is the last of the list; returns their count.
void review_opinions_encode(const struct review_word *word, struct pg_params *params);
uint32_t review_opinions_read(const struct pg_result *result, const struct review_word *word,
                              struct arena *arena, struct opinion opinions[OPINIONS_MOST]);

// Whether a job gets a second opinion is drawn once for it, so that no change of mind draws again.
double review_chance(const struct uuid *job);

void review_close_encode(const struct review_word *word, const struct ruling *ruling,
                         struct arena *arena, struct pg_params *params);
// *revision: that it made, 0: none. False: nothing happened.
bool review_close_read(const struct pg_result *result, uint32_t *revision);

void review_undo_encode(const struct uuid *job, struct slice person, int64_t lease_ms,
                        struct pg_params *params);

#endif
