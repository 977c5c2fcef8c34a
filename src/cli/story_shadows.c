// What shadow models said to a job's hops.
#include <inttypes.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "cli/page.h"
#include "cli/story_shadows.h"
#include "io/pg_session.h"

// The columns of the query `story_shadows`, in its order.
enum column {
    COLUMN_HOP, COLUMN_MODEL, COLUMN_ANSWER, COLUMN_ERROR, COLUMN_ERROR_TEXT, COLUMN_CONFIDENCE,
    COLUMN_INPUT_TOKENS, COLUMN_OUTPUT_TOKENS, COLUMN_CACHED_TOKENS, COLUMN_COST, COLUMN_LATENCY,
    COLUMN_STATUS, COLUMN_WORKER, COLUMN_STARTED,
};

static struct slice text(const struct pg_result *r, int row, int column, struct arena *arena) {
    return arena_slice(arena, pg_get_slice(r, row, column));
}

static uint32_t count(const struct pg_result *r, int row, int column) {
    return (uint32_t)pg_get_int(r, row, column);
}

static struct story_shadow read(const struct pg_result *r, int row, struct arena *arena) {
    return (struct story_shadow){
        .attempt = {
            .hop = count(r, row, COLUMN_HOP),
            .model = text(r, row, COLUMN_MODEL, arena),
            .answer = text(r, row, COLUMN_ANSWER, arena),
            .error = text(r, row, COLUMN_ERROR, arena),
            .error_text = text(r, row, COLUMN_ERROR_TEXT, arena),
            .confidence = pg_get_float8(r, row, COLUMN_CONFIDENCE),
            .input_tokens = count(r, row, COLUMN_INPUT_TOKENS),
            .output_tokens = count(r, row, COLUMN_OUTPUT_TOKENS),
            .cached_tokens = count(r, row, COLUMN_CACHED_TOKENS),
            .cost_pico_usd = pg_get_int(r, row, COLUMN_COST),
            .latency_ms = pg_get_int(r, row, COLUMN_LATENCY),
            .http_status = count(r, row, COLUMN_STATUS),
            .started_ms = pg_get_time(r, row, COLUMN_STARTED),
        },
        .worker = text(r, row, COLUMN_WORKER, arena),
    };
}

bool story_shadows_read(struct pg_session *session, struct arena *arena, struct story *story,
                        struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, story->id);
    bool ok = pg_session_run(session, PG_story_shadows, &params, &result, err);
    pg_params_fini(&params);
    if (!ok) {
        return false;
    }
    story->shadow_count = (size_t)pg_rows(result);
    story->shadows = arena_zalloc(arena, (story->shadow_count + 1) * sizeof(*story->shadows));
    for (size_t i = 0; i < story->shadow_count; i++) {
        story->shadows[i] = read(result, (int)i, arena);
    }
    return true;
}

void story_shadows_print(struct page *page, const struct story *story, uint32_t hop) {
    for (size_t i = 0; i < story->shadow_count; i++) {
        const struct attempt *a = &story->shadows[i].attempt;
        struct buf *out = &page->text;
        if (a->hop != hop) {
            continue;
        }
        buf_printf(out, "%.*s: %.*s", SLICE_ARGS(a->model),
                   SLICE_ARGS(a->error.at ? a->error : a->answer));
        if (a->error.at == NULL) {
            buf_text(out, ", confidence ");
            figure_probability(out, a->confidence);
        }
        buf_text(out, ", ");
        figure_money(out, a->cost_pico_usd);
        buf_text(out, ", ");
        figure_span(out, a->latency_ms);
        page_flush(page, "shadow");
    }
}

void story_shadows_json(const struct story *story, uint32_t hop, struct buf *out) {
    bool any = false;
    json_key(out, "shadows");
    buf_char(out, '[');
    for (size_t i = 0; i < story->shadow_count; i++) {
        const struct attempt *a = &story->shadows[i].attempt;
        if (a->hop != hop) {
            continue;
        }
        buf_text(out, any ? ",{" : "{");
        any = true;
        json_text(out, "model", a->model);
        json_raw_text(out, "answer", a->answer);
        json_text(out, "error", a->error);
        json_text(out, "error_text", a->error_text);
        json_real(out, "confidence", a->confidence);
        json_count(out, "input_tokens", a->input_tokens);
        json_count(out, "output_tokens", a->output_tokens);
        json_count(out, "cached_tokens", a->cached_tokens);
        json_usd(out, "cost_usd", a->cost_pico_usd);
        json_count(out, "latency_ms", a->latency_ms);
        json_count(out, "http_status", a->http_status);
        json_text(out, "worker", story->shadows[i].worker);
        json_time(out, "started_at", a->started_ms);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}
