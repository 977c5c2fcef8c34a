// A person at the queue of reviews: takes a job, says what is right, skips, takes a word back.
#ifndef TASKFIT_CLI_REVIEWER_H
#define TASKFIT_CLI_REVIEWER_H

#include "cli/story.h"
#include "fleet/config.h"
#include "fleet/reviews.h"

struct reviewer {
    struct pg_session *session;
    const struct config *config;
    struct slice person;
};

// The name given, else $TASKFIT_REVIEWER, else $USER. EX_USAGE: there is none, or it is no name.
bool reviewer_name(const char *given, struct slice *person, struct err *err) MUST_CHECK;

// The policy of a path; NULL: the configuration has no such path (any more).
const struct path *reviewer_path(const struct reviewer *reviewer, struct slice path);

// The next job that the filter names. *found false: there is none for this person.
bool reviewer_next(const struct reviewer *reviewer, const struct review_filter *filter,
                   struct arena *arena, struct review_lease *lease, bool *found,
                   struct err *err) MUST_CHECK;
// That job: one that is in no queue is put there. EX_NOINPUT: it has no outcome; EX_TEMPFAIL:
// another person looks at it; EX_NOPERM: other eyes than this person's are wanted.
bool reviewer_take(const struct reviewer *reviewer, const struct uuid *job, struct arena *arena,
                   struct review_lease *lease, struct err *err) MUST_CHECK;
// The hop whose answer to begin with, of the view `proposals`; -1: no model gave one.
bool reviewer_proposal(const struct reviewer *reviewer, const struct uuid *job, int *hop,
                       struct err *err) MUST_CHECK;
bool reviewer_release(const struct reviewer *reviewer, const struct review_lease *lease,
                      bool skipped, struct err *err) MUST_CHECK;

// An answer as a person types it: JSON of the path's form, or the label alone. EX_DATAERR: it is
// none, and what is allowed.
bool reviewer_answer(const struct path *path, struct slice typed, struct arena *arena,
                     struct slice *answer, struct err *err) MUST_CHECK;

// What a word came to.
struct reviewer_result {
    uint32_t revision;    // of the outcome; 0: that is what it was
    enum round_why next;  // who must look now
};

// word: job, round, person and revision are filled in. EX_TEMPFAIL: it changed meanwhile.
bool reviewer_say(const struct reviewer *reviewer, const struct review_lease *lease,
                  struct review_word *word, struct arena *arena, struct reviewer_result *result,
                  struct err *err) MUST_CHECK;
// The same without a lease, where the job waits for people and this person may look at it: else
// *said is false. The attempt with that answer is the one that is accepted.
bool reviewer_settle(const struct reviewer *reviewer, const struct uuid *job,
                     struct review_word *word, struct arena *arena, bool *said,
                     struct err *err) MUST_CHECK;
// EX_NOINPUT: this person has said nothing on that job that could be taken back.
bool reviewer_undo(const struct reviewer *reviewer, const struct uuid *job, struct slice path,
                   struct err *err) MUST_CHECK;

#endif
