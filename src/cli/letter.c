#include "cli/letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "io/pg_session.h"

// The columns of the query `dead_page`, in its order.
enum column {
    COLUMN_TOPIC, COLUMN_PARTITION, COLUMN_OFFSET, COLUMN_RECORDED, COLUMN_JOB, COLUMN_BATCH,
    COLUMN_CUSTOM_ID, COLUMN_LINE, COLUMN_DECIDED, COLUMN_KEY, COLUMN_VALUE, COLUMN_SIZE,
    COLUMN_REASON, COLUMN_TEXT, COLUMN_ATTEMPTS, COLUMN_DEAD, COLUMN_REPLAYS, COLUMN_REPLAYED,
    COLUMN_REPLAYING, COLUMN_DROPPED, COLUMN_NOW, COLUMN_HEADERS,
};

static bool read_number(struct slice text, int64_t *number) {
    char digits[24], *end;
    if (text.len == 0 || text.len >= sizeof(digits)) {
        return false;
    }
    snprintf(digits, sizeof(digits), "%.*s", SLICE_ARGS(text));
    *number = strtoll(digits, &end, 10);
    return *end == '\0' && *number >= 0;
}

bool letter_name(struct letter_filter *filter, const char *name, struct err *err) {
    const char *last = strrchr(name, '/');
    if (uuid_parse(slice_of(name), &filter->job)) {
        filter->has_job = true;
        return true;
    }
    const char *first = last ? memrchr(name, '/', (size_t)(last - name)) : NULL;
    if (first && first > name &&
        read_number((struct slice){first + 1, (size_t)(last - first - 1)}, &filter->partition) &&
        read_number(slice_of(last + 1), &filter->offset)) {
        filter->topic = (struct slice){name, (size_t)(first - name)};
        return true;
    }
    return err_exit(err, EX_USAGE, "'%s' is neither a job's id nor TOPIC/PARTITION/OFFSET", name);
}

static void put_filter(struct pg_params *params, const struct letter_filter *filter) {
    pg_scalar(params, PG_UUID);
    if (filter->has_batch) {
        pg_uuid(params, filter->batch);
    }
    pg_scalar(params, PG_TEXT);
    pg_slice(params, slice_of(filter->reason));
    pg_scalar(params, PG_INT8);
    pg_int8(params, filter->older_ms);
    pg_scalar(params, PG_UUID);
    if (filter->has_job) {
        pg_uuid(params, filter->job);
    }
    pg_scalar(params, PG_TEXT);
    pg_slice(params, filter->topic);
    pg_scalar(params, PG_INT4);
    pg_int4(params, (int32_t)filter->partition);
    pg_scalar(params, PG_INT8);
    pg_int8(params, filter->offset);
}

static void put_place(struct pg_params *params, const struct letter_walk *walk) {
    const struct letter *last = walk->count > 0 ? &walk->letters[walk->count - 1] : NULL;
    pg_scalar(params, PG_TEXT);
    pg_slice(params, last ? last->topic : (struct slice){0});
    pg_scalar(params, PG_INT4);
    pg_int4(params, last ? (int32_t)last->partition : 0);
    pg_scalar(params, PG_INT8);
    pg_int8(params, last ? last->offset : 0);
    pg_scalar(params, PG_BOOL);
    pg_bool(params, walk->filter->closed);
    pg_scalar(params, PG_BOOL);
    pg_bool(params, walk->filter->values);
    pg_scalar(params, PG_TIMESTAMPTZ);
    if (walk->now_ms > 0) {
        pg_time(params, walk->now_ms);
    }
    pg_scalar(params, PG_TIMESTAMPTZ);
    pg_time(params, last ? last->recorded_ms : 0);
    pg_scalar(params, PG_INT8);
    pg_int8(params, LETTERS_PAGE);
}

static struct slice text(struct arena *arena, const struct pg_result *r, int row, int column) {
    return arena_slice(arena, pg_get_slice(r, row, column));
}

static void read(const struct pg_result *r, int row, struct arena *arena, struct letter *letter) {
    *letter = (struct letter){
        .topic = text(arena, r, row, COLUMN_TOPIC),
        .partition = pg_get_int(r, row, COLUMN_PARTITION),
        .offset = pg_get_int(r, row, COLUMN_OFFSET),
        .recorded_ms = pg_get_time(r, row, COLUMN_RECORDED),
        .has_job = !pg_is_null(r, row, COLUMN_JOB),
        .job_id = pg_get_uuid(r, row, COLUMN_JOB),
        .has_batch = !pg_is_null(r, row, COLUMN_BATCH),
        .batch_id = pg_get_uuid(r, row, COLUMN_BATCH),
        .custom_id = text(arena, r, row, COLUMN_CUSTOM_ID),
        .line = pg_get_int(r, row, COLUMN_LINE),
        .decided = pg_get_int(r, row, COLUMN_DECIDED) != 0,
        .key = text(arena, r, row, COLUMN_KEY),
        .value = text(arena, r, row, COLUMN_VALUE),
        .headers = text(arena, r, row, COLUMN_HEADERS),
        .size = pg_get_int(r, row, COLUMN_SIZE),
        .reason = text(arena, r, row, COLUMN_REASON),
        .text = text(arena, r, row, COLUMN_TEXT),
        .attempts = pg_get_int(r, row, COLUMN_ATTEMPTS),
        .dead_ms = pg_get_time(r, row, COLUMN_DEAD),
        .replays = pg_get_int(r, row, COLUMN_REPLAYS),
        .replayed_ms = pg_get_time(r, row, COLUMN_REPLAYED),
        .replaying = pg_get_int(r, row, COLUMN_REPLAYING) != 0,
        .dropped_ms = pg_get_time(r, row, COLUMN_DROPPED),
    };
    snprintf(letter->place, LETTER_PLACE, "%.*s/%" PRId64 "/%" PRId64, SLICE_ARGS(letter->topic),
             letter->partition, letter->offset);
}

bool letter_walk(struct pg_session *session, struct letter_walk *walk, struct arena *arena,
                 struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    put_filter(&params, walk->filter);
    put_place(&params, walk);
    bool ok = pg_session_run(session, PG_dead_page, &params, &result, err);
    pg_params_fini(&params);
    if (!ok) {
        return false;
    }
    arena_fini(arena);  // of the page before
    walk->count = (size_t)pg_rows(result);
    for (size_t i = 0; i < walk->count; i++) {
        read(result, (int)i, arena, &walk->letters[i]);
        walk->now_ms = pg_get_time(result, (int)i, COLUMN_NOW);
    }
    return true;
}

const char *letter_state(const struct letter *letter) {
    return letter->dropped_ms    ? "dropped"
           : letter->replaying   ? "replaying"
           : letter->replayed_ms ? "replayed"
           : letter->decided     ? "decided"
                                 : "open";
}
