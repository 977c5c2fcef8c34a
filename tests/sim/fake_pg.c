// io/pg.h over the tables in memory.
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "facts.h"
#include "fakes.h"
#include "node.h"
#include "setting.h"
#include "table.h"

bool database_is_away, database_is_slow, database_is_full;

enum verdict_of_run { RUN_OK, RUN_REFUSED, RUN_ROLLED_BACK, RUN_LOST };

// A statement on its way to the database and its answer on the way back. It may outlive the
// connection, and so its process.
struct query {
    struct event event, limit;
    struct pg *pg;  // NULL: nobody waits for it any more
    unsigned life;
    enum pg_statement statement;
    struct pg_params params;
    bool ran;
    int64_t ran_us;
    int switch_then;
    enum verdict_of_run verdict;
    struct arena arena;
    struct pg_result result;
    pg_done *done;
    void *owner;
};

struct pg {
    struct node *node;
    struct pg_options options;
    bool connected, told, reachable;
    struct event connect;
    struct query *query;
    struct pg *next;
};

static const struct {
    enum pg_statement statement;
    enum op sent, heard;
} steps[] = {
    {PG_admit, OP_ADMIT, OP_ADMITTED},
    {PG_recall, OP_ADMIT, OP_ADMITTED},
    {PG_tier_switch, OP_ADMIT, OP_ADMITTED},
    {PG_store_attempts, OP_STORE, OP_STORED},
    {PG_store_shadows, OP_STORE, OP_STORED},
    {PG_store_decisions, OP_DECIDE, OP_DECIDED},
    {PG_find_decisions, OP_FIND, OP_DECIDED},
    {PG_store_dead_letters, OP_BURY, OP_BURIED},
    {PG_store_policies, OP_POLICIES, OP_POLICIES},
    {PG_store_audits, OP_HEAR, OP_HEARD},
    {PG_audit_verdicts, OP_WATCH, OP_WATCHED},
    {PG_claim_revisions, OP_CLAIM, OP_CLAIMED},
    {PG_revisions_published, OP_MARK, OP_MARKED},
};

static const char *const statement_names[] = {
#define QUERY(name, text) #name,
#include "queries.h"
#undef QUERY
};

const char *pg_statement_name(enum pg_statement statement) {
    return statement_names[statement];
}

static enum op op_of(enum pg_statement statement, bool heard) {
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i].statement == statement) {
            return heard ? steps[i].heard : steps[i].sent;
        }
    }
    return OP_POLICIES;
}

static void query_free(struct query *query) {
    event_stop(&query->event);
    event_stop(&query->limit);
    if (query->pg) {
        query->pg->query = NULL;
    }
    pg_params_fini(&query->params);
    arena_fini(&query->arena);
    mem_free(query);
}

// --- the connection

static void on_connect(void *owner);

static void tell(struct pg *pg, const struct err *err) {
    bool reachable = err == NULL;
    if (!pg->told || pg->reachable != reachable) {
        pg->told = true;
        pg->reachable = reachable;
        pg->options.changed(pg->options.owner, err);
    }
}

static void down(struct pg *pg) {
    struct err err;
    struct query *query = pg->query;
    pg->connected = false;
    event_for(&pg->connect, pg->node, between(50 * MS_US, 2 * SECOND_US), on_connect, pg);
    err_retry(&err, "database: the connection was lost");
    tell(pg, &err);
    if (query) {
        query->pg = NULL;
        pg->query = NULL;
        event_stop(&query->limit);
        pg_done *done = query->done;
        void *done_owner = query->owner;
        if (query->ran) {
            query_free(query);
        } else {
            event_in(&query->event, about_us(SECOND_US), query->event.fire, query);
        }
        done(done_owner, NULL, &err);
    }
}

static void on_connect(void *owner) {
    struct pg *pg = owner;
    if (database_is_away) {
        down(pg);
        return;
    }
    pg->connected = true;
    tell(pg, NULL);
}

struct pg *pg_open(struct loop *loop, const struct pg_options *options) {
    struct pg *pg = mem_zalloc(sizeof(*pg));
    pg->node = node_of(loop);
    pg->options = *options;
    event_for(&pg->connect, pg->node, about_us(10 * MS_US), on_connect, pg);
    return pg;
}

void pg_close(struct pg *pg) {
    struct query *query = pg->query;
    event_stop(&pg->connect);
    if (query) {
        pg->query = NULL;
        query->pg = NULL;
        event_stop(&query->limit);
        if (query->ran || chance(0.5)) {
            query_free(query);
        } else {
            query->event.node = NULL;
            tally(TALLY_ORPHANS_RUN);
        }
    }
    mem_free(pg);
}

bool pg_ready(const struct pg *pg) {
    return pg->connected && pg->query == NULL;
}

bool pg_away(const struct pg *pg) {
    return !pg->connected;
}

void database_away(bool away) {
    database_is_away = away;
    trace("database is %s", away ? "away" : "back");
    if (away) {
        tally(TALLY_DATABASE_AWAY);
    }
}

// --- statements

static void on_answer(void *owner) {
    struct query *query = owner;
    struct pg *pg = query->pg;
    struct err err;
    if (pg == NULL) {
        query_free(query);
        return;
    }
    if (query->verdict == RUN_LOST) {
        down(pg);
        return;
    }
    query->pg = NULL;
    pg->query = NULL;
    if (!node_op(pg->node, op_of(query->statement, true))) {
        query_free(query);
        return;
    }
    if (query->verdict == RUN_OK) {
        query->done(query->owner, &query->result, NULL);
        if (query->statement == PG_recall) {
            pg->node->recalled_us = query->ran_us;
        }
        if (query->statement == PG_tier_switch) {
            pg->node->switch_heard = query->switch_then;
        }
    } else if (query->verdict == RUN_REFUSED) {
        err_poison(&err, "a value was refused");
        query->done(query->owner, NULL, &err);
    } else {
        err_retry(&err, "it was rolled back");
        query->done(query->owner, NULL, &err);
    }
    query_free(query);
}

static bool writes(enum pg_statement statement) {
    return statement != PG_admit && statement != PG_recall && statement != PG_audit_verdicts &&
           statement != PG_tier_switch && statement != PG_find_decisions;
}

static void run(struct query *query) {
    query->verdict = RUN_LOST;
    if (query->pg && database_is_away && chance(0.7)) {
        tally(TALLY_FAILED_BEFORE);
        return;
    }
    if (query->pg && fault(0.01)) {
        tally(TALLY_FAILED_BEFORE);
        return;
    }
    if (query->pg && database_is_full && writes(query->statement)) {
        tally(TALLY_DATABASE_FULL);
        query->verdict = RUN_ROLLED_BACK;
        return;
    }
    if (query->pg && fault(0.005)) {
        tally(TALLY_GAVE_UP_LOCK);
        query->verdict = RUN_ROLLED_BACK;
        return;
    }
    bool ok = table_run(query->statement, &query->params, query->life, &query->arena,
                        &query->result);
    query->verdict = ok ? RUN_OK : RUN_REFUSED;
    if (!ok) {
        tally(TALLY_ROWS_REFUSED);
    } else if (query->pg && (database_is_away || fault(0.01))) {
        tally(TALLY_FAILED_AFTER);
        query->verdict = RUN_LOST;
    }
}

static void on_run(void *owner) {
    struct query *query = owner;
    query->ran = true;
    query->ran_us = world.now_us;
    query->switch_then = switch_now;
    if (query->pg || query->statement != PG_admit) {  // what nobody hears of asks for nothing
        run(query);
    }
    if (query->pg == NULL) {
        query_free(query);
        return;
    }
    event_for(&query->event, query->pg->node, about_us(MS_US), on_answer, query);
}

static void on_limit(void *owner) {
    struct query *query = owner;
    tally(TALLY_TIMED_OUT);
    trace("%s: gives up %s", query->pg->node->instance, statement_names[query->statement]);
    down(query->pg);
}

void pg_run(struct pg *pg, enum pg_statement statement, struct pg_params *params, pg_done *done,
            void *owner) {
    assert(pg_ready(pg));
    table_check_types(statement, params);
    struct query *query = mem_zalloc(sizeof(*query));
    arena_init(&query->arena, &world.pool);
    query->pg = pg;
    query->life = pg->node->life;
    query->statement = statement;
    query->params = *params;
    query->done = done;
    query->owner = owner;
    *params = (struct pg_params){0};
    pg->query = query;
    if (database_is_away && chance(0.3)) {  // the connection breaks at once
        query->ran = true;
        down(pg);
        return;
    }
    int64_t usual_us = 2 * MS_US;
    if (database_is_slow && chance(0.5)) {
        usual_us = 2 * DATABASE_TIMEOUT_MS * MS_US;
        tally(TALLY_DATABASE_SLOW);
    }
    if (!node_op(pg->node, op_of(statement, false))) {
        query->ran = true;  // it dies: nothing gets out
        return;
    }
    event_in(&query->event, about_us(usual_us), on_run, query);
    event_for(&query->limit, pg->node, DATABASE_TIMEOUT_MS * MS_US, on_limit, query);
}

// --- results

static const struct cell *cell_of(const struct pg_result *result, int row, int column) {
    assert(row < result->rows && column < RESULT_COLUMNS);
    return &result->cells[row][column];
}

int pg_rows(const struct pg_result *result) {
    return result->rows;
}

bool pg_is_null(const struct pg_result *result, int row, int column) {
    return cell_of(result, row, column)->is_null;
}

int64_t pg_get_int(const struct pg_result *result, int row, int column) {
    const struct cell *cell = cell_of(result, row, column);
    return cell->is_null ? 0 : cell->number;
}

double pg_get_float8(const struct pg_result *result, int row, int column) {
    const struct cell *cell = cell_of(result, row, column);
    return cell->is_null ? NAN : cell->real;
}

struct slice pg_get_slice(const struct pg_result *result, int row, int column) {
    return cell_of(result, row, column)->bytes;
}

struct uuid pg_get_uuid(const struct pg_result *result, int row, int column) {
    struct uuid uuid = {{0}};
    uuid_from_bytes(cell_of(result, row, column)->bytes, &uuid);
    return uuid;
}

int64_t pg_get_time(const struct pg_result *result, int row, int column) {
    return cell_of(result, row, column)->number;
}
