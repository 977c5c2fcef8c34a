#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/tune_report.h"
#include "quality/calibrate.h"
#include "quality/drift.h"
#include "quality/stats.h"

// --- reasons

static void say_needed(const struct tune_report *c, struct buf *out) {
    uint64_t needed = c->tuned->labels_needed;
    if (needed == 0) {
        return;
    }
    buf_text(out, "; about ");
    figure_count(out, (int64_t)needed);
    buf_text(out, " labels would do, if ");
    if (c->tuned->certified.verdict == CERTIFY_FEW) {
        buf_printf(out, "half of the answers have an error rate of %g %%",
                   100 * c->options->promise.risk / 2);
    } else {
        buf_text(out, "the error rates are what these labels show");
    }
}

static void reason_of_promise(const struct tune_report *c, struct buf *out) {
    const struct tuned *tuned = c->tuned;
    const struct certify_promise *promise = &c->options->promise;
    double risk = 100 * promise->risk;
    switch (tuned->certified.verdict) {
    case CERTIFY_HOLDS:
        break;
    case CERTIFY_SILENT:
        buf_text(out, "no answer has a confidence, so there is no threshold to find");
        break;
    case CERTIFY_FEW:
        buf_printf(out, "%zu labelled items test the promise, and even without a single error "
                   "%" PRIu64 " accepted ones are needed", tuned->tested,
                   stats_least(0, promise->risk, promise->delta));
        break;
    case CERTIFY_UNCERTAIN:
        buf_printf(out, "there are thresholds with an error rate below %g %%, but with %zu "
                   "labelled items that could be luck", risk, tuned->tested);
        break;
    case CERTIFY_ABOVE:
        buf_printf(out, "at no threshold that accepts 15 %% of the items or more is the error "
                   "rate below %g %%, and more labels would not help", risk);
        break;
    }
    if (tuned->uninformative) {
        buf_text(out, "; confidence is uninformative: wrong answers have it as high as right ones");
    }
    say_needed(c, out);
}

void tune_report_reason(const struct tune_report *c, struct buf *out) {
    switch (c->options->goal) {
    case TUNE_RISK:
        reason_of_promise(c, out);
        break;
    case TUNE_BUDGET:
        buf_printf(out, "no tier, and no cascade of them, costs at most %g of the last tier alone",
                   c->options->budget);
        break;
    case TUNE_MATCH:
        buf_text(out, "nothing that costs less is right as often as the last tier alone");
        break;
    }
}

// --- parts

static void put_calibration(struct buf *out, const struct calibration *calibration) {
    json_key(out, "calibration");
    buf_char(out, '{');
    json_text(out, "kind", slice_of(calibrate_kind_name(calibration->kind)));
    if (calibration->kind == CALIBRATION_PLATT) {
        json_real(out, "a", calibration->a);
        json_real(out, "b", calibration->b);
    }
    if (calibration->kind == CALIBRATION_ISOTONIC) {
        json_key(out, "steps");
        buf_char(out, '[');
        for (uint32_t i = 0; i < calibration->steps; i++) {
            buf_text(out, i > 0 ? ",[" : "[");
            buf_json_number(out, calibration->from[i]);
            buf_char(out, ',');
            buf_json_number(out, calibration->to[i]);
            buf_char(out, ']');
        }
        buf_char(out, ']');
    }
    buf_char(out, '}');
}

static void put_versions(struct buf *out, const char *key, const struct certificate_versions *v) {
    json_key(out, key);
    buf_char(out, '[');
    for (uint32_t i = 0; i < v->count; i++) {
        buf_text(out, i > 0 ? "," : "");
        buf_json_string(out, v->names[i]);
    }
    buf_char(out, ']');
}

static void put_numbers(struct buf *out, const char *key, const double *numbers, uint32_t count) {
    json_key(out, key);
    buf_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        buf_text(out, i > 0 ? "," : "");
        buf_json_number(out, numbers[i]);
    }
    buf_char(out, ']');
}

// Of the items that come so far in force: what the tiers before it do not accept.
static bool reaches(const struct tune_report *c, uint32_t tier, size_t item) {
    const struct arrangement *used = &c->tuned->arrangement;
    for (uint32_t i = 0; i < used->count && used->tiers[i] != tier; i++) {
        uint32_t before = used->tiers[i];
        if (c->labels->cascade.tiers[before].raw[item] >= c->tuned->tiers[before].threshold) {
            return false;
        }
    }
    return true;
}

static void put_confidences(struct buf *out, const struct tune_report *c, uint32_t tier) {
    const struct cascade *cascade = &c->labels->cascade;
    double *values = mem_array(cascade->item_count + 1, sizeof(*values));
    struct drift_spread spread;
    size_t count = 0;
    for (size_t i = 0; i < cascade->item_count; i++) {
        if (reaches(c, tier, i) && !isnan(cascade->tiers[tier].raw[i])) {
            values[count++] = cascade->tiers[tier].raw[i];
        }
    }
    drift_spread_of(values, count, &spread);
    json_key(out, "confidences");
    buf_char(out, '{');
    put_numbers(out, "from", spread.from, spread.bins > 0 ? spread.bins - 1 : 0);
    put_numbers(out, "share", spread.share, spread.bins);
    buf_char(out, '}');
    mem_free(values);
}

// Of the words of an input that comes so far, those that no input of the sample had.
static void put_unknown_words(struct buf *out, const struct tune_report *c, uint32_t tier) {
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < c->labels->cascade.item_count && c->labels->unknown; i++) {
        if (reaches(c, tier, i) && !isnan(c->labels->unknown[i])) {
            sum += c->labels->unknown[i];
            count++;
        }
    }
    json_real(out, "unknown_words", count > 0 ? sum / (double)count : NAN);
}

static void put_words(struct buf *out, const struct vocabulary *vocabulary) {
    json_key(out, "words");
    if (vocabulary->log2 == 0) {
        buf_text(out, "null");
        return;
    }
    buf_char(out, '"');
    for (size_t i = 0; i < ((size_t)1 << vocabulary->log2) / 8; i++) {
        buf_printf(out, "%02x", vocabulary->bits[i]);
    }
    buf_char(out, '"');
}

static void put_tier(struct buf *out, const struct tune_report *c, uint32_t tier) {
    static const char *const kinds[] = {"none", "platt", "isotonic"};
    const struct tune_tier *t = &c->tuned->tiers[tier];
    double items = (double)c->tuned->outcome.items;
    buf_char(out, '{');
    json_text(out, "tier", slice_of(c->labels->cascade.tiers[tier].name));
    json_bool(out, "used", t->used);
    json_real(out, "threshold", t->threshold);
    put_calibration(out, &c->labels->cascade.tiers[tier].calibration);
    json_real(out, "accepted", items > 0 ? (double)t->accepted / items : 0);
    json_real(out, "auroc", t->auroc.value);
    json_key(out, "log_loss");
    buf_char(out, '{');
    for (int kind = 0; kind < CALIBRATE_KINDS; kind++) {
        json_real(out, kinds[kind], t->losses[kind]);
    }
    buf_char(out, '}');
    if (!t->used && !c->tuned->refused) {
        json_real(out, "would_gain", t->gain);
        json_real(out, "would_cost", t->gain_cost);
    }
    if (t->used) {
        put_confidences(out, c, tier);
        put_unknown_words(out, c, tier);
    }
    put_versions(out, "models", &c->labels->models[tier]);
    put_versions(out, "prompts", &c->labels->prompts[tier]);
    buf_char(out, '}');
}

// Used tiers in the order in which they are asked, then the others.
static void put_tiers(struct buf *out, const struct tune_report *c) {
    const struct arrangement *used = &c->tuned->arrangement;
    json_key(out, "tiers");
    buf_char(out, '[');
    for (uint32_t i = 0; i < used->count; i++) {
        buf_text(out, i > 0 ? "," : "");
        put_tier(out, c, used->tiers[i]);
    }
    bool first = used->count == 0;
    for (uint32_t tier = 0; tier < c->labels->cascade.tier_count; tier++) {
        if (!c->tuned->tiers[tier].used) {
            buf_text(out, first ? "" : ",");
            put_tier(out, c, tier);
            first = false;
        }
    }
    buf_char(out, ']');
}

static void put_expected(struct buf *out, const struct tune_report *c) {
    const struct tune_outcome *o = &c->tuned->outcome;
    bool told = !c->tuned->refused && o->items > 0;
    double items = (double)o->items;
    json_key(out, "expected");
    buf_char(out, '{');
    json_real(out, "accepted", told ? (double)o->accepted / items : 0);
    json_real(out, "error",
              told && o->accepted ? (double)o->wrong / (double)o->accepted : NAN);
    json_real(out, "error_bound", c->tuned->error_bound);
    bool costs = told && c->labels->costs && o->last_cost > 0;
    json_real(out, "cost_ratio", costs ? o->cost / o->last_cost : NAN);
    json_real(out, "accuracy", told && c->options->goal != TUNE_RISK
                                   ? (double)(o->last_right + o->won - o->lost) / items : NAN);
    json_real(out, "last_tier_accuracy", told ? (double)o->last_right / items : NAN);
    buf_char(out, '}');
}

void tune_report_json(const struct tune_report *c, struct buf *out) {
    static const char *const goals[] = {"risk", "budget", "match"};
    bool promise = c->options->goal == TUNE_RISK;
    struct buf reason = {0};
    buf_char(out, '{');
    json_text(out, "goal", slice_of(goals[c->options->goal]));
    json_real(out, "risk", promise ? c->options->promise.risk : NAN);
    json_real(out, "delta", c->options->promise.delta);
    if (c->options->goal == TUNE_BUDGET) {
        json_real(out, "budget", c->options->budget);
    }
    json_real(out, "tau", c->tuned->tau);
    json_bool(out, "refused", c->tuned->refused);
    if (c->tuned->refused) {
        tune_report_reason(c, &reason);
    }
    json_text(out, "reason", c->tuned->refused ? buf_slice(&reason) : (struct slice){0});
    if (c->tuned->labels_needed > 0) {
        json_count(out, "labels_needed", (int64_t)c->tuned->labels_needed);
    } else {
        json_text(out, "labels_needed", (struct slice){0});
    }
    put_tiers(out, c);
    put_words(out, &c->labels->vocabulary);
    put_expected(out, c);
    json_count(out, "labels", (int64_t)c->labels->cascade.item_count);
    json_count(out, "errors", (int64_t)c->tuned->outcome.wrong);
    json_count(out, "fitted_on", (int64_t)c->tuned->fitted);
    json_count(out, "tested_on", (int64_t)c->tuned->tested);
    json_count(out, "seed", (int64_t)c->options->seed);
    json_text(out, "data_sha256", slice_of(c->labels->sha256));
    json_time(out, "created", c->created_ms);
    buf_char(out, '}');
    buf_fini(&reason);
}
