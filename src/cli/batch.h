// Finding a batch by what a person calls it: its id, the beginning of its id, or its name.
#ifndef TASKFIT_CLI_BATCH_H
#define TASKFIT_CLI_BATCH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/uuid.h"

struct pg_session;

struct batch {
    struct uuid id;
    char id_text[UUID_TEXT];
    const char *name, *path, *format;
    int64_t total;  // -1: it is being submitted
    int64_t done;
};

// called NULL: the newest. Of several with the same name the newest, which is said on stderr.
// EX_NOINPUT: there is none, or the beginning of an id is that of several; with what to try.
bool batch_find(struct pg_session *session, const char *called, struct arena *arena,
                struct batch *batch, struct err *err) MUST_CHECK;

// A job by its custom id, whose id was not derived from it: by the rows of the batch. EX_NOINPUT:
// nothing is stored of one, or of several.
bool batch_find_job(struct pg_session *session, const struct batch *batch, const char *custom_id,
                    struct uuid *job, struct err *err) MUST_CHECK;

#endif
