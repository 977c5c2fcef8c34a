#include "fleet/reviews.h"

#include <math.h>

#include "base/hash.h"
#include "base/json_out.h"

static void put_text(struct pg_params *params, struct slice text) {
    pg_scalar(params, PG_TEXT);
    pg_slice(params, text);
}

static void put_uuid(struct pg_params *params, const struct uuid *id) {
    pg_scalar(params, PG_UUID);
    if (id) {
        pg_uuid(params, *id);
    } else {
        pg_null(params);
    }
}

static void put_small(struct pg_params *params, int value) {
    pg_scalar(params, PG_INT2);
    pg_int2(params, (int16_t)value);
}

static void put_ms(struct pg_params *params, int64_t ms) {
    pg_scalar(params, PG_INT8);
    pg_int8(params, ms);
}

static struct slice text(const struct pg_result *result, int column, struct arena *arena) {
    return arena_slice(arena, pg_get_slice(result, 0, column));
}

// --- the queue

void review_filter_encode(const struct review_filter *filter, struct pg_params *params) {
    put_text(params, slice_of(filter->path));
    put_uuid(params, filter->has_batch ? &filter->batch : NULL);
    put_text(params, slice_of(filter->reason));
    put_text(params, filter->tenant);
}

void review_listed_json(const struct pg_result *r, int row, struct buf *out) {
    char job[UUID_TEXT], batch[UUID_TEXT];
    uuid_format(pg_get_uuid(r, row, REVIEW_JOB), job);
    uuid_format(pg_get_uuid(r, row, REVIEW_BATCH), batch);
    buf_char(out, '{');
    json_text(out, "job_id", slice_of(job));
    json_text(out, "custom_id", pg_get_slice(r, row, REVIEW_CUSTOM_ID));
    json_text(out, "batch_id", slice_of(pg_is_null(r, row, REVIEW_BATCH) ? NULL : batch));
    json_text(out, "path", pg_get_slice(r, row, REVIEW_PATH));
    json_count(out, "round", pg_get_int(r, row, REVIEW_ROUND));
    json_text(out, "why", pg_get_slice(r, row, REVIEW_WHY));
    json_codes(out, "reasons", pg_get_slice(r, row, REVIEW_REASONS));
    json_time(out, "opened_at", pg_get_time(r, row, REVIEW_OPENED));
    json_raw_text(out, "proposed", pg_get_slice(r, row, REVIEW_ANSWER));
    json_text(out, "tier", pg_get_slice(r, row, REVIEW_TIER));
    json_real(out, "confidence", pg_get_float8(r, row, REVIEW_CONFIDENCE));
    json_text(out, "lease_by", pg_get_slice(r, row, REVIEW_LEASE_BY));
    json_text(out, "skipped_by", pg_get_slice(r, row, REVIEW_SKIPPED_BY));
    json_raw_text(out, "input", pg_get_slice(r, row, REVIEW_INPUT));
    buf_char(out, '}');
}

void review_take_encode(struct slice person, int64_t lease_ms, const struct review_filter *filter,
                        const struct uuid *job, struct pg_params *params) {
    put_text(params, person);
    put_ms(params, lease_ms);
    review_filter_encode(filter, params);
    put_uuid(params, job);
}

bool review_take_read(const struct pg_result *result, struct arena *arena,
                      struct review_lease *lease) {
    if (pg_rows(result) == 0) {
        return false;
    }
    *lease = (struct review_lease){
        .job = pg_get_uuid(result, 0, 0),
        .round = (uint32_t)pg_get_int(result, 0, 1),
        .why = text(result, 2, arena),
        .path = text(result, 3, arena),
        .until_ms = pg_get_time(result, 0, 4),
    };
    return true;
}

void review_release_encode(const struct review_lease *lease, struct slice person, bool skipped,
                           struct pg_params *params) {
    put_uuid(params, &lease->job);
    put_small(params, (int)lease->round);
    put_text(params, person);
    pg_scalar(params, PG_BOOL);
    pg_bool(params, skipped);
}

// --- a word

// The columns of the query `review_facts`, in its order.
enum facts_column {
    FACTS_PATH, FACTS_DECIDED, FACTS_VERDICT, FACTS_REVISION, FACTS_ROUND, FACTS_WHY, FACTS_STATE,
    FACTS_REVIEWER, FACTS_LEASE_BY, FACTS_LEASE_UNTIL, FACTS_BARRED, FACTS_CUSTOM_ID, FACTS_ANSWER,
    FACTS_TENANT,
};

void review_facts_encode(const struct uuid *job, struct slice person, struct pg_params *params) {
    put_uuid(params, job);
    put_text(params, person);
}

bool review_facts_read(const struct pg_result *result, struct arena *arena,
                       struct review_facts *facts) {
    if (pg_rows(result) == 0) {
        return false;
    }
    *facts = (struct review_facts){
        .path = text(result, FACTS_PATH, arena),
        .verdict = text(result, FACTS_VERDICT, arena),
        .answer = text(result, FACTS_ANSWER, arena),
        .custom_id = text(result, FACTS_CUSTOM_ID, arena),
        .tenant = text(result, FACTS_TENANT, arena),
        .revision = (uint32_t)pg_get_int(result, 0, FACTS_REVISION),
        .round = (uint32_t)pg_get_int(result, 0, FACTS_ROUND),
        .why = text(result, FACTS_WHY, arena),
        .state = text(result, FACTS_STATE, arena),
        .reviewer = text(result, FACTS_REVIEWER, arena),
        .lease_by = text(result, FACTS_LEASE_BY, arena),
        .lease_until_ms = pg_get_time(result, 0, FACTS_LEASE_UNTIL),
        .barred = pg_get_int(result, 0, FACTS_BARRED) != 0,
    };
    return true;
}

void review_opinions_encode(const struct review_word *word, struct pg_params *params) {
    put_uuid(params, &word->job);
    pg_scalar(params, PG_JSON);
    pg_slice(params, word->answer);
}

uint32_t review_opinions_read(const struct pg_result *result, const struct review_word *word,
                              struct arena *arena, struct opinion opinions[OPINIONS_MOST]) {
    int rows = pg_rows(result), from = rows < OPINIONS_MOST ? 0 : rows - OPINIONS_MOST + 1;
    uint32_t count = 0;
    for (int row = from; row < rows; row++) {
        opinions[count++] = (struct opinion){
            .person = arena_slice(arena, pg_get_slice(result, row, 1)),
            .agrees = pg_get_int(result, row, 2) != 0,
        };
    }
    opinions[count++] = (struct opinion){word->person, true};
    return count;
}

double review_chance(const struct uuid *job) {
    unsigned char digest[SHA256_BYTES];
    struct sha256 sha;
    uint64_t drawn;
    sha256_init(&sha);
    sha256_update(&sha, slice_of("second opinion"));
    sha256_update(&sha, uuid_slice(job));
    sha256_final(&sha, digest);
    memcpy(&drawn, digest, sizeof(drawn));
    return ldexp((double)(drawn >> 11), -53);
}

void review_close_encode(const struct review_word *word, const struct ruling *ruling,
                         struct arena *arena, struct pg_params *params) {
    struct slice persons = word->person;
    if (ruling->with.at) {
        persons = arena_printf(arena, "%.*s, %.*s", SLICE_ARGS(ruling->with),
                               SLICE_ARGS(word->person));
    }
    put_uuid(params, &word->job);
    put_small(params, (int)word->round);
    put_text(params, word->person);
    put_text(params, slice_of(word->answer_hop < 0 ? "correct" : "accept"));
    pg_scalar(params, PG_JSON);
    pg_slice(params, word->answer);
    pg_scalar(params, PG_INT2);
    if (word->answer_hop < 0) {
        pg_null(params);
    } else {
        pg_int2(params, (int16_t)word->answer_hop);
    }
    put_text(params, word->note);
    pg_scalar(params, PG_BOOL);
    pg_bool(params, ruling->settles);
    put_text(params, persons);
    put_text(params, slice_of(round_why_name(ruling->next)));
    put_small(params, (int)word->revision);
}

bool review_close_read(const struct pg_result *result, uint32_t *revision) {
    if (pg_rows(result) == 0) {
        return false;
    }
    *revision = (uint32_t)pg_get_int(result, 0, 1);
    return true;
}

void review_undo_encode(const struct uuid *job, struct slice person, int64_t lease_ms,
                        struct pg_params *params) {
    put_uuid(params, job);
    put_text(params, person);
    put_ms(params, lease_ms);
}
