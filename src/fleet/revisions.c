#include "fleet/revisions.h"

#include <math.h>

#include "base/log.h"
#include "fleet/decisions.h"
#include "fleet/process.h"
#include "fleet/rows.h"
#include "io/loop.h"
#include "job/stored_reasons.h"
#include "job/wire.h"

enum {
    EVERY_MS = 1000,
    CLAIM_MS = 60000,  // well above what a broker takes that is not away
    CLAIM_MOST = 64,
};

// The columns of the query `claim_revisions`, in its order.
enum column {
    COLUMN_JOB, COLUMN_REVISION, COLUMN_VERDICT, COLUMN_REASONS, COLUMN_REVIEWER, COLUMN_NOTE,
    COLUMN_ANSWER, COLUMN_REVISED, COLUMN_HOP, COLUMN_TIER, COLUMN_POLICY, COLUMN_PATH,
    COLUMN_BATCH, COLUMN_CUSTOM_ID, COLUMN_LINE, COLUMN_TENANT, COLUMN_COST, COLUMN_CREATED,
    COLUMN_ANSWER_HOP, COLUMN_ANSWER_TIER, COLUMN_MODEL,
};

// --- from rows

static void read_job(struct hop *hop, const struct pg_result *r, int row) {
    struct arena *arena = &hop->arena;
    hop->job = (struct job){
        .has_id = true,
        .id = pg_get_uuid(r, row, COLUMN_JOB),
        .path = arena_slice(arena, pg_get_slice(r, row, COLUMN_PATH)),
        .has_batch = !pg_is_null(r, row, COLUMN_BATCH),
        .batch_id = pg_get_uuid(r, row, COLUMN_BATCH),
        .custom_id = arena_slice(arena, pg_get_slice(r, row, COLUMN_CUSTOM_ID)),
        .line = (uint64_t)pg_get_int(r, row, COLUMN_LINE),
        .created_ms = pg_get_time(r, row, COLUMN_CREATED),
        .tenant = arena_slice(arena, pg_get_slice(r, row, COLUMN_TENANT)),
        .hop = (uint32_t)pg_get_int(r, row, COLUMN_HOP),
    };
}

static void read_decision(struct hop *hop, const struct pg_result *r, int row) {
    struct decision *d = hop->decision = arena_zalloc(&hop->arena, sizeof(*d));
    d->verdict = verdict_parse(pg_get_slice(r, row, COLUMN_VERDICT));
    d->cost_pico_usd = pg_get_int(r, row, COLUMN_COST);
    d->reason_count = stored_reasons_read(
        arena_slice(&hop->arena, pg_get_slice(r, row, COLUMN_REASONS)), (struct slice){0},
        &hop->arena, d->reasons);
    hop->policy = arena_slice(&hop->arena, pg_get_slice(r, row, COLUMN_POLICY));
}

// A model's answer that stands, or one that a person gave.
static void read_answer(struct hop *hop, const struct pg_result *r, int row) {
    bool models = !pg_is_null(r, row, COLUMN_ANSWER_HOP);
    hop->attempt = (struct attempt){
        .hop = models ? (uint32_t)pg_get_int(r, row, COLUMN_ANSWER_HOP) : hop->revision->hop,
        .tier = models ? arena_slice(&hop->arena, pg_get_slice(r, row, COLUMN_ANSWER_TIER))
                       : hop->revision->tier,
        .model = arena_slice(&hop->arena, pg_get_slice(r, row, COLUMN_MODEL)),
        .answer = arena_slice(&hop->arena, pg_get_slice(r, row, COLUMN_ANSWER)),
        .confidence_raw = NAN,
        .confidence = NAN,
    };
}

static void read_revision(struct hop *hop, const struct pg_result *r, int row) {
    struct arena *arena = &hop->arena;
    hop->revision = arena_zalloc(arena, sizeof(*hop->revision));
    *hop->revision = (struct revision){
        .number = (uint32_t)pg_get_int(r, row, COLUMN_REVISION),
        .reviewer = arena_slice(arena, pg_get_slice(r, row, COLUMN_REVIEWER)),
        .note = arena_slice(arena, pg_get_slice(r, row, COLUMN_NOTE)),
        .revised_ms = pg_get_time(r, row, COLUMN_REVISED),
        .hop = (uint32_t)pg_get_int(r, row, COLUMN_HOP),
        .tier = arena_slice(arena, pg_get_slice(r, row, COLUMN_TIER)),
    };
}

// --- claiming

static void on_claimed(void *owner, const struct pg_result *result, const struct err *err) {
    struct revisions *revisions = owner;
    struct process *process = revisions->station->process;
    revisions->asked = false;
    if (result == NULL && err->kind != ERR_RETRY) {
        process->fatal(process->fatal_owner, err);
        return;
    }
    if (result == NULL) {
        log_debug("%s; revisions are asked for again", err->text);
        return;
    }
    for (int row = 0; row < pg_rows(result); row++) {
        struct hop *hop = station_errand(revisions->station);
        read_job(hop, result, row);
        read_decision(hop, result, row);
        read_revision(hop, result, row);
        read_answer(hop, result, row);
        station_publish(revisions->station, hop);
    }
    if (pg_rows(result) == CLAIM_MOST) {
        revisions->due_ms = 0;
    }
}

static void claim(struct revisions *revisions, int64_t now_ms) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, CLAIM_MOST);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, CLAIM_MS);
    revisions->asked = true;
    revisions->due_ms = now_ms + EVERY_MS;
    pg_run(revisions->station->pg, PG_claim_revisions, &params, on_claimed, revisions);
    pg_params_fini(&params);
}

int64_t revisions_turn(struct revisions *revisions, int64_t now_ms) {
    int64_t wait_ms = store_turn(revisions->marking, now_ms);
    if (revisions->asked || revisions->station->draining) {
        return wait_ms;
    }
    if (now_ms < revisions->due_ms) {
        return sooner_ms(wait_ms, revisions->due_ms - now_ms);
    }
    if (pg_ready(revisions->station->pg)) {
        claim(revisions, now_ms);
    }
    return wait_ms;  // the connection wakes the loop when it is ready, or answers
}

// --- publishing

static bool publish(struct revisions *revisions, struct hop *hop) {
    struct station *s = revisions->station;
    struct outcome outcome = {
        .job = &hop->job,
        .decision = hop->decision,
        .answer = hop->attempt.answer.at ? &hop->attempt : NULL,
        .tier = hop->revision->tier,
        .hop = hop->revision->hop,
        .policy = hop->policy,
        .decided_ms = hop->revision->revised_ms,
        .revision = hop->revision->number,
        .reviewer = hop->revision->reviewer,
        .note = hop->revision->note,
    };
    buf_clear(&s->scratch);
    wire_outcome_pack(&outcome, &hop->arena, &s->scratch);
    return publisher_send(s->publisher, hop, MESSAGE_DECISION, "decisions",
                          buf_slice(&s->scratch));
}

bool revisions_send(struct revisions *revisions, struct hop *hop) {
    if (!hop->revision->out) {
        return publish(revisions, hop);
    }
    store_add(revisions->marking, hop, STEP_STORING);
    return true;
}

void revisions_out(struct revisions *revisions, struct hop *hop) {
    hop->revision->out = true;
    metric_add(&revisions->station->process->metrics, METRIC_REVISIONS, "", 1);
}

// --- marking

static void put_number(struct pg_params *params, const struct hop *hop) {
    pg_int2(params, (int16_t)hop->revision->number);
}

static void encode(void *owner, struct hop *const *rows, size_t count, struct pg_params *params) {
    static const struct row_column columns[] = {{PG_UUID, rows_put_job}, {PG_INT2, put_number}};
    (void)owner;
    rows_encode(columns, sizeof(columns) / sizeof(columns[0]), rows, count, params);
}

static void on_marked(void *owner, struct hop *const *rows, size_t count,
                      const struct pg_result *result) {
    struct revisions *revisions = owner;
    (void)result;
    for (size_t i = 0; i < count; i++) {
        station_finish(revisions->station, rows[i]);
    }
}

static void on_refused(void *owner, struct hop *hop, const struct err *err) {
    struct revisions *revisions = owner;
    log_error("a revision that was published cannot be marked so: %s", err->text);
    station_finish(revisions->station, hop);
}

void revisions_init(struct revisions *revisions, struct station *station) {
    static const struct store_kind marking = {PG_revisions_published, encode, on_marked,
                                              on_refused};
    *revisions = (struct revisions){.station = station};
    revisions->marking = store_new(station->process, station->pg, &marking, revisions);
}

void revisions_fini(struct revisions *revisions) {
    store_free(revisions->marking);
}
