// A connection to PostgreSQL for programs that may wait: the command line and start-up checks.
#ifndef TASKFIT_IO_PG_SESSION_H
#define TASKFIT_IO_PG_SESSION_H

#include "io/pg.h"

struct pg_session;

// Errors: EX_UNAVAILABLE with where and what to try (unreachable), EX_NOPERM (credentials).
bool pg_session_open(struct pg_session **session, const char *url, const char *program,
                     struct err *err) MUST_CHECK;
void pg_session_close(struct pg_session *session);

// Runs a statement of schema/queries.sql; params NULL: none. The result is valid until the next
// call on the session. Errors as for pg_run.
bool pg_session_run(struct pg_session *session, enum pg_statement statement,
                    const struct pg_params *params, const struct pg_result **result,
                    struct err *err) MUST_CHECK;

// For results of any length: `each` sees them in pieces of some hundred rows (single-row or chunked
// mode), so that memory stays small; it returns false to stop.
bool pg_session_each(struct pg_session *session, enum pg_statement statement,
                     const struct pg_params *params,
                     bool (*each)(void *owner, const struct pg_result *result), void *owner,
                     struct err *err) MUST_CHECK;

// Brings the schema to this program's version, each migration in its own transaction, under an
// advisory lock; a schema newer than the program is refused (EX_CONFIG). *applied: how many ran.
bool pg_session_migrate(struct pg_session *session, int *applied, struct err *err) MUST_CHECK;
// EX_CONFIG when the schema is missing, older or newer, with what to do.
bool pg_session_check_schema(struct pg_session *session, struct err *err) MUST_CHECK;

#endif
