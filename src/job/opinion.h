// What people's words on a job come to: does the newest settle the outcome, and must somebody else
// look, too?
//
//   one pair of eyes   the first word settles; a share gets a second opinion, by another person,
//                      and where the two differ a third round settles it
//   four eyes          settled when two persons' newest words are the same; until then the next
//                      round is for anyone but whom spoke last
#ifndef TASKFIT_JOB_OPINION_H
#define TASKFIT_JOB_OPINION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

// How people look at the jobs of a path.
struct review_policy {
    double second;     // share of jobs that get a second opinion, 0 to 1
    bool four_eyes;
    int64_t lease_ms;  // how long a job is one person's to look at
};

struct opinion {
    struct slice person;
    bool agrees;  // with the newest one's answer
};

// Why there is another round.
enum round_why { ROUND_NONE, ROUND_SECOND, ROUND_FOUR_EYES, ROUND_DISPUTE };

struct ruling {
    bool settles;
    struct slice with;  // of four eyes: who agrees with the newest; absent: nobody needs to
    enum round_why next;
};

// opinions: in their order, the newest last. chance: drawn evenly from [0, 1).
struct ruling opinion_rule(const struct review_policy *policy, const struct opinion *opinions,
                           uint32_t count, double chance);

const char *round_why_name(enum round_why why);  // as in the table `reviews`; NULL: none

#endif
