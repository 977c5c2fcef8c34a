// taskfit review --list: the queue.
#include <inttypes.h>

#include "base/clock.h"
#include "base/figure.h"
#include "base/json_out.h"
#include "cli/review.h"
#include "cli/table.h"
#include "io/pg_session.h"

// The columns of the query `review_list`, in its order.
enum column {
    COLUMN_JOB, COLUMN_ROUND, COLUMN_WHY, COLUMN_PATH, COLUMN_BATCH, COLUMN_CUSTOM_ID, COLUMN_LINE,
    COLUMN_REASONS, COLUMN_OPENED, COLUMN_LEASE_BY, COLUMN_LEASE_UNTIL, COLUMN_SKIPPED_BY,
    COLUMN_ANSWER, COLUMN_TIER, COLUMN_CONFIDENCE, COLUMN_INPUT,
};

static const struct table_column columns[] = {
    {"JOB", false, 8},       {"WHY", false, 0},      {"SINCE", true, 0},
    {"PROPOSED", false, 12}, {"TIER", false, 4},     {"CONF.", true, 0},
    {"REASONS", false, 10},  {"WITH", false, 4},     {"INPUT", false, 12},
};

struct listing {
    bool json;
    int64_t now_ms;
    uint64_t count;
    struct table table;
    struct buf cell;
};

static void cell(struct listing *listing) {
    table_add(&listing->table, buf_slice(&listing->cell));
    buf_clear(&listing->cell);
}

static void write_row(struct listing *listing, const struct pg_result *r, int row) {
    struct buf *out = &listing->cell;
    char job[UUID_TEXT];
    struct slice custom_id = pg_get_slice(r, row, COLUMN_CUSTOM_ID);
    uuid_format(pg_get_uuid(r, row, COLUMN_JOB), job);
    table_add(&listing->table, custom_id.at ? custom_id : slice_of(job));
    table_add(&listing->table, pg_get_slice(r, row, COLUMN_WHY));
    figure_span(out, listing->now_ms - pg_get_time(r, row, COLUMN_OPENED));
    cell(listing);
    table_add(&listing->table, pg_get_slice(r, row, COLUMN_ANSWER));
    table_add(&listing->table, pg_get_slice(r, row, COLUMN_TIER));
    figure_probability(out, pg_get_float8(r, row, COLUMN_CONFIDENCE));
    cell(listing);
    table_add(&listing->table, pg_get_slice(r, row, COLUMN_REASONS));
    table_add(&listing->table, pg_get_slice(r, row, COLUMN_LEASE_BY));
    struct slice input = pg_get_slice(r, row, COLUMN_INPUT);
    table_add(&listing->table, input.at ? input : slice_of("not kept"));
}

static void write_object(struct listing *listing, const struct pg_result *r, int row) {
    struct buf *out = &listing->cell;
    char job[UUID_TEXT], batch[UUID_TEXT];
    uuid_format(pg_get_uuid(r, row, COLUMN_JOB), job);
    uuid_format(pg_get_uuid(r, row, COLUMN_BATCH), batch);
    buf_clear(out);
    buf_char(out, '{');
    json_text(out, "job_id", slice_of(job));
    json_text(out, "custom_id", pg_get_slice(r, row, COLUMN_CUSTOM_ID));
    json_text(out, "batch_id", slice_of(pg_is_null(r, row, COLUMN_BATCH) ? NULL : batch));
    json_text(out, "path", pg_get_slice(r, row, COLUMN_PATH));
    json_count(out, "round", pg_get_int(r, row, COLUMN_ROUND));
    json_text(out, "why", pg_get_slice(r, row, COLUMN_WHY));
    json_codes(out, "reasons", pg_get_slice(r, row, COLUMN_REASONS));
    json_time(out, "opened_at", pg_get_time(r, row, COLUMN_OPENED));
    json_raw_text(out, "proposed", pg_get_slice(r, row, COLUMN_ANSWER));
    json_text(out, "tier", pg_get_slice(r, row, COLUMN_TIER));
    json_real(out, "confidence", pg_get_float8(r, row, COLUMN_CONFIDENCE));
    json_text(out, "lease_by", pg_get_slice(r, row, COLUMN_LEASE_BY));
    json_text(out, "skipped_by", pg_get_slice(r, row, COLUMN_SKIPPED_BY));
    json_raw_text(out, "input", pg_get_slice(r, row, COLUMN_INPUT));
    buf_text(out, "}\n");
    fwrite(out->data, 1, out->len, stdout);
}

static bool on_rows(void *owner, const struct pg_result *result) {
    struct listing *listing = owner;
    for (int row = 0; row < pg_rows(result) && !ferror(stdout); row++) {
        (listing->json ? write_object : write_row)(listing, result, row);
    }
    listing->count += (uint64_t)pg_rows(result);
    return !ferror(stdout);
}

bool review_list(struct pg_session *session, const struct review_filter *filter,
                 const struct review_options *options, struct err *err) {
    struct listing listing = {.json = options->json, .now_ms = clock_wall_ms()};
    struct pg_params params = {0};
    review_filter_encode(filter, &params);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, options->most);
    table_init(&listing.table, columns, sizeof(columns) / sizeof(columns[0]), stdout,
               table_screen(stdout));
    bool ok = pg_session_each(session, PG_review_list, &params, on_rows, &listing, err);
    if (ok && listing.count > 0 && !listing.json) {
        table_end(&listing.table);
    }
    if (ok && listing.count == 0) {
        fputs("taskfit: nothing waits for people\n", stderr);
    } else if (ok && listing.count == options->most) {
        fprintf(stderr, "taskfit: the first %" PRIu32 "; -n shows more\n", options->most);
    }
    table_fini(&listing.table);
    buf_fini(&listing.cell);
    pg_params_fini(&params);
    return ok;
}
