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
    char id_text[UUID_TEXT];     // empty: not looked for yet
    bool made;                   // now; else it was there
    bool submitted;              // all its jobs are
    int64_t total;
};

// The batch of tenant and key, made when there is none. Errors: EX_DATAERR when it is cancelled or
// of another path.
bool submission_begin(struct submission *submission, struct pg_session *session,
                      struct err *err) MUST_CHECK;
// Closes it: all its jobs are in the topic. The session is opened again when it broke, and a
// database that is away is waited for, 10 s. *session NULL after an error.
bool submission_finish(struct submission *submission, struct pg_session **session, const char *url,
                       uint64_t bad_lines, struct err *err) MUST_CHECK;

#endif
