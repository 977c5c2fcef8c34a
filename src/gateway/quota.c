#include "gateway/quota.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/figure.h"
#include "base/mem.h"
#include "gateway/call.h"
#include "io/loop.h"

enum {
    SYNC_MS = 2000,
    MINUTE_MS = 60000,
    KEPT_MINUTES = 60,
    FIELD_TEXT = 32,
};

struct meter {
    char key[API_KEY_ID];
    int64_t minute;
    int64_t known;   // requests in it, as the database had them
    int64_t unsent;  // that it does not know of
    int64_t sent;    // that are being told to it
};

struct spending {
    char tenant[API_TENANT];
    bool has_day, has_month;
    int64_t day, month;        // limits
    int64_t of_day, of_month;  // spent
};

void quota_close(struct gateway *gateway) {
    mem_free(gateway->quota.meters);
    mem_free(gateway->quota.spendings);
}

// --- requests

static struct meter *meter_of(struct quota *quota, const char *key) {
    for (size_t i = 0; i < quota->meter_count; i++) {
        if (strcmp(quota->meters[i].key, key) == 0) {
            return &quota->meters[i];
        }
    }
    size_t size = (quota->meter_count + 1) * sizeof(*quota->meters);
    quota->meters = mem_realloc(quota->meters, size);
    struct meter *meter = &quota->meters[quota->meter_count++];
    *meter = (struct meter){0};
    snprintf(meter->key, sizeof(meter->key), "%s", key);
    return meter;
}

static void tell_limit(struct call *call, uint32_t rpm, int64_t left, int64_t reset_s) {
    char text[FIELD_TEXT];
    snprintf(text, sizeof(text), "%" PRIu32, rpm);
    call_field(call, "x-ratelimit-limit-requests", slice_of(text));
    snprintf(text, sizeof(text), "%" PRId64, left);
    call_field(call, "x-ratelimit-remaining-requests", slice_of(text));
    snprintf(text, sizeof(text), "%" PRId64 "s", reset_s);
    call_field(call, "x-ratelimit-reset-requests", slice_of(text));
}

static bool admit_request(struct call *call, const struct api_key *key) {
    int64_t wall_ms = loop_wall_ms(call->gateway->process->loop);
    int64_t minute = wall_ms / MINUTE_MS;
    int64_t reset_s = (MINUTE_MS - wall_ms % MINUTE_MS + 999) / 1000;
    struct meter *meter = meter_of(&call->gateway->quota, key->id);
    if (meter->minute != minute) {
        meter->minute = minute;
        meter->known = meter->unsent = meter->sent = 0;
    }
    int64_t left = (int64_t)key->rpm - meter->known - meter->unsent - meter->sent;
    if (left > 0) {
        meter->unsent++;
        tell_limit(call, key->rpm, left - 1, reset_s);
        return true;
    }
    tell_limit(call, key->rpm, 0, reset_s);
    call_fail(call,
              &(struct call_fault){
                  .status = 429, .code = "rate_limit_exceeded", .retry_after_s = (int)reset_s},
              "this API key may ask %" PRIu32 " times a minute", key->rpm);
    return false;
}

static void on_synced(void *owner, const struct pg_result *r, const struct err *err) {
    struct quota *quota = &((struct gateway *)owner)->quota;
    (void)err;
    quota->syncing = false;
    for (int i = 0; r && i < pg_rows(r); i++) {
        char key[API_KEY_ID];
        snprintf(key, sizeof(key), "%.*s", SLICE_ARGS(pg_get_slice(r, i, 0)));
        struct meter *meter = meter_of(quota, key);
        if (meter->minute == pg_get_int(r, i, 1)) {
            meter->known = pg_get_int(r, i, 2);
            meter->sent = 0;
        }
    }
    for (size_t i = 0; i < quota->meter_count; i++) {  // where the database took none of it
        quota->meters[i].unsent += quota->meters[i].sent;
        quota->meters[i].sent = 0;
    }
}

// Keys that nobody used in this minute are not asked about.
static void sync(struct gateway *gateway) {
    struct quota *quota = &gateway->quota;
    int64_t minute = loop_wall_ms(gateway->process->loop) / MINUTE_MS;
    struct pg_params params = {0};
    size_t count = 0;
    for (int column = 0; column < 3; column++) {
        pg_array(&params, column == 0 ? PG_TEXT : PG_INT8);
        for (size_t i = 0; i < quota->meter_count; i++) {
            struct meter *meter = &quota->meters[i];
            if (meter->minute != minute) {
                continue;
            }
            if (column == 0) {
                pg_slice(&params, slice_of(meter->key));
                meter->sent = meter->unsent;
                meter->unsent = 0;
                count++;
            } else {
                pg_int8(&params, column == 1 ? minute : meter->sent);
            }
        }
    }
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, minute - KEPT_MINUTES);
    if (count == 0) {
        pg_params_fini(&params);
        return;
    }
    quota->syncing = true;
    asks_put(gateway->asks, PG_key_requests_add, &params, on_synced, gateway);
}

// --- spending

// The columns of tenant_limit_list.
enum column { COLUMN_TENANT, COLUMN_DAY, COLUMN_MONTH, COLUMN_OF_DAY, COLUMN_OF_MONTH };

static void on_loaded(void *owner, const struct pg_result *r, const struct err *err) {
    struct quota *quota = &((struct gateway *)owner)->quota;
    (void)err;
    quota->loading = false;
    if (r == NULL) {
        return;
    }
    mem_free(quota->spendings);
    quota->spending_count = (size_t)pg_rows(r);
    quota->spendings = mem_array(quota->spending_count + 1, sizeof(*quota->spendings));
    for (int i = 0; i < pg_rows(r); i++) {
        struct spending *spending = &quota->spendings[i];
        snprintf(spending->tenant, sizeof(spending->tenant), "%.*s",
                 SLICE_ARGS(pg_get_slice(r, i, COLUMN_TENANT)));
        spending->has_day = !pg_is_null(r, i, COLUMN_DAY);
        spending->has_month = !pg_is_null(r, i, COLUMN_MONTH);
        spending->day = pg_get_int(r, i, COLUMN_DAY);
        spending->month = pg_get_int(r, i, COLUMN_MONTH);
        spending->of_day = pg_get_int(r, i, COLUMN_OF_DAY);
        spending->of_month = pg_get_int(r, i, COLUMN_OF_MONTH);
    }
}

static bool refuse_spending(struct call *call, const char *span, int64_t spent, int64_t limit) {
    struct buf text = {0};
    buf_text(&text, "this tenant has spent ");
    figure_money(&text, spent);
    buf_printf(&text, " this %s (UTC), of ", span);
    figure_money(&text, limit);
    call_fail(call,
              &(struct call_fault){.status = 429, .code = "insufficient_quota", .final = true},
              "%s; `taskfit key limit` sets what it may", buf_string(&text));
    buf_fini(&text);
    return false;
}

static bool admit_spending(struct call *call) {
    const struct quota *quota = &call->gateway->quota;
    for (size_t i = 0; i < quota->spending_count; i++) {
        const struct spending *spending = &quota->spendings[i];
        if (!slice_is(call->tenant, spending->tenant)) {
            continue;
        }
        if (spending->has_day && spending->of_day >= spending->day) {
            return refuse_spending(call, "day", spending->of_day, spending->day);
        }
        if (spending->has_month && spending->of_month >= spending->month) {
            return refuse_spending(call, "month", spending->of_month, spending->month);
        }
    }
    return true;
}

// --- both

// What makes jobs comes with a body, and the scope to submit.
bool quota_admit(struct call *call, const struct api_key *key) {
    bool submits = call->route->scope == SCOPE_SUBMIT && call->route->body == BODY_JSON;
    return (key->rpm == 0 || admit_request(call, key)) && (!submits || admit_spending(call));
}

void quota_turn(struct gateway *gateway, int64_t now_ms) {
    struct quota *quota = &gateway->quota;
    struct pg_params params = {0};
    if (gateway->draining) {
        return;
    }
    if (!quota->syncing && now_ms >= quota->sync_ms) {
        quota->sync_ms = now_ms + SYNC_MS;
        sync(gateway);
    }
    if (!quota->loading && now_ms >= quota->load_ms) {
        quota->loading = true;
        quota->load_ms = now_ms + SYNC_MS;
        asks_put(gateway->asks, PG_tenant_limit_list, &params, on_loaded, gateway);
    }
}
