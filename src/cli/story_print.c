// A story for people.
#include <inttypes.h>
#include <math.h>

#include "base/figure.h"
#include "base/json.h"
#include "cli/page.h"
#include "cli/reasons.h"
#include "cli/story_shadows.h"
#include "cli/table.h"
#include "quality/certificate.h"

static void add_after(struct buf *out, int64_t ms, const char *what) {
    if (ms >= 0) {
        buf_text(out, ", ");
        figure_span(out, ms);
        buf_printf(out, " after %s", what);
    }
}

// As the database has them (schema/…_attachments.sql).
static void print_attachments(struct page *page, struct slice text) {
    struct attachment all[ATTACHMENTS_MOST] = {0};
    uint32_t count = 0;
    struct json json;
    struct err err;
    if (text.at == NULL ||
        !json_parse(&json, text, &json_default_limits, page->arena, &err)) {
        return;
    }
    for (uint32_t i = json_first(&json, 0); i && count < ATTACHMENTS_MOST;
         i = json_after(&json, 0, i)) {
        const char *const names[] = {"media_type", "name", "uri"};
        struct attachment *a = &all[count++];
        struct slice *members[] = {&a->media_type, &a->name, &a->uri};
        int64_t bytes;
        for (int k = 0; k < 3; k++) {
            uint32_t node = json_get(&json, i, names[k]);
            *members[k] = node ? json_string(&json, node, page->arena) : (struct slice){0};
        }
        uint32_t size = json_get(&json, i, "bytes");
        if (size && json_integer(&json, size, &bytes)) {
            a->content = (struct slice){"", (size_t)bytes};  // of which only the size is shown
        }
    }
    page_attachments(page, all, count);
}

static void print_job(struct page *page, const struct story *story) {
    page_heading(page, "job %s", story->id_text);
    if (story->custom_id.at) {
        page_field(page, "custom id", story->custom_id);
    }
    if (story->has_batch) {
        buf_printf(&page->text, "%s", story->batch_text);
        if (story->batch_name.at) {
            buf_printf(&page->text, ", %.*s", SLICE_ARGS(story->batch_name));
        }
        if (story->line > 0) {
            buf_text(&page->text, ", line ");
            figure_count(&page->text, story->line);
        }
        page_flush(page, "batch");
    }
    page_field(page, "path", story->path);
    if (story->tenant.len > 0) {
        page_field(page, "tenant", story->tenant);
    }
    if (story->created_ms) {
        figure_time(&page->text, story->created_ms);
        buf_text(&page->text, " UTC");
        page_flush(page, "created");
    }
    if (story->cancelled_ms) {
        figure_time(&page->text, story->cancelled_ms);
        page_flush(page, "cancelled");
    }
    if (story->input.at) {
        page_heading(page, "input");
        page_json(page, story->input);
        print_attachments(page, story->attachments);
    }
}

// --- a hop

// The decision's own confidence where there is one: a certificate that came into force between the
// two made it anew of the raw one.
static void print_confidence(struct page *page, const struct story_hop *hop) {
    const struct attempt *a = &hop->attempt;
    const struct story_decision *d = &hop->decision;
    struct buf *out = &page->text;
    double confidence = d->verdict.at ? d->confidence : a->confidence;
    struct slice calibration = d->verdict.at ? d->certificate : a->calibration;
    if (isnan(confidence)) {
        buf_text(out, "none");
    } else if (calibration.at) {
        figure_probability(out, a->confidence_raw);
        buf_text(out, " raw, ");
        figure_probability(out, confidence);
        buf_printf(out, " by calibration %.*s", SLICE_ARGS(calibration));
    } else {
        figure_probability(out, confidence);
    }
    double threshold = d->threshold;
    if (threshold > 0) {
        buf_text(out, confidence >= threshold ? ", at or above the threshold of "
                                              : ", under the threshold of ");
        figure_probability(out, threshold);
    }
    page_flush(page, "confidence");
}

static void print_verifier(struct page *page, const struct attempt *a) {
    buf_printf(&page->text, "%.*s%s%.*s", SLICE_ARGS(a->verifier),
               a->verifier_says.at ? " says " : " gave no answer", SLICE_ARGS(a->verifier_says));
    page_flush(page, "verifier");
}

static void print_error(struct page *page, const struct attempt *a) {
    struct decision_reason reason = {.code = a->error, .text = a->error_text};
    page_pair(page, "error", a->error, 0, reason_words(&reason, page->arena));
}

static void print_use(struct page *page, const struct attempt *a) {
    struct buf *out = &page->text;
    figure_money(out, a->cost_pico_usd);
    buf_text(out, ", ");
    figure_count(out, a->input_tokens);
    buf_text(out, " tokens in");
    if (a->cached_tokens > 0) {
        buf_text(out, " (");
        figure_count(out, a->cached_tokens);
        buf_text(out, " cached)");
    }
    buf_text(out, ", ");
    figure_count(out, a->output_tokens);
    buf_text(out, " out");
    page_flush(page, "cost");
    figure_span(out, a->latency_ms);
    buf_printf(out, " in %" PRIu32 " call%s", a->calls, a->calls == 1 ? "" : "s");
    if (a->http_status != 0 && a->http_status != 200) {
        buf_printf(out, ", the last with status %" PRIu32, a->http_status);
    }
    page_flush(page, "latency");
}

static void print_attempt(struct page *page, const struct story *story,
                          const struct story_hop *hop) {
    const struct attempt *a = &hop->attempt;
    if (a->error.at) {
        print_error(page, a);
    } else {
        page_field(page, "answer", a->answer);
        print_confidence(page, hop);
    }
    if (a->verifier.at) {
        print_verifier(page, a);
    }
    if (a->prompt.at) {
        page_field(page, "prompt", a->prompt);
    }
    if (a->calls > 0) {
        print_use(page, a);
    }
    figure_time(&page->text, a->started_ms);
    if (story->created_ms) {
        add_after(&page->text, a->started_ms - story->created_ms, "the job was made");
    }
    buf_printf(&page->text, ", by worker %.*s", SLICE_ARGS(hop->worker));
    page_flush(page, "called");
}

static void print_reasons(struct page *page, const struct story_decision *decision) {
    struct decision_reason reasons[DECISION_REASONS_MOST];
    uint32_t count = stored_reasons_read(decision->reasons, decision->explanation, page->arena,
                                         reasons);
    unsigned names = 0;
    for (uint32_t i = 0; i < count; i++) {
        unsigned columns = table_columns(reasons[i].code);
        names = columns > names ? columns : names;
    }
    for (uint32_t i = 0; i < count; i++) {
        page_pair(page, i == 0 ? "because" : "", reasons[i].code, names,
                  reason_words(&reasons[i], page->arena));
    }
}

static void print_certificate(struct page *page, const struct story_hop *hop) {
    const struct story_decision *d = &hop->decision;
    struct certificate c;
    struct err err;
    buf_slice_add(&page->text, d->certificate);
    if (certificate_read(d->certificate_text, page->arena, &c, &err)) {
        const struct certificate_tier *tier =
            certificate_tier_find(&c, arena_string(page->arena, hop->tier));
        buf_text(&page->text, ": ");
        certificate_say(&c, &page->text);
        if (tier && tier->used) {
            buf_printf(&page->text, "; %s stands from %g raw on", tier->name, tier->threshold);
        }
    }
    page_flush(page, "certificate");
}

static void print_decision(struct page *page, const struct story *story,
                           const struct story_hop *hop) {
    const struct story_decision *d = &hop->decision;
    const struct story_hop *end = story_end(story);
    struct buf *out = &page->text;
    if (d->verdict.at == NULL && end && end->decision.audit && hop->hop > end->hop) {
        page_field(page, "audit", slice_of("the answer that stands is held against this one"));
        return;
    }
    if (d->verdict.at == NULL) {
        page_field(page, "decision", slice_of("none yet: the escalator has still to see it"));
        return;
    }
    buf_slice_add(out, d->verdict);
    if (d->next_tier.at) {
        buf_printf(out, " to %.*s", SLICE_ARGS(d->next_tier));
    }
    if (d->final && d->answer_hop >= 0 && d->answer_hop != (int)hop->hop) {
        buf_printf(out, " of the answer of hop %d", d->answer_hop);
    }
    if (d->audit) {
        buf_text(out, ", chosen for audit");
    }
    if (hop->attempted) {
        add_after(out, d->decided_ms - hop->attempt.started_ms - hop->attempt.latency_ms,
                  "the reply");
    }
    buf_printf(out, ", by policy %.*s", SLICE_ARGS(d->policy));
    page_flush(page, "decision");
    if (d->certificate.at) {
        print_certificate(page, hop);
    }
    print_reasons(page, d);
}

static void print_hop(struct page *page, const struct story *story, const struct story_hop *hop) {
    struct slice model = hop->attempt.model;
    page_heading(page, "hop %" PRIu32 ": %.*s%s%.*s", hop->hop, SLICE_ARGS(hop->tier),
                 model.at ? ", by " : ", no model was called", SLICE_ARGS(model));
    if (hop->attempted) {
        print_attempt(page, story, hop);
    }
    print_decision(page, story, hop);
    story_shadows_print(page, story, hop->hop);
}

// --- letters and the end

static void print_letter(struct page *page, const struct story_letter *letter) {
    struct decision_reason reason = {.code = letter->reason, .text = letter->text};
    page_heading(page, "dead letter: topic %.*s, partition %" PRId64 ", offset %" PRId64,
                 SLICE_ARGS(letter->topic), letter->partition, letter->offset);
    page_pair(page, "because", letter->reason, 0, reason_words(&reason, page->arena));
    figure_time(&page->text, letter->dead_ms);
    page_flush(page, "dead since");
    if (letter->replayed_ms) {
        figure_time(&page->text, letter->replayed_ms);
        buf_printf(&page->text, ", the last of %" PRId64, letter->replays);
        page_flush(page, "replayed");
    }
    if (letter->dropped_ms) {
        figure_time(&page->text, letter->dropped_ms);
        page_flush(page, "dropped");
    }
}

static void print_open_end(struct page *page, const struct story *story) {
    const struct story_hop *last =
        story->hop_count > 0 ? &story->hops[story->hop_count - 1] : NULL;
    if (story_outcome(story).at) {
        page_heading(page, "outcome: dead");
    } else if (last && last->decision.next_tier.at) {
        page_heading(page, "no outcome yet: the job waits in tier %.*s",
                     SLICE_ARGS(last->decision.next_tier));
    } else {
        page_heading(page, "no outcome yet");
    }
}

static void print_end(struct page *page, const struct story *story) {
    const struct story_hop *end = story_end(story);
    if (end == NULL) {
        print_open_end(page, story);
    } else {
        page_heading(page, "outcome: %.*s at %.*s", SLICE_ARGS(story_outcome(story)),
                     SLICE_ARGS(story_outcome_tier(story)));
        struct slice answer = story_answer(story);
        page_field(page, "answer", answer.at ? answer : slice_of("none stands"));
    }
    figure_money(&page->text, story_cost_pico_usd(story));
    buf_printf(&page->text, " for %zu hop%s", story->hop_count, story->hop_count == 1 ? "" : "s");
    page_flush(page, "cost");
    if (end && story->created_ms) {
        figure_span(&page->text, end->decision.decided_ms - story->created_ms);
        page_flush(page, "took");
    }
}

void story_print(const struct story *story, FILE *out, struct arena *arena) {
    struct page page;
    page_init(&page, out, arena);
    print_job(&page, story);
    for (size_t i = 0; i < story->hop_count; i++) {
        print_hop(&page, story, &story->hops[i]);
    }
    for (size_t i = 0; i < story->letter_count; i++) {
        print_letter(&page, &story->letters[i]);
    }
    story_people_print(&page, story);
    print_end(&page, story);
    page_fini(&page);
}
