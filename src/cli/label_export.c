// taskfit label export: labels as they count, or jobs at random that wait for one.
#include <errno.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "cli/batch.h"
#include "cli/csv_field.h"
#include "cli/label.h"
#include "io/pg_session.h"
#include "job/stored_outcome.h"

// The columns of the queries `export_labels` and `sample_unlabelled`, in their order.
enum column {
    COLUMN_JOB, COLUMN_CUSTOM_ID, COLUMN_PATH, COLUMN_ANSWER, COLUMN_LABELER, COLUMN_SOURCE,
    COLUMN_NOTE, COLUMN_AT, COLUMN_PROPOSED, COLUMN_TIER, COLUMN_CONFIDENCE, COLUMN_INPUT,
};

struct export {
    enum label_format format;
    FILE *out;
    uint64_t count;
    struct buf line;
    struct arena_pool pool;
};

static void read_label(const struct pg_result *r, int row, struct label_out *label) {
    *label = (struct label_out){
        .job = pg_get_uuid(r, row, COLUMN_JOB),
        .custom_id = pg_get_slice(r, row, COLUMN_CUSTOM_ID),
        .path = pg_get_slice(r, row, COLUMN_PATH),
        .answer = pg_get_slice(r, row, COLUMN_ANSWER),
        .labeler = pg_get_slice(r, row, COLUMN_LABELER),
        .source = pg_get_slice(r, row, COLUMN_SOURCE),
        .note = pg_get_slice(r, row, COLUMN_NOTE),
        .at_ms = pg_get_time(r, row, COLUMN_AT),
        .proposed = pg_get_slice(r, row, COLUMN_PROPOSED),
        .tier = pg_get_slice(r, row, COLUMN_TIER),
        .confidence = pg_get_float8(r, row, COLUMN_CONFIDENCE),
        .input = pg_get_slice(r, row, COLUMN_INPUT),
    };
}

static void write_ndjson(const struct label_out *label, struct buf *out) {
    char job[UUID_TEXT];
    uuid_format(label->job, job);
    buf_char(out, '{');
    json_text(out, "job_id", slice_of(job));
    json_text(out, "custom_id", label->custom_id);
    json_text(out, "path", label->path);
    json_raw_text(out, "answer", label->answer);
    json_text(out, "labeler", label->labeler);
    json_time(out, "labelled_at", label->at_ms);
    json_text(out, "source", label->source);
    json_text(out, "note", label->note);
    json_raw_text(out, "proposed", label->proposed);
    json_text(out, "tier", label->tier);
    json_real(out, "confidence", label->confidence);
    json_raw_text(out, "input", label->input);
    buf_text(out, "}\n");
}

static const char csv_head[] =
    "job_id,custom_id,path,answer,labeler,labelled_at,source,note,proposed,tier,confidence,"
    "input\r\n";

static void write_csv(const struct label_out *label, struct arena *arena, struct buf *out) {
    char job[UUID_TEXT], at[CLOCK_TEXT] = "";
    uuid_format(label->job, job);
    if (label->at_ms) {
        clock_format(label->at_ms, at);
    }
    const struct slice first[] = {
        slice_of(job), label->custom_id, label->path, stored_outcome_plain(label->answer, arena),
        label->labeler, slice_of(at), label->source, label->note,
        stored_outcome_plain(label->proposed, arena), label->tier};
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        csv_field(out, first[i]);
        buf_char(out, ',');
    }
    if (label->confidence == label->confidence) {
        buf_json_number(out, label->confidence);
    }
    buf_char(out, ',');
    csv_field(out, label->input);
    buf_text(out, "\r\n");
}

static void write_task(struct export *export, const struct label_out *label,
                       struct arena *arena) {
    buf_text(&export->line, export->count ? ",\n" : "[");
    label_studio_task(label, arena, &export->line);
}

static bool on_rows(void *owner, const struct pg_result *result) {
    struct export *export = owner;
    for (int row = 0; row < pg_rows(result) && !ferror(export->out); row++) {
        struct label_out label;
        struct arena arena;
        arena_init(&arena, &export->pool);
        read_label(result, row, &label);
        buf_clear(&export->line);
        if (export->format == LABEL_CSV) {
            write_csv(&label, &arena, &export->line);
        } else if (export->format == LABEL_STUDIO) {
            write_task(export, &label, &arena);
        } else {
            write_ndjson(&label, &export->line);
        }
        fwrite(export->line.data, 1, export->line.len, export->out);
        export->count++;
        arena_fini(&arena);
    }
    return !ferror(export->out);
}

static bool encode(struct pg_session *session, const struct label_options *options,
                   struct arena *arena, struct pg_params *params, struct err *err) {
    struct batch batch;
    if (options->batch && !batch_find(session, options->batch, arena, &batch, err)) {
        return false;
    }
    pg_scalar(params, PG_UUID);
    if (options->batch) {
        pg_uuid(params, batch.id);
    } else {
        pg_null(params);
    }
    pg_scalar(params, PG_TEXT);
    pg_slice(params, slice_of(options->path));
    if (options->sample) {
        pg_scalar(params, PG_INT8);
        pg_int8(params, options->sample);
        pg_scalar(params, PG_INT8);
        pg_int8(params, options->seed);
    }
    return true;
}

static bool write_all(struct export *export, struct pg_session *session,
                      const struct label_options *options, struct err *err) {
    struct pg_params params = {0};
    struct arena arena;
    arena_init(&arena, &export->pool);
    if (export->format == LABEL_CSV) {
        fputs(csv_head, export->out);
    }
    bool ok = encode(session, options, &arena, &params, err) &&
              pg_session_each(session, options->sample ? PG_sample_unlabelled : PG_export_labels,
                              &params, on_rows, export, err);
    if (ok && export->format == LABEL_STUDIO) {
        fputs(export->count ? "]\n" : "[]\n", export->out);
    }
    if (ok && export->count == 0) {
        fputs(options->sample ? "taskfit: there is no job without a label\n"
                              : "taskfit: there are no labels\n", stderr);
    }
    pg_params_fini(&params);
    arena_fini(&arena);
    return ok;
}

bool label_export(struct pg_session *session, const struct label_options *options,
                  struct err *err) {
    const char *name = options->output ? options->output : "standard output";
    struct export export = {.out = stdout, .format = (enum label_format)options->format};
    if (options->output && (export.out = fopen(options->output, "we")) == NULL) {
        return err_exit(err, EX_CANTCREAT, "%s: cannot be made: %s", name, strerror(errno));
    }
    if (export.format == LABEL_GUESS) {
        size_t len = options->output ? strlen(options->output) : 0;
        export.format = len > 4 && strcmp(options->output + len - 4, ".csv") == 0 ? LABEL_CSV
                                                                               : LABEL_NDJSON;
    }
    arena_pool_init(&export.pool, 1 << 20);
    bool ok = write_all(&export, session, options, err);
    bool written = fflush(export.out) == 0 && !ferror(export.out);
    if (options->output) {
        written = fclose(export.out) == 0 && written;
    }
    if (ok && !written) {
        ok = err_exit(err, EX_IOERR, "%s: cannot be written: %s; it is not whole", name,
                      strerror(errno));
    }
    buf_fini(&export.line);
    arena_pool_fini(&export.pool);
    return ok;
}
