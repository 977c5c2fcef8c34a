// A story for programs: one JSON object.
#include "base/json_out.h"
#include "cli/story_shadows.h"

static void add_attempt(struct buf *out, const struct story_hop *hop) {
    const struct attempt *a = &hop->attempt;
    json_text(out, "model", a->model);
    json_raw_text(out, "answer", a->answer);
    json_text(out, "error", a->error);
    json_text(out, "error_text", a->error_text);
    json_real(out, "confidence_raw", a->confidence_raw);
    json_real(out, "confidence", a->confidence);
    json_text(out, "calibration", a->calibration);
    json_text(out, "prompt", a->prompt);
    json_text(out, "verifier", a->verifier);
    json_text(out, "verifier_says", a->verifier_says);
    json_count(out, "input_tokens", a->input_tokens);
    json_count(out, "output_tokens", a->output_tokens);
    json_count(out, "cached_tokens", a->cached_tokens);
    json_usd(out, "cost_usd", a->cost_pico_usd);
    json_count(out, "calls", a->calls);
    json_count(out, "latency_ms", a->latency_ms);
    json_count(out, "http_status", a->http_status);
    json_text(out, "worker", hop->worker);
    json_time(out, "started_at", a->started_ms);
    json_time(out, "stored_at", hop->stored_ms);
}

static void add_decision(struct buf *out, const struct story_decision *d) {
    json_key(out, "decision");
    if (d->verdict.at == NULL) {
        buf_text(out, "null");
        return;
    }
    buf_char(out, '{');
    json_text(out, "verdict", d->verdict);
    json_bool(out, "final", d->final);
    json_codes(out, "reasons", d->reasons);
    json_raw_text(out, "explanation", d->explanation);
    json_text(out, "next_tier", d->next_tier);
    if (d->answer_hop >= 0) {
        json_count(out, "answer_hop", d->answer_hop);
    } else {
        json_text(out, "answer_hop", (struct slice){0});
    }
    json_real(out, "confidence", d->confidence);
    json_real(out, "threshold", d->threshold);
    json_text(out, "certificate", d->certificate);
    json_text(out, "policy", d->policy);
    json_bool(out, "audit", d->audit);
    json_usd(out, "cost_usd", d->cost_pico_usd);
    json_time(out, "decided_at", d->decided_ms);
    buf_char(out, '}');
}

static void add_hops(struct buf *out, const struct story *story) {
    json_key(out, "hops");
    buf_char(out, '[');
    for (size_t i = 0; i < story->hop_count; i++) {
        const struct story_hop *hop = &story->hops[i];
        buf_text(out, i ? ",{" : "{");
        json_count(out, "hop", hop->hop);
        json_text(out, "tier", hop->tier);
        if (hop->attempted) {
            add_attempt(out, hop);
        }
        add_decision(out, &hop->decision);
        story_shadows_json(story, hop->hop, out);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void add_letters(struct buf *out, const struct story *story) {
    json_key(out, "dead_letters");
    buf_char(out, '[');
    for (size_t i = 0; i < story->letter_count; i++) {
        const struct story_letter *letter = &story->letters[i];
        buf_text(out, i ? ",{" : "{");
        json_text(out, "topic", letter->topic);
        json_count(out, "partition", letter->partition);
        json_count(out, "offset", letter->offset);
        json_text(out, "reason", letter->reason);
        json_text(out, "text", letter->text);
        json_count(out, "attempts", letter->attempts);
        json_bool(out, "decided", letter->decided);
        json_time(out, "dead_at", letter->dead_ms);
        json_count(out, "replays", letter->replays);
        json_time(out, "replayed_at", letter->replayed_ms);
        json_time(out, "dropped_at", letter->dropped_ms);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void add_job(struct buf *out, const struct story *story) {
    json_text(out, "job_id", slice_of(story->id_text));
    json_text(out, "custom_id", story->custom_id);
    json_text(out, "batch_id",
              story->has_batch ? slice_of(story->batch_text) : (struct slice){0});
    json_text(out, "batch", story->batch_name);
    if (story->line > 0) {
        json_count(out, "line", story->line);
    } else {
        json_text(out, "line", (struct slice){0});
    }
    json_text(out, "path", story->path);
    json_text(out, "tenant", story->tenant);
    json_time(out, "created_at", story->created_ms);
    json_time(out, "cancelled_at", story->cancelled_ms);
    json_raw_text(out, "input", story->input);
    json_raw_text(out, "attachments", story->attachments);
}

void story_json(const struct story *story, FILE *out) {
    struct buf text = {0};
    buf_char(&text, '{');
    add_job(&text, story);
    add_hops(&text, story);
    add_letters(&text, story);
    story_people_json(story, &text);
    json_text(&text, "outcome", story_outcome(story));
    json_text(&text, "outcome_tier", story_outcome_tier(story));
    json_raw_text(&text, "answer", story_answer(story));
    json_usd(&text, "cost_usd", story_cost_pico_usd(story));
    fprintf(out, "%s}\n", buf_string(&text));
    buf_fini(&text);
}
