// One connection to PostgreSQL (libpq) on the loop: one statement at a time, connected again with
// back-off whenever the server is away.
//
// Statements are those of schema/queries.sql, by name; each is prepared once a connection.
#ifndef TASKFIT_IO_PG_H
#define TASKFIT_IO_PG_H

#include "base/err.h"
#include "io/pg_value.h"

enum pg_statement {
#define QUERY(name, text) PG_##name,
#include "queries.h"
#undef QUERY
    PG_STATEMENT_COUNT
};

const char *pg_statement_name(enum pg_statement statement);
const char *pg_statement_text(enum pg_statement statement);

struct loop;
struct pg;

// result NULL: err says why. ERR_RETRY: the server is away, busy, read-only, out of room or gave up
// a lock: the same again later. ERR_POISON: the values were refused. ERR_FATAL: the statement or
// the schema is wrong.
typedef void pg_done(void *owner, const struct pg_result *result, const struct err *err);

struct pg_options {
    const char *url;        // copied
    const char *program;    // application_name
    int64_t timeout_ms;     // of a statement; the connection is given up after it
    // A change between reachable (err NULL) and away, or in the reason for that.
    void (*changed)(void *owner, const struct err *err);
    void *owner;
};

struct pg *pg_open(struct loop *loop, const struct pg_options *options);
void pg_close(struct pg *pg);  // a statement under way is forgotten

bool pg_ready(const struct pg *pg);  // connected and idle
bool pg_away(const struct pg *pg);   // not connected
// Only when ready. Takes what is in params and leaves it empty. `done` may be called before it
// returns, when the connection breaks at once.
void pg_run(struct pg *pg, enum pg_statement statement, struct pg_params *params,
            pg_done *done, void *owner);

#endif
