#include "gateway/batch_work.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "fleet/station.h"
#include "gateway/batch_intake.h"
#include "gateway/batch_output.h"
#include "gateway/files.h"
#include "gateway/turns.h"
#include "io/loop.h"

enum {
    LOOK_MS = 500,       // between looks for batches to claim or settle
    CLAIM_MS = 15000,    // a claim that is not kept up ends
    KEEP_MS = 5000,      // between keeping it up
    EXPIRE_MS = 60000,
    RETRY_MS = 2000,     // after something was away
};

// The columns of the statement api_batch_claim.
enum column {
    COLUMN_ID, COLUMN_TENANT, COLUMN_STATUS, COLUMN_ENDPOINT, COLUMN_INPUT, COLUMN_WINDOW,
    COLUMN_SKIP, COLUMN_CREATED, COLUMN_CANCELLING, COLUMN_TOTAL, COLUMN_LAST_LINE,
};

struct batch_work {
    struct gateway *gateway;
    struct batch_claim claim;
    struct batch_intake *intake;  // of the claim; at most one of the two
    struct batch_output *output;
    bool looking, keeping, draining;
    int64_t look_ms, keep_ms, expire_ms;
};

struct batch_work *batch_work_new(struct gateway *gateway) {
    struct batch_work *work = mem_zalloc(sizeof(*work));
    work->gateway = gateway;
    return work;
}

static void let_go(struct batch_work *work) {
    if (work->intake) {
        batch_intake_free(work->intake);
    }
    if (work->output) {
        batch_output_free(work->output);
    }
    work->intake = NULL;
    work->output = NULL;
}

void batch_work_free(struct batch_work *work) {
    let_go(work);
    mem_free(work);
}

void batch_work_wake(struct batch_work *work) {
    work->look_ms = 0;
}

static int64_t now_of(const struct batch_work *work) {
    return loop_now_ms(work->gateway->process->loop);
}

static void on_over(struct batch_work *work, const struct err *err) {
    let_go(work);
    work->look_ms = now_of(work) + (err ? RETRY_MS : 0);
    if (err) {
        log_warn("a batch waits: %s", err->text);
    }
}

// --- claims

static void read_claim(struct batch_work *work, const struct pg_result *r) {
    struct batch_claim *claim = &work->claim;
    bool chat = slice_is(pg_get_slice(r, 0, COLUMN_ENDPOINT), "/v1/chat/completions");
    *claim = (struct batch_claim){
        .gateway = work->gateway,
        .id = pg_get_uuid(r, 0, COLUMN_ID),
        .input_file = pg_get_uuid(r, 0, COLUMN_INPUT),
        .form = chat ? OPENAI_CHAT : OPENAI_RESPONSES,
        .endpoint = chat ? "/v1/chat/completions" : "/v1/responses",
        .skip_bad = pg_get_int(r, 0, COLUMN_SKIP) != 0,
        .cancelling = !pg_is_null(r, 0, COLUMN_CANCELLING),
        .deadline_ms = pg_get_time(r, 0, COLUMN_CREATED) + pg_get_int(r, 0, COLUMN_WINDOW),
        .total = pg_get_int(r, 0, COLUMN_TOTAL),
        .last_line = pg_get_int(r, 0, COLUMN_LAST_LINE),
        .over = on_over,
        .work = work,
    };
    struct slice tenant = pg_get_slice(r, 0, COLUMN_TENANT);
    snprintf(claim->tenant, sizeof(claim->tenant), "%.*s", SLICE_ARGS(tenant));
}

static void on_claimed(void *owner, const struct pg_result *result, const struct err *err) {
    struct batch_work *work = owner;
    (void)err;
    work->looking = false;
    if (result == NULL || pg_rows(result) == 0 || work->draining) {
        return;
    }
    read_claim(work, result);
    work->keep_ms = now_of(work) + KEEP_MS;
    if (slice_is(pg_get_slice(result, 0, COLUMN_STATUS), "validating")) {
        work->intake = batch_intake_new(&work->claim);
    } else {
        work->output = batch_output_new(&work->claim);
    }
}

static void on_settled(void *owner, const struct pg_result *result, const struct err *err) {
    struct batch_work *work = owner;
    struct pg_params params = {0};
    (void)result;
    (void)err;
    if (work->draining) {
        work->looking = false;
        return;
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(work->gateway->process->instance));
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, CLAIM_MS);
    asks_put(work->gateway->asks, PG_api_batch_claim, &params, on_claimed, work);
}

static void look(struct batch_work *work) {
    struct pg_params params = {0};
    work->looking = true;
    work->look_ms = now_of(work) + LOOK_MS;
    asks_put(work->gateway->asks, PG_api_batch_settle, &params, on_settled, work);
}

// It was over, or another's, if no row came.
static void on_kept(void *owner, const struct pg_result *result, const struct err *err) {
    struct batch_work *work = owner;
    (void)err;
    work->keeping = false;
    if (result == NULL || (work->intake == NULL && work->output == NULL)) {
        return;
    }
    if (pg_rows(result) == 0) {
        log_warn("a batch was claimed by another process while it was in hand here");
        let_go(work);
        return;
    }
    work->claim.cancelling = !pg_is_null(result, 0, 0);
}

static void keep(struct batch_work *work) {
    struct pg_params params = {0};
    work->keeping = true;
    work->keep_ms = now_of(work) + KEEP_MS;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, work->claim.id);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(work->gateway->process->instance));
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, CLAIM_MS);
    asks_put(work->gateway->asks, PG_api_batch_keep, &params, on_kept, work);
}

static void on_left(void *owner, const struct pg_result *result, const struct err *err) {
    (void)owner;
    (void)result;
    (void)err;
}

void batch_work_drain(struct batch_work *work) {
    struct pg_params params = {0};
    bool had = work->intake || work->output;
    work->draining = true;
    let_go(work);
    if (had) {
        pg_scalar(&params, PG_TEXT);
        pg_slice(&params, slice_of(work->gateway->process->instance));
        asks_put(work->gateway->asks, PG_api_batch_leave, &params, on_left, work);
    }
}

int64_t batch_work_turn(struct batch_work *work, int64_t now_ms) {
    int64_t wait_ms = LOOK_MS;
    if (work->draining) {
        return -1;
    }
    if (now_ms >= work->expire_ms) {
        work->expire_ms = now_ms + EXPIRE_MS;
        files_expire(work->gateway);
        turns_expire(work->gateway);
    }
    bool busy = work->intake || work->output;
    if (!busy && !work->looking && now_ms >= work->look_ms) {
        look(work);
    }
    if (busy && !work->keeping && now_ms >= work->keep_ms) {
        keep(work);
    }
    if (work->intake) {
        wait_ms = sooner_ms(wait_ms, batch_intake_turn(work->intake));
    }
    if (work->output) {
        wait_ms = sooner_ms(wait_ms, batch_output_turn(work->output));
    }
    return wait_ms;
}
