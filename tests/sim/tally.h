// What was exercised, over all schedules of a run: a kind that never happened proves nothing.
#ifndef TASKFIT_SIM_TALLY_H
#define TASKFIT_SIM_TALLY_H

#include <stdbool.h>
#include <stdint.h>

// Steps at which a process can die: each is something it does to the outside or hears from there.
// clang-format off
#define OPS(X) \
    X(TAKE, "records taken") X(ADMIT, "admission asked") X(ADMITTED, "admission answered") \
    X(CALL, "model called") X(REPLY, "model answered") X(STORE, "attempts sent to be stored") \
    X(STORED, "attempts stored") X(SEND, "record sent") X(DELIVERED, "record delivered") \
    X(DECIDE, "decisions sent to be stored") X(DECIDED, "decisions stored") \
    X(FIND, "decision looked up") X(BURY, "letter sent to be stored") X(BURIED, "letter stored") \
    X(COMMIT, "offsets committed") X(COMMITTED, "commit answered") \
    X(ASSIGN, "partitions assigned") X(REVOKE, "partitions revoked") \
    X(RELEASE, "partitions let go") X(POLICIES, "policies stored") \
    X(CLAIM, "revisions asked for") X(CLAIMED, "revisions claimed") \
    X(HEAR, "audits sent to be stored") X(HEARD, "audits stored") \
    X(WATCH, "verdicts asked for") X(WATCHED, "verdicts read") \
    X(MARK, "revisions sent to be marked") X(MARKED, "revisions marked as published") \
    X(DRAIN, "draining")

// The other things that happen.
#define KINDS(X) \
    X(JOBS, "jobs") X(DUPLICATES, "copies by the producer") \
    X(SCATTERED, "copies in another partition") X(ORDERED, "jobs with an order key") \
    X(LANES, "jobs in a lane of their own") X(TENANTS, "jobs with a tenant") \
    X(REORDERED, "jobs that overtook others at the producer") \
    X(POISON, "poison records") \
    X(CRASHES, "crashes") X(STALLS, "processes that stood still") \
    X(SHADOWS, "shadows called") X(SHADOWS_STORED, "shadows stored") \
    X(SWITCHED, "tiers switched") \
    X(RELOADS, "reloads") X(RESTARTS, "drained restarts") X(EXITS, "exits for a fatal error") \
    X(REBALANCES, "rebalances") X(EXPELLED, "members expelled") \
    X(LOST, "partitions lost") X(LATE_RELEASES, "partitions let go late") \
    X(RETURNS, "static members that came back") \
    X(REDELIVERED, "records delivered again") X(REPLAYS, "offsets set back") \
    X(COMMITS_REFUSED, "commits refused") X(COMMITS_UNASKED, "commits without a coordinator") \
    X(BROKER_AWAY, "broker away") X(QUEUE_FULL, "producer queue full") \
    X(TOO_LARGE_HERE, "records too large for the client") \
    X(TOO_LARGE_THERE, "records too large for the broker") \
    X(SENDS_LOST, "sent records lost in a crash") X(SENDS_KEPT, "sent records that outlived one") \
    X(OFFSET_GAPS, "gaps between offsets") X(LOGS_REMADE, "topics made anew") \
    X(DATABASE_AWAY, "database away") X(DATABASE_SLOW, "database slow") \
    X(DATABASE_FULL, "database read-only or full") \
    X(FAILED_BEFORE, "statements failed before their commit") \
    X(FAILED_AFTER, "statements failed after their commit") \
    X(TIMED_OUT, "statements given up, and run later") X(GAVE_UP_LOCK, "statements rolled back") \
    X(ROWS_REFUSED, "statements refused for a row") \
    X(ORPHANS_RUN, "statements that outlived a crash") \
    X(KNOWN, "attempts that were stored before") \
    X(KNOWN_DECISIONS, "decisions that were stored before") \
    X(KNOWN_LETTERS, "jobs that were called and refused before") \
    X(CALLS, "model calls") X(BUSY, "replies 429 with Retry-After") X(SERVER, "replies 5xx") \
    X(REFUSED, "replies 4xx") X(TIMEOUT, "calls timed out") X(CUT, "replies cut") \
    X(UNREACHABLE, "models unreachable") \
    X(VERIFIED, "answers that a second model was asked about") \
    X(MODEL_AWAY, "models away for a while") X(GARBAGE, "replies of garbage") \
    X(REPLY_TOO_LARGE, "replies too large") X(OVERTOOK, "replies that overtook others") \
    X(REPEATED, "calls repeated") \
    X(REPEATED_BY_DEATH, "of these by deaths alone") \
    X(IN_HAND, "calls in hand at deaths, not stored") \
    X(ZOMBIE_CALLS, "calls by who had lost the partition") \
    X(CANCELLED, "jobs cancelled") X(GIVEN_UP, "calls given up") X(EXPIRED, "jobs expired") \
    X(NEAR, "hops passed on for a near deadline") \
    X(LATENT, "hops at their limit of latency") \
    X(CAPPED, "batches at their cap") \
    X(ACCEPT, "accepted") X(ESCALATE, "escalated") X(REVIEW, "to review") X(DEAD, "decided dead") \
    X(AUDITS, "audits by a tier") X(LABELS, "audits by people") \
    X(DOUBTED, "answers under a broken promise") \
    X(REVISED, "revisions by people") X(CLAIMED_AGAIN, "revisions claimed again") \
    X(LETTERS, "dead letters") X(EARLY_CLOSES, "drain deadlines reached")
// clang-format on

enum op {
#define OP_ENUM(name, text) OP_##name,
    OPS(OP_ENUM)
#undef OP_ENUM
    OP_COUNT
};

enum tally {
#define TALLY_ENUM(name, text) TALLY_##name,
    KINDS(TALLY_ENUM)
#undef TALLY_ENUM
    TALLY_COUNT
};

struct tallies {
    uint64_t ops[OP_COUNT];      // how often each step was done
    uint64_t crashes[OP_COUNT];  // and how many died at it
    uint64_t kinds[TALLY_COUNT];
    uint64_t schedules, events;
};

extern struct tallies tallies;

const char *op_name(enum op op);
static inline void tally(enum tally kind) {
    tallies.kinds[kind]++;
}

void tallies_add(struct tallies *sum, const struct tallies *more);
// False: something never happened; what, is said.
bool tallies_print(const struct tallies *all, bool complete);

#endif
