#include "io/pg.h"

#include <assert.h>
#include <libpq-fe.h>
#include <uv.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/loop.h"
#include "io/pg_error.h"

// DOWN → CONNECTING → IDLE ⇄ PREPARING → RUNNING → IDLE; any → DOWN when the connection fails.
#define STATES(X) X(DOWN) X(CONNECTING) X(IDLE) X(PREPARING) X(RUNNING)

enum state {
#define STATE_ENUM(name) STATE_##name,
    STATES(STATE_ENUM)
#undef STATE_ENUM
};

static const char *const state_names[] = {
#define STATE_NAME(name) #name,
    STATES(STATE_NAME)
#undef STATE_NAME
};

static const char *const statement_names[] = {
#define QUERY(name, text) #name,
#include "queries.h"
#undef QUERY
};

static const char *const statement_texts[] = {
#define QUERY(name, text) text,
#include "queries.h"
#undef QUERY
};

static const struct backoff reconnect = {.base_ms = 100, .cap_ms = 5000};

struct pg {
    struct loop *loop;
    struct pg_options options;
    struct buf settings;  // of a session
    PGconn *conn;
    uv_poll_t *poll;    // of the connection's socket; NULL: none
    uv_timer_t *timer;  // to connect again, or the limit of what is under way
    enum state state;
    unsigned failures;  // to connect, in a row
    struct random random;
    bool prepared[PG_STATEMENT_COUNT];
    bool reachable, told;
    struct err away;  // why it is not reachable, as was told last

    enum pg_statement statement;
    struct pg_params params;
    PGresult *result;
    pg_done *done;
    void *done_owner;
};

static void on_socket(uv_poll_t *handle, int status, int events);
static void on_timer(uv_timer_t *handle);
static void connect_start(struct pg *pg);

const char *pg_statement_name(enum pg_statement statement) {
    return statement_names[statement];
}

const char *pg_statement_text(enum pg_statement statement) {
    return statement_texts[statement];
}

static void move(struct pg *pg, enum state state) {
    log_debug("database: %s → %s", state_names[pg->state], state_names[state]);
    pg->state = state;
}

static void on_closed(uv_handle_t *handle) {
    mem_free(handle);
}

static void poll_stop(struct pg *pg) {
    if (pg->poll) {
        uv_poll_stop(pg->poll);
        uv_close((uv_handle_t *)pg->poll, on_closed);
        pg->poll = NULL;
    }
}

static void poll_for(struct pg *pg, int events) {
    if (pg->poll == NULL) {
        pg->poll = mem_zalloc(sizeof(*pg->poll));
        uv_poll_init(loop_uv(pg->loop), pg->poll, PQsocket(pg->conn));
        pg->poll->data = pg;
    }
    uv_poll_start(pg->poll, events, on_socket);
}

static void timer_start(struct pg *pg, int64_t wait_ms) {
    uv_timer_start(pg->timer, on_timer, (uint64_t)wait_ms, 0);
}

static void tell(struct pg *pg, const struct err *err) {
    bool reachable = err == NULL;
    bool same_words = err == NULL || strcmp(err->text, pg->away.text) == 0;
    if (pg->told && pg->reachable == reachable && same_words) {
        return;
    }
    pg->told = true;
    pg->reachable = reachable;
    pg->away = err ? *err : (struct err){0};
    pg->options.changed(pg->options.owner, err);
}

static void finish(struct pg *pg, const struct err *err) {
    PGresult *result = pg->result;
    pg->result = NULL;
    pg->done(pg->done_owner, err ? NULL : (const struct pg_result *)result, err);
    PQclear(result);
}

// The connection is of no use any more: whoever waits is told, and it is built anew.
static void down(struct pg *pg, const struct err *err) {
    bool waiting = pg->state == STATE_PREPARING || pg->state == STATE_RUNNING;
    poll_stop(pg);
    PQfinish(pg->conn);
    pg->conn = NULL;
    move(pg, STATE_DOWN);
    pg->failures++;
    timer_start(pg, backoff_wait_ms(&reconnect, pg->failures, &pg->random));
    tell(pg, err);
    if (waiting) {
        finish(pg, err);
    }
}

static void down_by_connection(struct pg *pg) {
    struct err err;
    pg_connection_error(PQerrorMessage(pg->conn), &err);
    down(pg, &err);
}

static void connect_go_on(struct pg *pg, PostgresPollingStatusType status) {
    switch (status) {
    case PGRES_POLLING_READING:
        poll_for(pg, UV_READABLE);
        break;
    case PGRES_POLLING_WRITING:
        poll_for(pg, UV_WRITABLE);
        break;
    case PGRES_POLLING_OK:
        PQsetnonblocking(pg->conn, 1);
        uv_timer_stop(pg->timer);
        pg->failures = 0;
        memset(pg->prepared, 0, sizeof(pg->prepared));
        poll_for(pg, UV_READABLE);
        move(pg, STATE_IDLE);
        tell(pg, NULL);
        loop_wake(pg->loop);
        break;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        down_by_connection(pg);
        break;
    }
}

// What the session is set to, and then what the address sets, which wins. The server ends by itself
// what is waited for no longer: it would go on, and keep its locks from the same statement's next
// try.
static void write_settings(const struct pg_options *options, struct buf *out) {
    PQconninfoOption *parts = PQconninfoParse(options->url, NULL);
    buf_printf(out, "-c plan_cache_mode=force_generic_plan -c statement_timeout=%lld",
               (long long)options->timeout_ms);
    for (const PQconninfoOption *part = parts; part && part->keyword; part++) {
        if (strcmp(part->keyword, "options") == 0 && part->val) {
            buf_printf(out, " %s", part->val);
        }
    }
    PQconninfoFree(parts);
}

static void connect_start(struct pg *pg) {
    const char *const names[] = {"dbname", "fallback_application_name", "client_encoding",
                                 "keepalives_idle", "tcp_user_timeout", "options", NULL};
    const char *const values[] = {pg->options.url, pg->options.program, "UTF8", "10", "20000",
                                  pg->settings.data, NULL};
    move(pg, STATE_CONNECTING);
    pg->conn = PQconnectStartParams(names, values, 1);
    timer_start(pg, pg->options.timeout_ms);
    if (pg->conn == NULL || PQstatus(pg->conn) == CONNECTION_BAD) {
        down_by_connection(pg);
        return;
    }
    connect_go_on(pg, PGRES_POLLING_WRITING);
}

static void flush(struct pg *pg) {
    int rc = PQflush(pg->conn);
    if (rc < 0) {
        down_by_connection(pg);
        return;
    }
    poll_for(pg, rc == 1 ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

static void send_statement(struct pg *pg) {
    const char *values[PG_PARAMS_MOST];
    int lengths[PG_PARAMS_MOST], formats[PG_PARAMS_MOST];
    int count = pg_params_wire(&pg->params, values, lengths, formats);
    move(pg, STATE_RUNNING);
    if (!PQsendQueryPrepared(pg->conn, statement_names[pg->statement], count, values, lengths,
                             formats, 1)) {
        down_by_connection(pg);
        return;
    }
    flush(pg);
}

static void prepare(struct pg *pg) {
    move(pg, STATE_PREPARING);
    if (!PQsendPrepare(pg->conn, statement_names[pg->statement], statement_texts[pg->statement],
                       0, NULL)) {
        down_by_connection(pg);
        return;
    }
    flush(pg);
}

static void fail_statement(struct pg *pg) {
    struct err err;
    pg_error((const struct pg_result *)pg->result, statement_names[pg->statement], &err);
    if (pg_is_read_only((const struct pg_result *)pg->result)) {
        down(pg, &err);  // after a failover the new connection finds the server that takes rows
        return;
    }
    uv_timer_stop(pg->timer);
    move(pg, STATE_IDLE);
    finish(pg, &err);
}

// All results of what was sent have come.
static void sent_done(struct pg *pg) {
    ExecStatusType status = pg->result ? PQresultStatus(pg->result) : PGRES_FATAL_ERROR;
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (PQstatus(pg->conn) == CONNECTION_BAD) {
        down_by_connection(pg);
    } else if (!ok) {
        fail_statement(pg);
    } else if (pg->state == STATE_PREPARING) {
        PQclear(pg->result);
        pg->result = NULL;
        pg->prepared[pg->statement] = true;
        send_statement(pg);
    } else {
        uv_timer_stop(pg->timer);
        move(pg, STATE_IDLE);
        finish(pg, NULL);
    }
    loop_wake(pg->loop);
}

static void receive(struct pg *pg) {
    if (!PQconsumeInput(pg->conn)) {
        down_by_connection(pg);
        return;
    }
    if (pg->state == STATE_IDLE) {  // notices, or the server's farewell
        if (PQstatus(pg->conn) == CONNECTION_BAD) {
            down_by_connection(pg);
        }
        return;
    }
    while (!PQisBusy(pg->conn)) {
        PGresult *result = PQgetResult(pg->conn);
        if (result == NULL) {
            sent_done(pg);
            return;
        }
        PQclear(pg->result);
        pg->result = result;
    }
}

static void on_socket(uv_poll_t *handle, int status, int events) {
    struct pg *pg = handle->data;
    if (pg->poll != handle) {
        return;
    }
    if (pg->state == STATE_CONNECTING) {
        // libpq may go on to another socket: the old one is let go before.
        poll_stop(pg);
        connect_go_on(pg, PQconnectPoll(pg->conn));
        return;
    }
    if (status < 0) {
        // Reading tells what is wrong; but the server's last words are read first, and libuv has
        // stopped to watch.
        events = UV_READABLE;
        poll_for(pg, UV_READABLE);
    }
    if (events & UV_WRITABLE) {
        flush(pg);
    }
    if ((events & UV_READABLE) && pg->poll == handle) {
        receive(pg);
    }
}

static void on_timer(uv_timer_t *handle) {
    struct pg *pg = handle->data;
    struct err err;
    if (pg->state == STATE_DOWN) {
        connect_start(pg);
        return;
    }
    err_retry(&err, "database: no answer within %lld ms", (long long)pg->options.timeout_ms);
    down(pg, &err);
}

struct pg *pg_open(struct loop *loop, const struct pg_options *options) {
    struct pg *pg = mem_zalloc(sizeof(*pg));
    pg->loop = loop;
    pg->options = *options;
    pg->options.url = mem_string(options->url);  // a configuration takes its own with it
    write_settings(options, &pg->settings);
    pg->timer = mem_zalloc(sizeof(*pg->timer));
    uv_timer_init(loop_uv(loop), pg->timer);
    pg->timer->data = pg;
    random_seed(&pg->random, (uint64_t)(uintptr_t)pg ^ (uint64_t)loop_wall_ms(loop));
    connect_start(pg);
    return pg;
}

void pg_close(struct pg *pg) {
    poll_stop(pg);
    uv_close((uv_handle_t *)pg->timer, on_closed);
    PQfinish(pg->conn);
    PQclear(pg->result);
    pg_params_fini(&pg->params);
    buf_fini(&pg->settings);
    mem_free((char *)(uintptr_t)pg->options.url);
    mem_free(pg);
}

bool pg_ready(const struct pg *pg) {
    return pg->state == STATE_IDLE;
}

bool pg_away(const struct pg *pg) {
    return pg->state == STATE_DOWN || pg->state == STATE_CONNECTING;
}

void pg_run(struct pg *pg, enum pg_statement statement, struct pg_params *params,
            pg_done *done, void *owner) {
    assert(pg_ready(pg));
    pg->statement = statement;
    pg->done = done;
    pg->done_owner = owner;
    struct pg_params old = pg->params;
    pg->params = *params;
    *params = old;
    pg_params_clear(params);
    timer_start(pg, pg->options.timeout_ms);
    if (pg->prepared[statement]) {
        send_statement(pg);
    } else {
        prepare(pg);
    }
}
