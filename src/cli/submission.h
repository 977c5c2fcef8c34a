// The row of a batch while its jobs are submitted.
#ifndef TASKFIT_CLI_SUBMISSION_H
#define TASKFIT_CLI_SUBMISSION_H

#include "base/err.h"
#include "base/uuid.h"

struct pg_session;

struct submission {
    // What the row is made with, if it is not there.
    const char *key, *tenant, *name, *path, *format;
    int64_t spend_cap_pico_usd;  // 0: none
    // What it is.
    struct uuid id;
    char id_text[UUID_TEXT];     // empty: not found yet
    bool met;                    // found, or made
    bool submitted;              // all its jobs are
    int64_t total, bad_lines;    // then
};

// The batch of tenant and key, *found false: there is none. Errors: EX_DATAERR when it is cancelled
// or of another path.
bool submission_find(struct submission *submission, struct pg_session *session, bool *found,
                     struct err *err) MUST_CHECK;
// The same, made when there is none.
bool submission_begin(struct submission *submission, struct pg_session *session,
                      struct err *err) MUST_CHECK;
// Closes it with total and bad_lines: all its jobs are in the topic. The session is opened again
// when it broke, and a database that is away is waited for, 10 s. *session NULL after an error.
bool submission_finish(struct submission *submission, struct pg_session **session, const char *url,
                       struct err *err) MUST_CHECK;

#endif
