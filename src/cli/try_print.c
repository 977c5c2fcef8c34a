#include "cli/try_print.h"

#include <inttypes.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "cli/page.h"
#include "cli/reasons.h"
#include "cli/table.h"

enum { TIER_LEAST = 12 };

static const char *url_of(const struct hop *hop, struct slice name) {
    const struct config_model *model = config_model_find(hop->config, name);
    return model ? model->model.url : "-";
}

// --- for people

static bool is_base64(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           c == '+' || c == '/' || c == '=';
}

// Nobody reads an image in base64.
static struct slice shortened(struct slice body, struct arena *arena) {
    enum { RUN_MOST = 256, RUN_SHOWN = 24 };
    struct buf text = {0};
    for (size_t at = 0, run; at < body.len; at += run) {
        for (run = 0; at + run < body.len && is_base64(body.at[at + run]); run++) {
        }
        if (run > RUN_MOST) {
            buf_bytes(&text, body.at + at, RUN_SHOWN);
            buf_printf(&text, "…(%zu characters)", run);
            continue;
        }
        run += run == 0;
        buf_bytes(&text, body.at + at, run);
    }
    struct slice copy = arena_slice(arena, buf_slice(&text));
    buf_fini(&text);
    return copy;
}

static void print_request(struct page *page, const struct hop *hop) {
    struct decision_reason reason = {.code = hop->attempt.error,
                                     .text = hop->attempt.error_text};
    if (hop->call.body.at) {
        page_heading(page, "request of %.*s: POST %s", SLICE_ARGS(hop->attempt.tier),
                     url_of(hop, hop->attempt.model));
        page_exact(page, shortened(hop->call.body, page->arena));
    } else {
        page_heading(page, "request of %.*s: none", SLICE_ARGS(hop->attempt.tier));
        page_pair(page, "error", reason.code, 0, reason_words(&reason, page->arena));
    }
    if (hop->call.asked.at) {
        page_heading(page, "request of %.*s's verifier: POST %s", SLICE_ARGS(hop->attempt.tier),
                     url_of(hop, hop->attempt.verifier));
        page_exact(page, shortened(hop->call.asked, page->arena));
    }
}

static void put_model(struct buf *out, const struct hop *hop) {
    buf_slice_add(out, hop->attempt.model.at ? hop->attempt.model : slice_of("-"));
}

static void put_answer(struct buf *out, const struct hop *hop) {
    buf_slice_add(out, hop->attempt.answer.at ? hop->attempt.answer : hop->attempt.error);
}

static void put_verifier(struct buf *out, const struct hop *hop) {
    const struct attempt *a = &hop->attempt;
    if (a->verifier.at == NULL) {
        buf_char(out, '-');
        return;
    }
    buf_printf(out, "%.*s: %.*s", SLICE_ARGS(a->verifier),
               SLICE_ARGS(a->verifier_says.at ? a->verifier_says : slice_of("no answer")));
}

static void put_raw(struct buf *out, const struct hop *hop) {
    figure_probability(out, hop->attempt.confidence_raw);
}

static void put_calibrated(struct buf *out, const struct hop *hop) {
    figure_probability(out, hop->attempt.confidence);
}

static void put_threshold(struct buf *out, const struct hop *hop) {
    figure_probability(out, hop->decision->threshold);
}

static bool is_rule(struct slice code) {
    return code.len > 5 && memcmp(code.at, "rule.", 5) == 0;
}

static void put_rules(struct buf *out, const struct hop *hop) {
    const char *between = "";
    if (hop->path->rules.program == NULL || hop->attempt.answer.at == NULL) {
        buf_char(out, '-');
        return;
    }
    for (uint32_t i = 0; i < hop->decision->reason_count; i++) {
        if (is_rule(hop->decision->reasons[i].code)) {
            buf_printf(out, "%s%.*s", between, SLICE_ARGS(hop->decision->reasons[i].code));
            between = ", ";
        }
    }
    if (*between == '\0') {
        buf_text(out, "kept");
    }
}

static void put_decision(struct buf *out, const struct hop *hop) {
    buf_text(out, verdict_name(hop->decision->verdict));
    if (hop->decision->next_tier) {
        buf_printf(out, " to %s", hop->decision->next_tier);
    }
}

static void put_tokens(struct buf *out, const struct hop *hop) {
    figure_count(out, hop->attempt.input_tokens);
    buf_text(out, " in, ");
    figure_count(out, hop->attempt.output_tokens);
    buf_text(out, " out");
}

static void put_cost(struct buf *out, const struct hop *hop) {
    figure_money(out, hop->attempt.cost_pico_usd);
}

static void put_latency(struct buf *out, const struct hop *hop) {
    figure_span(out, hop->attempt.latency_ms);
}

static void put_calls(struct buf *out, const struct hop *hop) {
    figure_count(out, hop->attempt.calls);
    if (hop->attempt.http_status != 0 && hop->attempt.http_status != 200) {
        buf_printf(out, ", status %" PRIu32, hop->attempt.http_status);
    }
}

static const struct {
    const char *name;
    void (*put)(struct buf *out, const struct hop *hop);
} rows[] = {
    {"model", put_model},           {"answer", put_answer},       {"verifier", put_verifier},
    {"confidence", put_raw},
    {"calibrated", put_calibrated}, {"threshold", put_threshold}, {"rules", put_rules},
    {"decision", put_decision},     {"tokens", put_tokens},       {"cost", put_cost},
    {"latency", put_latency},       {"calls", put_calls},
};

static void print_table(const struct try_result *result, struct page *page) {
    struct table_column columns[PATH_TIERS_MOST + 1] = {{.title = ""}};
    struct table table;
    struct buf cell = {0};
    for (size_t i = 0; i < result->count; i++) {
        const char *tier = arena_string(page->arena, result->hops[i]->attempt.tier);
        columns[i + 1] = (struct table_column){.title = tier, .least = TIER_LEAST};
    }
    fputc('\n', page->out);
    table_init(&table, columns, result->count + 1, page->out, page->width);
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        table_add(&table, slice_of(rows[r].name));
        for (size_t i = 0; i < result->count; i++) {
            buf_clear(&cell);
            rows[r].put(&cell, result->hops[i]);
            table_add(&table, buf_slice(&cell));
        }
    }
    table_end(&table);
    table_fini(&table);
    buf_fini(&cell);
}

static void print_reasons(struct page *page, const struct hop *hop) {
    const struct decision *d = hop->decision;
    unsigned names = 0;
    for (uint32_t i = 0; i < d->reason_count; i++) {
        unsigned columns = table_columns(d->reasons[i].code);
        names = columns > names ? columns : names;
    }
    if (d->reason_count > 0) {
        page_heading(page, "%.*s: %s, because", SLICE_ARGS(hop->attempt.tier),
                     verdict_name(d->verdict));
    }
    for (uint32_t i = 0; i < d->reason_count; i++) {
        page_pair(page, NULL, d->reasons[i].code, names, reason_words(&d->reasons[i], page->arena));
    }
}

void try_print(const struct try_result *result, FILE *out, struct arena *arena) {
    struct page page;
    page_init(&page, out, arena);
    page_heading(&page, "input, path %s", result->path->policy.name);
    page_json(&page, result->input);
    page_attachments(&page, result->attached.attachments, result->attached.attachment_count);
    for (size_t i = 0; i < result->count; i++) {
        print_request(&page, result->hops[i]);
    }
    if (result->hops[0]->decision) {
        print_table(result, &page);
    }
    for (size_t i = 0; i < result->count; i++) {
        if (result->hops[i]->decision) {
            print_reasons(&page, result->hops[i]);
        }
    }
    page_fini(&page);
}

// --- for programs

static void json_decision(struct buf *out, const struct decision *d) {
    json_key(out, "decision");
    buf_char(out, '{');
    json_text(out, "verdict", slice_of(verdict_name(d->verdict)));
    json_text(out, "next_tier", slice_of(d->next_tier));
    json_real(out, "threshold", d->threshold);
    json_key(out, "reasons");
    buf_char(out, '[');
    for (uint32_t i = 0; i < d->reason_count; i++) {
        buf_text(out, i ? ",{" : "{");
        json_text(out, "code", d->reasons[i].code);
        json_text(out, "text", d->reasons[i].text);
        buf_char(out, '}');
    }
    buf_text(out, "]}");
}

static void json_attempt(struct buf *out, const struct attempt *a) {
    json_raw_text(out, "answer", a->answer);
    json_text(out, "error", a->error);
    json_text(out, "error_text", a->error_text);
    json_real(out, "confidence_raw", a->confidence_raw);
    json_real(out, "confidence", a->confidence);
    json_text(out, "calibration", a->calibration);
    json_count(out, "input_tokens", a->input_tokens);
    json_count(out, "output_tokens", a->output_tokens);
    json_count(out, "cached_tokens", a->cached_tokens);
    json_usd(out, "cost_usd", a->cost_pico_usd);
    json_count(out, "latency_ms", a->latency_ms);
    json_count(out, "calls", a->calls);
    json_count(out, "http_status", a->http_status);
}

void try_json(const struct try_result *result, FILE *out) {
    struct buf text = {0};
    buf_char(&text, '{');
    json_text(&text, "path", slice_of(result->path->policy.name));
    json_raw_text(&text, "input", result->input);
    json_key(&text, "attachments");
    attachments_json(result->attached.attachments, result->attached.attachment_count, false,
                     &text);
    json_key(&text, "tiers");
    buf_char(&text, '[');
    for (size_t i = 0; i < result->count; i++) {
        const struct hop *hop = result->hops[i];
        buf_text(&text, i ? ",{" : "{");
        json_text(&text, "tier", hop->attempt.tier);
        json_text(&text, "model", hop->attempt.model);
        json_text(&text, "prompt", hop->attempt.prompt);
        json_text(&text, "url", slice_of(url_of(hop, hop->attempt.model)));
        json_raw_text(&text, "request", hop->call.body);
        json_text(&text, "verifier", hop->attempt.verifier);
        json_raw_text(&text, "verifier_request", hop->call.asked);
        json_text(&text, "verifier_says", hop->attempt.verifier_says);
        json_attempt(&text, &hop->attempt);
        if (hop->decision) {
            json_decision(&text, hop->decision);
        }
        buf_char(&text, '}');
    }
    fprintf(out, "%s]}\n", buf_string(&text));
    buf_fini(&text);
}
