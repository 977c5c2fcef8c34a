// taskfit review --list: the queue.
#include <inttypes.h>

#include "base/clock.h"
#include "base/figure.h"
#include "cli/review.h"
#include "cli/table.h"
#include "io/pg_session.h"

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
    struct slice custom_id = pg_get_slice(r, row, REVIEW_CUSTOM_ID);
    uuid_format(pg_get_uuid(r, row, REVIEW_JOB), job);
    table_add(&listing->table, custom_id.at ? custom_id : slice_of(job));
    table_add(&listing->table, pg_get_slice(r, row, REVIEW_WHY));
    figure_span(out, listing->now_ms - pg_get_time(r, row, REVIEW_OPENED));
    cell(listing);
    table_add(&listing->table, pg_get_slice(r, row, REVIEW_ANSWER));
    table_add(&listing->table, pg_get_slice(r, row, REVIEW_TIER));
    figure_probability(out, pg_get_float8(r, row, REVIEW_CONFIDENCE));
    cell(listing);
    table_add(&listing->table, pg_get_slice(r, row, REVIEW_REASONS));
    table_add(&listing->table, pg_get_slice(r, row, REVIEW_LEASE_BY));
    struct slice input = pg_get_slice(r, row, REVIEW_INPUT);
    table_add(&listing->table, input.at ? input : slice_of("not kept"));
}

static void write_object(struct listing *listing, const struct pg_result *r, int row) {
    struct buf *out = &listing->cell;
    buf_clear(out);
    review_listed_json(r, row, out);
    buf_char(out, '\n');
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
