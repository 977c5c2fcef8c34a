#include "fleet/auditor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "fleet/process.h"
#include "fleet/verdicts.h"
#include "io/loop.h"
#include "io/pg.h"
#include "quality/drift.h"

enum { EVERY_MS = 1000 };

enum { PATH_TEXT = 128 };

// What a tier of a path says of itself, against what it said when its threshold was tested.
struct confidences {
    const struct path *path;
    const struct certificate_tier *tier;
    struct drift drift;
    char label[PATH_TEXT];  // of the metric: path/tier
    bool told;
};

struct auditor {
    struct process *process;
    struct pg *pg;
    struct config *config;  // whose certificates are watched
    struct verdicts verdicts;
    struct confidences *confidences;
    size_t confidence_count;
    int64_t shown_ms;
    bool asked, known, changes;  // changes: a broken promise changes decisions
    int64_t due_ms;
};

struct auditor *auditor_new(struct process *process, struct pg *pg) {
    struct auditor *auditor = mem_zalloc(sizeof(*auditor));
    *auditor = (struct auditor){.process = process, .pg = pg};
    return auditor;
}

void auditor_free(struct auditor *auditor) {
    config_release(auditor->config);
    verdicts_fini(&auditor->verdicts);
    mem_free(auditor->confidences);
    mem_free(auditor);
}

// --- drift

static void watch_path(struct auditor *a, const struct path *path) {
    const struct certificate *c = path->certificate;
    for (uint32_t i = 0; c && i < c->tier_count; i++) {
        if (!c->tiers[i].used || c->tiers[i].confidences.bins < 2) {
            continue;
        }
        struct confidences *watched = &a->confidences[a->confidence_count++];
        *watched = (struct confidences){.path = path, .tier = &c->tiers[i],
                                        .drift = {.then = &c->tiers[i].confidences}};
        snprintf(watched->label, PATH_TEXT, "%s/%s", path->name, c->tiers[i].name);
    }
}

static void watch_confidences(struct auditor *a) {
    size_t most = (size_t)a->config->path_count * PATH_TIERS_MOST;
    mem_free(a->confidences);
    a->confidences = mem_array(most + 1, sizeof(*a->confidences));
    a->confidence_count = 0;
    for (uint32_t i = 0; i < a->config->path_count; i++) {
        watch_path(a, &a->config->paths[i].policy);
    }
}

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

void auditor_see(struct auditor *a, const struct hop *hop) {
    if (isnan(hop->attempt.confidence_raw) || hop->job.all_tiers || !counts(hop->decision)) {
        return;
    }
    for (size_t i = 0; i < a->confidence_count; i++) {
        struct confidences *watched = &a->confidences[i];
        if (hop->path && slice_is(hop->policy, watched->path->version) &&
            slice_is(hop->attempt.tier, watched->tier->name)) {
            drift_see(&watched->drift, hop->attempt.confidence_raw);
        }
    }
}

static void show_drift(struct auditor *a) {
    static const double another = 0.25, same = 0.1;  // quality/drift.h
    for (size_t i = 0; i < a->confidence_count; i++) {
        struct confidences *watched = &a->confidences[i];
        double index = drift_index(&watched->drift);
        if (isnan(index)) {
            continue;
        }
        metric_set(&a->process->metrics, METRIC_CONFIDENCE_DRIFT, watched->label, index);
        if (index > another && !watched->told) {
            watched->told = true;
            log_warn("path %s: confidences of %s are not distributed any more as they were when "
                     "certificate %s was tested (%.2f, above %g): inputs have changed; label a new "
                     "sample", watched->path->name, watched->tier->name,
                     watched->path->certificate->version, index, another);
        }
        watched->told = watched->told && index > same;
    }
}

// --- what is told

static void tell(const struct verdict_watch *watch, enum audit_state before) {
    const struct audit *audit = &watch->audit;
    const struct path *path = watch->path;
    enum audit_state state = audit_state(audit);
    if (state == AUDIT_BROKEN) {
        static const char *const does[] = {"answers stand as before", "answers must be surer",
                                           "all goes to the next tier"};
        log_error("path %s: the promise of certificate %s is broken: %llu of %llu audited answers "
                  "were wrong, and %g %% is the most it allows; %s", path->name,
                  path->certificate->version, (unsigned long long)audit->wrong,
                  (unsigned long long)audit->seen, 100 * audit->risk, does[path->broken]);
    } else if (state == AUDIT_WATCH || before == AUDIT_WATCH) {
        log_warn("path %s: certificate %s: %s: %llu of %llu audited answers were wrong", path->name,
                 path->certificate->version, audit_state_name(state),
                 (unsigned long long)audit->wrong, (unsigned long long)audit->seen);
    }
}

static void show(struct auditor *a) {
    struct metrics *metrics = &a->process->metrics;
    for (uint32_t i = 0; i < a->verdicts.count; i++) {
        struct verdict_watch *watch = &a->verdicts.watches[i];
        enum audit_state state = audit_state(&watch->audit);
        const char *path = watch->path->name;
        metric_set(metrics, METRIC_CERTIFICATE_EVIDENCE, path, audit_evidence(&watch->audit));
        metric_set(metrics, METRIC_CERTIFICATE_STATE, path, (double)state);
        metric_set(metrics, METRIC_CERTIFICATE_AUDITS, path, (double)watch->audit.seen);
        metric_set(metrics, METRIC_CERTIFICATE_WRONG, path, (double)watch->audit.wrong);
        if (state != watch->told) {
            tell(watch, watch->told);
        }
        watch->told = state;
    }
}

// --- asking

static void on_answer(void *owner, const struct pg_result *result, const struct err *err) {
    struct auditor *a = owner;
    a->asked = false;
    if (result == NULL && err->kind != ERR_RETRY) {
        a->process->fatal(a->process->fatal_owner, err);
        return;
    }
    if (result == NULL) {
        log_debug("%s; verdicts are asked for again", err->text);
        return;
    }
    if (verdicts_take(&a->verdicts, result)) {
        a->due_ms = 0;
        return;
    }
    a->known = true;
    show(a);
}

// What a new configuration names is read from the beginning.
static void see_config(struct auditor *a) {
    if (a->config == a->process->config || a->asked) {
        return;
    }
    struct verdicts old = a->verdicts;
    config_release(a->config);
    a->config = config_keep(a->process->config);
    verdicts_init(&a->verdicts, a->config);
    a->known = a->changes = false;
    for (uint32_t i = 0; i < a->verdicts.count; i++) {
        a->changes = a->changes || a->verdicts.watches[i].path->broken != BROKEN_ALERT;
    }
    verdicts_fini(&old);
    watch_confidences(a);
    a->due_ms = 0;
}

int64_t auditor_turn(struct auditor *a, int64_t now_ms) {
    see_config(a);
    if (now_ms - a->shown_ms >= EVERY_MS) {
        show_drift(a);
        a->shown_ms = now_ms;
    }
    if (a->asked || a->verdicts.count == 0) {
        return -1;
    }
    if (now_ms < a->due_ms) {
        return a->due_ms - now_ms;
    }
    if (!pg_ready(a->pg)) {
        return -1;  // the connection wakes the loop when it is
    }
    struct pg_params params = {0};
    verdicts_ask(&a->verdicts, &params);
    a->asked = true;
    a->due_ms = now_ms + EVERY_MS;
    pg_run(a->pg, PG_audit_verdicts, &params, on_answer, a);
    pg_params_fini(&params);
    return -1;
}

bool auditor_knows(const struct auditor *a) {
    return a->config == a->process->config && (a->known || !a->changes);
}

bool auditor_is_broken(const struct auditor *a, const struct path *path) {
    const struct audit *audit = verdicts_of(&a->verdicts, path);
    return audit && audit_state(audit) == AUDIT_BROKEN;
}
