#include "cli/batch.h"

#include <ctype.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/line.h"
#include "io/pg_session.h"

enum { NAME_BYTES = 200 };

// The columns of the query `find_batch`, in its order.
enum column {
    COLUMN_ID, COLUMN_NAME, COLUMN_PATH, COLUMN_FORMAT, COLUMN_TOTAL, COLUMN_DONE,
    COLUMN_BY_NAME,
};

static void read(const struct pg_result *result, int row, struct arena *arena,
                 struct batch *batch) {
    batch->id = pg_get_uuid(result, row, COLUMN_ID);
    uuid_format(batch->id, batch->id_text);
    batch->name = line_of(pg_get_slice(result, row, COLUMN_NAME), NAME_BYTES, arena).at;
    batch->path = arena_string(arena, pg_get_slice(result, row, COLUMN_PATH));
    batch->format = arena_string(arena, pg_get_slice(result, row, COLUMN_FORMAT));
    batch->total = pg_is_null(result, row, COLUMN_TOTAL)
                       ? -1
                       : pg_get_int(result, row, COLUMN_TOTAL);
    batch->done = pg_get_int(result, row, COLUMN_DONE);
}

static bool several(const struct pg_result *result, const char *called, struct err *err) {
    char first[UUID_TEXT], second[UUID_TEXT];
    uuid_format(pg_get_uuid(result, 0, COLUMN_ID), first);
    uuid_format(pg_get_uuid(result, 1, COLUMN_ID), second);
    return err_exit(err, EX_NOINPUT,
                    "'%s' begins the ids of several batches (%s, %s%s): give more of it", called,
                    first, second, pg_rows(result) > 2 ? ", …" : "");
}

static bool choose(const struct pg_result *result, const char *called, struct arena *arena,
                   struct batch *batch, struct err *err) {
    int rows = pg_rows(result);
    if (rows == 0 && called == NULL) {
        return err_exit(err, EX_NOINPUT,
                        "there is no batch yet: `taskfit submit FILE --path PATH` makes one");
    }
    if (rows == 0) {
        return err_exit(err, EX_NOINPUT,
                        "no batch has the id or the name '%s'; without one the newest is taken",
                        called);
    }
    bool by_name = pg_get_int(result, 0, COLUMN_BY_NAME) != 0;
    if (rows > 1 && called && !by_name) {
        return several(result, called, err);
    }
    read(result, 0, arena, batch);
    if (rows > 1 && called) {
        fprintf(stderr, "taskfit: several batches are named '%s': this is the newest, %s\n", called,
                batch->id_text);
    }
    return true;
}

bool batch_find(struct pg_session *session, const char *called, struct arena *arena,
                struct batch *batch, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    struct uuid least, most;
    bool as_id = called && uuid_range(slice_of(called), &least, &most);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(called));
    pg_scalar(&params, PG_UUID);
    if (as_id) {
        pg_uuid(&params, least);
    }
    pg_scalar(&params, PG_UUID);
    if (as_id) {
        pg_uuid(&params, most);
    }
    bool ok = pg_session_run(session, PG_find_batch, &params, &result, err) &&
              choose(result, called, arena, batch, err);
    pg_params_fini(&params);
    return ok;
}

bool batch_find_job(struct pg_session *session, const struct batch *batch, const char *custom_id,
                    struct uuid *job, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, batch->id);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(custom_id));
    bool ok = pg_session_run(session, PG_find_job, &params, &result, err);
    pg_params_fini(&params);
    if (!ok) {
        return false;
    }
    if (pg_rows(result) > 1) {
        return err_exit(err, EX_NOINPUT, "%s has several jobs with the custom id '%s': give the "
                        "job's id", batch->id_text, custom_id);
    }
    if (pg_rows(result) == 0) {
        return err_exit(err, EX_NOINPUT, "batch %s (%s) has no job '%s' that anything is stored "
                        "of: it waits in a topic, or was never submitted", batch->id_text,
                        batch->name, custom_id);
    }
    *job = pg_get_uuid(result, 0, 0);
    return true;
}
