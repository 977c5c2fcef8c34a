// taskfit label import: rows of a file become labels, some hundred in a statement.
#include <inttypes.h>
#include <sysexits.h>

#include "base/figure.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/line.h"
#include "base/mem.h"
#include "cli/bad_lines.h"
#include "cli/batch.h"
#include "cli/label.h"
#include "io/pg_session.h"
#include "job/answer.h"

enum { ROWS = 500, SHOWN = 80 };

struct row {
    struct label_row label;
    struct uuid job;
    bool derived;     // from batch and custom id
    bool found, bad;
    bool settled;     // it was said, and is a label by that
    struct slice path;
    bool has_batch;
    struct uuid batch;
};

struct import {
    const struct reviewer *reviewer;
    const struct label_options *options;
    struct bad_lines bad;
    bool has_batch;
    struct batch batch;
    struct slice person;  // --by, or who runs it
    struct arena_pool pool;
    struct arena arena;   // of the rows
    struct row *rows;
    size_t count;
    uint64_t read;
    int64_t stored, same, changed, settled;
};

static void refuse(struct import *import, struct row *row, struct slice why) {
    bad_lines_add(&import->bad, row->label.line, why);
    row->bad = true;
}

// --- whose jobs they are

static void read_found(struct import *import, const struct pg_result *result) {
    for (int i = 0; i < pg_rows(result); i++) {
        struct row *row = &import->rows[pg_get_int(result, i, 0) - 1];
        row->found = true;
        row->path = arena_slice(&import->arena, pg_get_slice(result, i, 1));
        row->has_batch = !pg_is_null(result, i, 2);
        row->batch = pg_get_uuid(result, i, 2);
    }
}

static bool find_by_id(struct import *import, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    pg_array(&params, PG_UUID);
    for (size_t i = 0; i < import->count; i++) {
        pg_uuid(&params, import->rows[i].job);
    }
    bool ok = pg_session_run(import->reviewer->session, PG_label_jobs, &params, &result, err);
    pg_params_fini(&params);
    if (ok) {
        read_found(import, result);
    }
    return ok;
}

static void take_name(struct import *import, struct slice custom_id, struct uuid job) {
    for (size_t i = 0; i < import->count; i++) {
        struct row *row = &import->rows[i];
        if (row->derived && !row->found && slice_equal(row->label.custom_id, custom_id)) {
            row->job = job;
        }
    }
}

// Those of the batch whose id was given by their producer; *any: some were found.
static bool find_by_name(struct import *import, bool *any, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    size_t wanted = 0;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, import->batch.id);
    pg_array(&params, PG_TEXT);
    for (size_t i = 0; i < import->count; i++) {
        if (import->rows[i].derived && !import->rows[i].found) {
            pg_slice(&params, import->rows[i].label.custom_id);
            wanted++;
        }
    }
    *any = false;
    bool ok = wanted == 0 || pg_session_run(import->reviewer->session, PG_label_jobs_by_name,
                                            &params, &result, err);
    pg_params_fini(&params);
    for (int i = 0; ok && wanted > 0 && i < pg_rows(result); i++) {
        take_name(import, pg_get_slice(result, i, 0), pg_get_uuid(result, i, 1));
        *any = true;
    }
    return ok;
}

static bool find(struct import *import, struct err *err) {
    bool any;
    return find_by_id(import, err) &&
           (!import->has_batch ||
            (find_by_name(import, &any, err) && (!any || find_by_id(import, err))));
}

// --- are the answers of their paths' forms?

static bool fits(const struct path *path, struct slice answer, struct arena *arena) {
    struct slice detail = {0};
    return answer_check(&path->answer, answer, arena, &detail) == REASON_NONE;
}

// A text may be the answer itself, JSON in a cell of CSV, or a label as people spell it.
static bool read_answer(const struct path *path, struct row *row, struct arena *arena,
                        struct err *err) {
    struct slice typed = row->label.typed;
    bool nested = typed.len > 0 && (typed.at[0] == '{' || typed.at[0] == '[');
    if (typed.at == NULL || (!nested && fits(path, row->label.answer, arena))) {
        return reviewer_answer(path, row->label.answer, arena, &row->label.answer, err);
    }
    return reviewer_answer(path, typed, arena, &row->label.answer, err);
}

static void check(struct import *import, struct row *row) {
    struct err err;
    if (!row->found) {
        struct slice given = row->label.job.at ? row->label.job : row->label.custom_id;
        struct slice name = line_of(given, SHOWN, &import->arena);
        refuse(import, row, arena_printf(&import->arena, "no job '%.*s' was ever answered",
                                         SLICE_ARGS(name)));
        return;
    }
    const struct path *path = reviewer_path(import->reviewer, row->path);
    if (path == NULL) {
        refuse(import, row, arena_printf(&import->arena, "the configuration has no path '%.*s', so "
                                         "the answer's form is not known", SLICE_ARGS(row->path)));
    } else if (!read_answer(path, row, &import->arena, &err)) {
        refuse(import, row, slice_of(err.text));
    }
}

// --- storing

typedef void put(struct pg_params *params, const struct row *row);

static void put_job(struct pg_params *params, const struct row *row) {
    pg_uuid(params, row->job);
}

static void put_path(struct pg_params *params, const struct row *row) {
    pg_slice(params, row->path);
}

static void put_batch(struct pg_params *params, const struct row *row) {
    if (row->has_batch) {
        pg_uuid(params, row->batch);
    } else {
        pg_null(params);
    }
}

static void put_answer(struct pg_params *params, const struct row *row) {
    pg_slice(params, row->label.answer);
}

static void put_person(struct pg_params *params, const struct row *row) {
    pg_slice(params, row->label.person);
}

static void put_note(struct pg_params *params, const struct row *row) {
    pg_slice(params, row->label.note);
}

static void put_at(struct pg_params *params, const struct row *row) {
    if (row->label.at_ms) {
        pg_time(params, row->label.at_ms);
    } else {
        pg_null(params);
    }
}

static void encode(const struct import *import, struct pg_params *params) {
    static const struct {
        enum pg_type type;
        put *put;
    } columns[] = {{PG_UUID, put_job},    {PG_TEXT, put_path}, {PG_UUID, put_batch},
                   {PG_JSON, put_answer}, {PG_TEXT, put_person}, {PG_TEXT, put_note},
                   {PG_TIMESTAMPTZ, put_at}};
    for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
        pg_array(params, columns[c].type);
        for (size_t i = 0; i < import->count; i++) {
            if (!import->rows[i].bad && !import->rows[i].settled) {
                columns[c].put(params, &import->rows[i]);
            }
        }
    }
    pg_scalar(params, PG_BOOL);
    pg_bool(params, import->options->again);
    pg_scalar(params, PG_BOOL);
    pg_bool(params, import->options->dry_run);
}

static bool store(struct import *import, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    encode(import, &params);
    bool ok = pg_session_run(import->reviewer->session, PG_store_labels, &params, &result, err);
    pg_params_fini(&params);
    if (ok) {
        import->stored += pg_get_int(result, 0, 0);
        import->same += pg_get_int(result, 0, 1);
        import->changed += pg_get_int(result, 0, 2);
    }
    return ok;
}

// Words on jobs that wait for people, by whom the row names.
static bool settle(struct import *import, struct err *err) {
    bool ok = true;
    for (size_t i = 0; i < import->count && ok; i++) {
        struct row *row = &import->rows[i];
        struct reviewer person = *import->reviewer;
        struct review_word word = {.answer = row->label.answer, .note = row->label.note};
        person.person = row->label.person;
        ok = row->bad || reviewer_settle(&person, &row->job, &word, &import->arena, &row->settled,
                                         err);
        import->settled += row->settled;
    }
    return ok;
}

static bool flush(struct import *import, struct err *err) {
    if (import->count == 0) {
        return true;
    }
    if (!find(import, err)) {
        return false;
    }
    for (size_t i = 0; i < import->count; i++) {
        check(import, &import->rows[i]);
    }
    bool settles = import->options->settle && !import->options->dry_run;
    bool ok = (!settles || settle(import, err)) && store(import, err);
    arena_fini(&import->arena);
    arena_init(&import->arena, &import->pool);
    import->count = 0;
    return ok;
}

// --- rows

static bool find_job(const struct import *import, struct row *row, struct err *err) {
    if (row->label.job.at) {
        return uuid_parse(row->label.job, &row->job) ||
               err_exit(err, EX_DATAERR, "job_id '%.*s' is no UUID", SLICE_ARGS(row->label.job));
    }
    row->derived = true;
    row->job = uuid_derive(import->batch.id, row->label.custom_id);
    return import->has_batch || err_exit(err, EX_USAGE, "rows with a custom id need --batch");
}

static bool on_row(void *owner, const struct label_row *label, struct err *err) {
    struct import *import = owner;
    struct arena *arena = &import->arena;
    struct row *row = &import->rows[import->count];
    *row = (struct row){.label = *label};
    import->read++;
    if (!find_job(import, row, err)) {
        return false;
    }
    if (label->answer.at == NULL) {
        return err_exit(err, EX_DATAERR, "no 'answer'");
    }
    row->label.job = arena_slice(arena, label->job);
    row->label.custom_id = arena_slice(arena, label->custom_id);
    row->label.answer = arena_slice(arena, label->answer);
    row->label.typed = arena_slice(arena, label->typed);
    row->label.note = arena_slice(arena, label->note);
    row->label.person = label->person.at && import->options->by == NULL
                            ? line_of(label->person, PERSON_BYTES_MOST, arena)
                            : import->person;
    if (row->label.person.len == 0) {
        return err_exit(err, EX_USAGE, "no 'labeler': who says so? --by NAME or "
                        "$TASKFIT_REVIEWER");
    }
    import->count++;
    return import->count < ROWS || flush(import, err);
}

static void say(struct import *import) {
    struct buf out = {0};
    int64_t bad = (int64_t)import->bad.count;
    if (import->options->json) {
        printf("\"new\":%" PRId64 ",\"known\":%" PRId64 ",\"changed_since\":%" PRId64
               ",\"settled\":%" PRId64 ",\"bad_lines\":%" PRId64 "}\n",
               import->stored + import->settled, import->same, import->changed, import->settled,
               bad);
        return;
    }
    int64_t stored = import->stored + import->settled;
    figure_count(&out, stored);
    buf_printf(&out, " new label%s%s, ", stored == 1 ? "" : "s",
               import->options->dry_run ? " would be stored" : "");
    figure_count(&out, import->same);
    buf_text(&out, " known before");
    if (import->changed > 0) {
        buf_text(&out, ", ");
        figure_count(&out, import->changed);
        buf_text(&out, " left as they are: the same person changed them since (--again says them "
                       "anew)");
    }
    if (import->settled > 0) {
        buf_text(&out, "; ");
        figure_count(&out, import->settled);
        buf_printf(&out, " job%s wait%s for people no more", import->settled == 1 ? "" : "s",
                   import->settled == 1 ? "s" : "");
    }
    if (bad > 0) {
        buf_text(&out, ", ");
        figure_count(&out, bad);
        buf_text(&out, bad == 1 ? " bad line" : " bad lines");
    }
    puts(buf_string(&out));
    buf_fini(&out);
}

static bool read_all(struct import *import, const char *file, struct err *err) {
    bool studio = import->options->format == LABEL_STUDIO ||
                  (import->options->format == LABEL_GUESS && label_is_studio(file));
    bool ok = (studio ? label_studio_read : label_rows_read)(file, &import->bad, on_row, import,
                                                             err);
    return ok && flush(import, err);
}

bool label_import(const struct reviewer *reviewer, const struct label_options *options,
                  const char *file, struct err *err) {
    struct import import = {.reviewer = reviewer, .options = options,
                            .person = reviewer->person, .has_batch = options->batch != NULL};
    import.bad = (struct bad_lines){.input = file, .json = options->json};
    arena_pool_init(&import.pool, 4 << 20);
    arena_init(&import.arena, &import.pool);
    struct arena names;
    arena_init(&names, &import.pool);
    import.rows = mem_array(ROWS, sizeof(*import.rows));
    bool ok = !import.has_batch ||
              batch_find(reviewer->session, options->batch, &names, &import.batch, err);
    ok = ok && bad_lines_open(&import.bad, options->bad, err);
    if (ok) {
        ok = read_all(&import, file, err);
        struct err closing;
        if (!bad_lines_close(&import.bad, &closing) && ok) {
            *err = closing;
            ok = false;
        }
    }
    if (ok) {
        say(&import);
    }
    if (ok && import.bad.count > 0) {
        ok = err_exit(err, EX_DATAERR, "%s: %" PRIu64 " of its lines are no labels; the others "
                      "are stored", file, import.bad.count);
    }
    mem_free(import.rows);
    arena_fini(&names);
    arena_fini(&import.arena);
    arena_pool_fini(&import.pool);
    return ok;
}
