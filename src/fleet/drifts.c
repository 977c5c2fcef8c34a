#include "fleet/drifts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "quality/certificate.h"

enum {
    LABEL = 128,
    BYTES_A_SECOND = 256 * 1024,  // about 2 ms of CPU
};

static const double another = 0.25, same = 0.1;  // quality/drift.h

struct drift_watch {
    const struct path *path;
    const char *tier;
    struct drift confidences, unknown;
    char label[LABEL];  // of the metrics: path/tier
    bool confidences_told, unknown_told;
};

static void watch_path(struct drifts *d, const struct path *path) {
    const struct certificate *c = path->certificate;
    for (uint32_t i = 0; c && i < c->tier_count; i++) {
        const struct certificate_tier *tier = &c->tiers[i];
        if (tier->used) {
            struct drift_watch *watch = &d->watches[d->count++];
            *watch = (struct drift_watch){.path = path, .tier = tier->name,
                                          .confidences = {.then = &tier->confidences},
                                          .unknown = {.then = &tier->unknown}};
            snprintf(watch->label, LABEL, "%s/%s", path->name, tier->name);
        }
    }
}

void drifts_init(struct drifts *d, const struct config *config) {
    *d = (struct drifts){.bytes_left = BYTES_A_SECOND};
    d->watches = mem_array((size_t)config->path_count * PATH_TIERS_MOST + 1, sizeof(*d->watches));
    for (uint32_t i = 0; i < config->path_count; i++) {
        watch_path(d, &config->paths[i].policy);
    }
}

void drifts_fini(struct drifts *d) {
    mem_free(d->watches);
}

// --- what comes

// What form or rules refuse counted for nothing when the threshold was tested, and does not here.
static bool counts(const struct decision *d) {
    static const char *const refusals[] = {"rule.", "answer."};
    for (uint32_t i = 0; i < 2 * d->reason_count; i++) {
        const struct decision_reason *reason = &d->reasons[i / 2];
        size_t len = strlen(refusals[i % 2]);
        if (!reason->note && reason->code.len > len &&
            memcmp(reason->code.at, refusals[i % 2], len) == 0) {
            return false;
        }
    }
    return true;
}

static void see_input(struct drifts *d, struct drift_watch *watch, struct hop *hop) {
    struct words words;
    const struct vocabulary *known = &watch->path->certificate->vocabulary;
    if (watch->unknown.then->bins == 0 || known->log2 == 0 || d->bytes_left <= 0) {
        return;
    }
    d->bytes_left -= (int64_t)hop->job.input.len;
    if (words_of(hop->job.input, &hop->arena, &words)) {
        drift_see_share(&watch->unknown, vocabulary_unknown(known, &words));
    }
}

void drifts_see(struct drifts *d, struct hop *hop) {
    for (uint32_t i = 0; i < d->count && hop->path && !hop->job.all_tiers; i++) {
        struct drift_watch *watch = &d->watches[i];
        if (!slice_is(hop->policy, watch->path->version) ||
            !slice_is(hop->attempt.tier, watch->tier)) {
            continue;
        }
        see_input(d, watch, hop);
        if (!isnan(hop->attempt.confidence_raw) && counts(hop->decision)) {
            drift_see(&watch->confidences, hop->attempt.confidence_raw);
        }
    }
}

// --- what is told

static void show(struct drift_watch *watch, const struct drift *drift, bool *told,
                 const char *what, struct metrics *metrics, enum metric metric) {
    double index = drift_index(drift);
    if (isnan(index)) {
        return;
    }
    metric_set(metrics, metric, watch->label, index);
    if (index > another && !*told) {
        *told = true;
        log_warn("path %s: %s of %s are not distributed any more as they were when certificate %s "
                 "was tested (%.2f, above %g): inputs have changed; label a new sample",
                 watch->path->name, what, watch->tier, watch->path->certificate->version, index,
                 another);
    }
    *told = *told && index > same;
}

void drifts_show(struct drifts *d, struct metrics *metrics) {
    d->bytes_left = BYTES_A_SECOND;
    for (uint32_t i = 0; i < d->count; i++) {
        struct drift_watch *watch = &d->watches[i];
        double unknown = drift_share(&watch->unknown);
        if (!isnan(unknown)) {
            metric_set(metrics, METRIC_UNKNOWN_WORDS, watch->label, unknown);
        }
        show(watch, &watch->confidences, &watch->confidences_told, "confidences", metrics,
             METRIC_CONFIDENCE_DRIFT);
        show(watch, &watch->unknown, &watch->unknown_told, "known and unknown words", metrics,
             METRIC_WORD_DRIFT);
    }
}
