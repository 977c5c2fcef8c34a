#include "io/pg_session.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/pg_error.h"

enum {
    CONNECT_MS = 5000,
    LOCK_NUMBER = 0x7a5cf17,  // of the advisory lock: any number that is Taskfit's own
};

struct migration {
    int number;
    const char *name, *text;
};

static const struct migration migrations[] = {
#define MIGRATION(number, name, text) {number, name, text},
#include "migrations.h"
#undef MIGRATION
};
enum { MIGRATION_COUNT = sizeof(migrations) / sizeof(migrations[0]) };

struct pg_session {
    PGconn *conn;
    PGresult *result;  // the newest
    bool prepared[PG_STATEMENT_COUNT];
};

// --- connecting

// The SQLSTATE in words of libpq's verbose form, "FATAL:  28P01: password …"; false: none, the
// server was not reached.
static bool find_state(const char *words, char state[6], const char **text) {
    static const char code[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (const char *at = words; (at = strstr(at, ":  ")) != NULL; at++) {
        if (strspn(at + 3, code) == 5 && at[8] == ':') {
            memcpy(state, at + 3, 5);
            state[5] = '\0';
            *text = at + 10;
            return true;
        }
    }
    return false;
}

static bool starts(const char *state, const char *class) {
    return strncmp(state, class, strlen(class)) == 0;
}

static bool refused(const PGconn *conn, const char *state, const char *words, struct err *err) {
    int len = (int)strcspn(words, "\n");
    const char *host = PQhost(conn), *port = PQport(conn);
    if (starts(state, "28")) {
        return err_exit(err, EX_NOPERM, "database: %s:%s: %.*s (%s); check user and password in "
                        "postgres.url", host, port, len, words, state);
    }
    if (starts(state, "3D")) {
        return err_exit(err, EX_CONFIG, "database: %s:%s: %.*s (%s); make it (createdb), or check "
                        "postgres.url", host, port, len, words, state);
    }
    return err_exit(err, EX_UNAVAILABLE, "database: %s:%s: %.*s (%s)", host, port, len, words,
                    state);
}

static bool connect_failed(const PGconn *conn, struct err *err) {
    char state[6];
    const char *words = PQerrorMessage(conn), *text;
    if (find_state(words, state, &text)) {
        return refused(conn, state, text, err);
    }
    if (PQconnectionNeedsPassword(conn)) {
        return err_exit(err, EX_NOPERM, "database: %s:%s asks for a password and postgres.url has "
                        "none", PQhost(conn), PQport(conn));
    }
    pg_connection_error(words, err);
    err->kind = ERR_FATAL;
    err->exit_code = EX_UNAVAILABLE;
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof(err->text) - used, "; check postgres.url");
    return false;
}

// One step of the connection when its socket is ready; false: the time is over.
static bool await(PGconn *conn, PostgresPollingStatusType *status, int64_t until_ms) {
    int64_t left_ms = until_ms - clock_steady_ms();
    struct pollfd fd = {PQsocket(conn), *status == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0};
    if (left_ms <= 0) {
        return false;
    }
    if (poll(&fd, 1, (int)left_ms) > 0) {
        *status = PQconnectPoll(conn);
    }
    return true;
}

static bool connect_wait(PGconn *conn, struct err *err) {
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    int64_t until_ms = clock_steady_ms() + CONNECT_MS;
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    while (PQstatus(conn) != CONNECTION_BAD && status != PGRES_POLLING_OK &&
           status != PGRES_POLLING_FAILED) {
        if (!await(conn, &status, until_ms)) {
            return err_exit(err, EX_UNAVAILABLE, "database: no answer from %s:%s within %d s; is "
                            "it running there? check postgres.url", PQhost(conn), PQport(conn),
                            CONNECT_MS / 1000);
        }
    }
    return PQstatus(conn) == CONNECTION_OK || connect_failed(conn, err);
}

static void on_notice(void *owner, const char *words) {
    (void)owner;
    (void)words;  // "relation already exists, skipping" tells nobody anything
}

// libpq's own words on a URL that it cannot read may show the password.
static bool check_url(const char *url, struct err *err) {
    PQconninfoOption *parts = PQconninfoParse(url, NULL);
    if (parts == NULL) {
        return err_exit(err, EX_CONFIG, "database: postgres.url is none; it is written "
                        "postgresql://user:password@host:port/database");
    }
    PQconninfoFree(parts);
    return true;
}

bool pg_session_open(struct pg_session **out, const char *url, const char *program,
                     struct err *err) {
    static const char *const names[] = {"dbname", "fallback_application_name", "client_encoding",
                                        "keepalives_idle", "tcp_user_timeout", NULL};
    const char *const values[] = {url, program, "UTF8", "10", "20000", NULL};
    if (!check_url(url, err)) {
        return false;
    }
    struct pg_session *session = mem_zalloc(sizeof(*session));
    session->conn = PQconnectStartParams(names, values, 1);
    assert(session->conn);
    if (!connect_wait(session->conn, err)) {
        pg_session_close(session);
        return false;
    }
    PQsetErrorVerbosity(session->conn, PQERRORS_DEFAULT);
    PQsetNoticeProcessor(session->conn, on_notice, NULL);
    *out = session;
    return true;
}

void pg_session_close(struct pg_session *session) {
    PQclear(session->result);
    PQfinish(session->conn);
    mem_free(session);
}

// --- statements

static bool succeeded(const PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE;
}

// Keeps the result until the next call.
static bool take(struct pg_session *session, PGresult *result, const char *what,
                 struct err *err) {
    PQclear(session->result);
    session->result = result;
    if (result && succeeded(result)) {
        return true;
    }
    if (PQstatus(session->conn) == CONNECTION_BAD) {
        return pg_connection_error(PQerrorMessage(session->conn), err);
    }
    return pg_error((const struct pg_result *)result, what, err);
}

static bool prepare(struct pg_session *session, enum pg_statement statement, struct err *err) {
    const char *name = pg_statement_name(statement);
    if (!session->prepared[statement]) {
        PGresult *result = PQprepare(session->conn, name, pg_statement_text(statement), 0, NULL);
        if (!take(session, result, name, err)) {
            return false;
        }
        session->prepared[statement] = true;
    }
    return true;
}

static bool send(struct pg_session *session, enum pg_statement statement,
                 const struct pg_params *params) {
    const char *values[PG_PARAMS_MOST];
    int lengths[PG_PARAMS_MOST], formats[PG_PARAMS_MOST];
    int count = params ? pg_params_wire(params, values, lengths, formats) : 0;
    return PQsendQueryPrepared(session->conn, pg_statement_name(statement), count, values, lengths,
                               formats, 1) != 0;
}

static bool send_failed(struct pg_session *session, struct err *err) {
    return pg_connection_error(PQerrorMessage(session->conn), err);
}

static PGresult *last_result(PGconn *conn) {
    PGresult *last = NULL, *result;
    while ((result = PQgetResult(conn)) != NULL) {
        PQclear(last);
        last = result;
    }
    return last;
}

bool pg_session_run(struct pg_session *session, enum pg_statement statement,
                    const struct pg_params *params, const struct pg_result **result,
                    struct err *err) {
    if (!prepare(session, statement, err)) {
        return false;
    }
    if (!send(session, statement, params)) {
        return send_failed(session, err);
    }
    if (!take(session, last_result(session->conn), pg_statement_name(statement), err)) {
        return false;
    }
    *result = (const struct pg_result *)session->result;
    return true;
}

static void stop_early(PGconn *conn) {
    char text[256];
    PGcancel *cancel = PQgetCancel(conn);
    if (cancel) {
        PQcancel(cancel, text, sizeof(text));  // if it comes too late, the rest is read for nothing
        PQfreeCancel(cancel);
    }
    PQclear(last_result(conn));
}

bool pg_session_each(struct pg_session *session, enum pg_statement statement,
                     const struct pg_params *params,
                     bool (*each)(void *owner, const struct pg_result *result), void *owner,
                     struct err *err) {
    const char *name = pg_statement_name(statement);
    PGresult *result;
    if (!prepare(session, statement, err)) {
        return false;
    }
    if (!send(session, statement, params) || !PQsetSingleRowMode(session->conn)) {
        return send_failed(session, err);
    }
    while ((result = PQgetResult(session->conn)) != NULL) {
        if (!take(session, result, name, err)) {
            PQclear(last_result(session->conn));
            return false;
        }
        if (PQntuples(result) > 0 && !each(owner, (const struct pg_result *)result)) {
            stop_early(session->conn);
            return true;
        }
    }
    return true;
}

// --- the schema

static bool execute(struct pg_session *session, const char *text, const char *what,
                    struct err *err) {
    return take(session, PQexec(session->conn, text), what, err);
}

static bool newer(int version, struct err *err) {
    return err_exit(err, EX_CONFIG, "database: its schema is of version %d and this program knows "
                    "versions up to %d: use a newer taskfit", version,
                    migrations[MIGRATION_COUNT - 1].number);
}

// The schema's version; 0: there is none.
static bool read_version(struct pg_session *session, int *version, struct err *err) {
    *version = 0;
    if (!execute(session, "select to_regclass('schema_migrations') is not null", "schema", err)) {
        return false;
    }
    if (PQgetvalue(session->result, 0, 0)[0] != 't') {
        return true;
    }
    if (!execute(session, "select coalesce(max(number), 0) from schema_migrations", "schema",
                 err)) {
        return false;
    }
    *version = (int)strtol(PQgetvalue(session->result, 0, 0), NULL, 10);
    return true;
}

static bool apply(struct pg_session *session, const struct migration *migration,
                  struct err *err) {
    char number[16];
    snprintf(number, sizeof(number), "%d", migration->number);
    const char *values[] = {number, migration->name};
    bool ok = execute(session, "begin", migration->name, err) &&
              execute(session, migration->text, migration->name, err) &&
              take(session, PQexecParams(session->conn, "insert into schema_migrations "
                                         "(number, name) values ($1, $2)", 2, NULL, values, NULL,
                                         NULL, 0), migration->name, err) &&
              execute(session, "commit", migration->name, err);
    if (!ok) {
        PQclear(PQexec(session->conn, "rollback"));
    }
    return ok;
}

static bool migrate(struct pg_session *session, int *applied, struct err *err) {
    int version;
    if (!execute(session, "create table if not exists schema_migrations (number integer primary "
                 "key, name text not null, applied_at timestamptz not null default now())",
                 "schema", err) ||
        !read_version(session, &version, err)) {
        return false;
    }
    if (version > migrations[MIGRATION_COUNT - 1].number) {
        return newer(version, err);
    }
    for (int i = 0; i < MIGRATION_COUNT; i++) {
        if (migrations[i].number <= version) {
            continue;
        }
        if (!apply(session, &migrations[i], err)) {
            return false;
        }
        (*applied)++;
    }
    return true;
}

bool pg_session_migrate(struct pg_session *session, int *applied, struct err *err) {
    char lock[64], unlock[64];
    *applied = 0;
    snprintf(lock, sizeof(lock), "select pg_advisory_lock(%d)", LOCK_NUMBER);
    snprintf(unlock, sizeof(unlock), "select pg_advisory_unlock(%d)", LOCK_NUMBER);
    if (!execute(session, lock, "schema", err)) {
        return false;
    }
    bool ok = migrate(session, applied, err);
    PQclear(PQexec(session->conn, unlock));  // or it goes with the connection
    return ok;
}

bool pg_session_check_schema(struct pg_session *session, struct err *err) {
    int version, known = migrations[MIGRATION_COUNT - 1].number;
    if (!read_version(session, &version, err)) {
        return false;
    }
    if (version > known) {
        return newer(version, err);
    }
    if (version == 0) {
        return err_exit(err, EX_CONFIG, "database: it has no tables of taskfit; run `taskfit "
                        "init`");
    }
    if (version < known) {
        return err_exit(err, EX_CONFIG, "database: its schema is of version %d, older than this "
                        "program's %d; run `taskfit init`", version, known);
    }
    return true;
}
