// The decision: the only place where a job's fate is chosen. Pure and total.
//
//     error after retries → next tier (error.*)    answer not of the form (answer.*)
//     rules (rule.<name>)                          confidence under threshold (confidence.low)
//     else accept, of which a random share is marked for audit
//
// A job that was sent for all tiers is accepted by none: each is asked, and then people.
//
// A tier whose usual latency is longer than the time to the deadline is passed over
// (deadline.near). Moving on is bounded: no tier left, number of hops, spend, no tier in time; then
// the path's `last` decides, with that reason added.
#ifndef TASKFIT_JOB_DECIDE_H
#define TASKFIT_JOB_DECIDE_H

#include "base/arena.h"
#include "job/job.h"
#include "job/policy.h"
#include "job/reason.h"

enum verdict {
    VERDICT_NONE,
    VERDICT_ACCEPT,
    VERDICT_ESCALATE,
    VERDICT_REVIEW,
    VERDICT_DEAD,
    VERDICT_EXPIRED,
    VERDICT_CANCELLED,
};

const char *verdict_name(enum verdict verdict);
enum verdict verdict_parse(struct slice name);  // VERDICT_NONE: not one of these

// What the rules said, in the order of the path's file.
struct rule_verdict {
    struct slice code;  // rule.<name>
    struct slice text;  // for people
    enum verdict wants; // ESCALATE, REVIEW, DEAD; ACCEPT: a note, which moves nothing
};

// What is usual at a tier of the path, as measured; 0: nothing was yet.
struct tier_usual {
    int64_t latency_ms;
    int64_t cost_pico_usd;
};

// All that a decision is made of.
struct facts {
    const struct job *job;
    const struct attempt *attempt;
    const struct path *path;  // NULL: the configuration has no such path
    const struct rule_verdict *rules;
    uint32_t rule_count;
    struct tier_usual usual[PATH_TIERS_MOST];  // by place in the path
    bool broken;  // audits speak against the promise of the path's certificate
    int64_t now_ms;
    double chance;  // drawn evenly from [0, 1): for the audit
};

struct decision_reason {
    struct slice code;
    struct slice text;  // absent where the code says it all
    bool note;          // of a rule, and moved nothing; unknown where a stored decision is read
};

// Rules beyond are dropped from the list, not from the verdict.
enum { DECISION_REASONS_MOST = 24 };

struct decision {
    enum verdict verdict;
    struct decision_reason reasons[DECISION_REASONS_MOST];
    uint32_t reason_count;
    const char *next_tier;  // of an escalation
    int answer_hop;         // whose answer stands; -1: none
    double threshold;       // that the confidence was held against; NaN: none
    bool audit;
    const char *audit_tier;  // that is asked for the audit; NULL: people are
    int64_t cost_pico_usd;  // of this and all earlier hops
};

// The tier that an audited answer of this attempt's tier is held against; NULL: people's word, also
// of the answers of that tier itself.
const char *decide_audit_tier(const struct path *path, const struct attempt *attempt);

// Texts of reasons are views of facts, static, or in the arena.
void decide(const struct facts *facts, struct arena *arena, struct decision *decision);

#endif
