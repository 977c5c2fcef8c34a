// A path's policy: which tiers in which order, what each answer must be, what limits hold.
//
// Read from the configuration once and never changed after; decisions record its version.
#ifndef TASKFIT_JOB_POLICY_H
#define TASKFIT_JOB_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "job/opinion.h"

enum { PATH_TIERS_MOST = 8 };

// What an answer must look like. `labels: [..]` is a form of one field without a name: the whole
// answer is then a JSON string. No fields: any JSON will do.
struct answer_field {
    const char *name;  // NULL: the whole answer
    const char *const *labels;
    uint32_t label_count;  // 0: any value but null
    bool optional;
};

struct answer_form {
    const struct answer_field *fields;
    uint32_t field_count;
};

enum path_last { LAST_REVIEW, LAST_ACCEPT_BEST, LAST_DEAD };

// Which inputs are kept in the table `inputs`.
enum path_keep { KEEP_REVIEW, KEEP_ALL, KEEP_NONE };

// What becomes of answers that are sure enough, while audits speak against what the certificate of
// their path promises: they stand, and people are told; they must be surer, halfway to certain;
// they go on to the next tier.
enum path_broken { BROKEN_ALERT, BROKEN_RAISE, BROKEN_NEXT };

struct calibration;
struct certificate;

struct path_tier {
    const char *name;
    double accept;  // calibrated confidence at or above which an answer stands
    const struct calibration *calibration;  // NULL: confidence is taken as it is
    // The path's certificate leaves it out: no job is sent here. One that comes all the same (its
    // producer does not know, or the certificate is new) is sent on without a call.
    bool skipped;
};

struct path {
    const char *name;
    const char *version;  // of the policy: first 16 hex digits of the SHA-256 of `text`
    const char *text;     // the policy as configured, rules included: what `policies` stores
    const struct certificate *certificate;  // NULL: thresholds were written by hand
    struct path_tier tiers[PATH_TIERS_MOST];  // skipped ones first, so that all others follow them
    uint32_t tier_count;
    struct answer_form answer;
    enum path_last last;
    enum path_keep keep;
    int64_t deadline_ms;        // from the job's creation; 0: none
    uint32_t hops;              // most visits to tiers
    int64_t spend_pico_usd;     // per job; 0: no cap
    double audit;               // share of accepted answers, 0 to 1
    const char *audit_tier;     // whose answers they are held against; NULL: people's
    struct review_policy review;
    enum path_broken broken;
    const char *lane;           // that its jobs wait in; NULL: the one of paths that name none
};

// The place of a tier in the path, -1 when the path does not lead through it.
int path_tier_index(const struct path *path, struct slice tier);

// The place of the next tier that a job at `place` is sent to, -1: there is none. place -1: the
// first. all: skipped ones, too.
int path_tier_after(const struct path *path, int place, bool all);
const char *path_first_tier(const struct path *path, bool all);

#endif
