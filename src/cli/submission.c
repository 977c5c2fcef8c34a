#include "cli/submission.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/pg_session.h"

enum { ASKS_MOST = 10 };  // of the database, a second apart, when it is away at the end

// Columns of the query `submit_batch`.
enum column {
    COLUMN_MADE, COLUMN_ID, COLUMN_PATH, COLUMN_TOTAL, COLUMN_BAD, COLUMN_SUBMITTED,
    COLUMN_CANCELLED, COLUMN_CAP,
};

static struct uuid new_id(void) {
    struct random random;
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        seed = (uint64_t)clock_steady_ms() ^ (uint64_t)getpid() << 32;
    }
    random_seed(&random, seed);
    return uuid_v7(clock_wall_ms(), &random);
}

static void write_params(const struct submission *s, bool make, struct pg_params *params) {
    const char *const texts[] = {s->key, s->tenant, s->name, s->path, s->format};
    pg_scalar(params, PG_UUID);
    pg_uuid(params, new_id());
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        pg_scalar(params, PG_TEXT);
        pg_slice(params, slice_of(texts[i]));
    }
    pg_scalar(params, PG_INT8);
    if (s->spend_cap_pico_usd > 0) {
        pg_int8(params, s->spend_cap_pico_usd);
    }
    pg_scalar(params, PG_BOOL);
    pg_bool(params, make);
}

static bool read_row(struct submission *s, const struct pg_result *result, struct err *err) {
    struct slice path = pg_get_slice(result, 0, COLUMN_PATH);
    int64_t cap = pg_get_int(result, 0, COLUMN_CAP);
    s->id = pg_get_uuid(result, 0, COLUMN_ID);
    s->submitted = !pg_is_null(result, 0, COLUMN_SUBMITTED);
    s->total = pg_is_null(result, 0, COLUMN_TOTAL) ? 0 : pg_get_int(result, 0, COLUMN_TOTAL);
    s->bad_lines = pg_get_int(result, 0, COLUMN_BAD);
    uuid_format(s->id, s->id_text);
    if (!slice_is(path, s->path)) {
        return err_exit(err, EX_DATAERR, "the key '%s' is that of batch %s, of path '%.*s'",
                        s->key, s->id_text, SLICE_ARGS(path));
    }
    if (!pg_is_null(result, 0, COLUMN_CANCELLED)) {
        return err_exit(err, EX_DATAERR,
                        "this is batch %s, which was cancelled: another --key makes it a new one",
                        s->id_text);
    }
    if (pg_get_int(result, 0, COLUMN_MADE) == 0 && !s->met && s->spend_cap_pico_usd > 0 &&
        (pg_is_null(result, 0, COLUMN_CAP) || s->spend_cap_pico_usd != cap)) {
        fprintf(stderr, "taskfit: batch %s was there already and keeps its own spend cap\n",
                s->id_text);
    }
    s->met = true;
    return true;
}

static bool look(struct submission *s, struct pg_session *session, bool make, bool *found,
                 struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    write_params(s, make, &params);
    bool ok = pg_session_run(session, PG_submit_batch, &params, &result, err);
    *found = ok && pg_rows(result) > 0;
    ok = ok && (!*found || read_row(s, result, err));
    pg_params_fini(&params);
    return ok;
}

bool submission_find(struct submission *s, struct pg_session *session, bool *found,
                     struct err *err) {
    return look(s, session, false, found, err);
}

bool submission_begin(struct submission *s, struct pg_session *session, struct err *err) {
    bool found = false;
    if (!look(s, session, true, &found, err)) {
        return false;
    }
    if (!found && !look(s, session, true, &found, err)) {  // another was making it
        return false;
    }
    return found || err_exit(err, EX_TEMPFAIL,
                             "another `taskfit submit` begins this batch: try again");
}

static bool run_finish(struct pg_session **session, const char *url,
                       const struct pg_params *params, struct err *err) {
    const struct pg_result *result;
    if (*session == NULL && !pg_session_open(session, url, "taskfit", err)) {
        return false;
    }
    if (pg_session_run(*session, PG_finish_batch, params, &result, err)) {
        return true;
    }
    pg_session_close(*session);
    *session = NULL;
    return false;
}

bool submission_finish(struct submission *s, struct pg_session **session, const char *url,
                       struct err *err) {
    static const struct timespec between = {.tv_sec = 1};
    struct pg_params params = {0};
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, s->id);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, s->total);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, s->bad_lines);
    bool ok = run_finish(session, url, &params, err);
    for (int i = 1; i < ASKS_MOST && !ok; i++) {
        if (err->kind != ERR_RETRY && err->exit_code != EX_UNAVAILABLE) {
            break;
        }
        nanosleep(&between, NULL);
        ok = run_finish(session, url, &params, err);
    }
    pg_params_fini(&params);
    return ok || err_prefix(err, "all jobs of batch %s are sent, but it could not be closed; the "
                                 "same command again does that", s->id_text);
}
