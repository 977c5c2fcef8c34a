#include "fleet/auditor.h"

#include "base/log.h"
#include "base/mem.h"
#include "fleet/drifts.h"
#include "fleet/process.h"
#include "fleet/verdicts.h"
#include "io/loop.h"
#include "io/pg.h"

enum { EVERY_MS = 1000 };

struct auditor {
    struct process *process;
    struct pg *pg;
    struct config *config;  // whose certificates are watched
    struct verdicts verdicts;
    struct drifts drifts;
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
    drifts_fini(&auditor->drifts);
    mem_free(auditor);
}

void auditor_see(struct auditor *a, struct hop *hop) {
    drifts_see(&a->drifts, hop);
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

// Of certificates that are in force no more; the others' come again.
static void forget_gauges(struct metrics *metrics) {
    static const enum metric gauges[] = {
        METRIC_CONFIDENCE_DRIFT,  METRIC_WORD_DRIFT,          METRIC_UNKNOWN_WORDS,
        METRIC_CERTIFICATE_STATE, METRIC_CERTIFICATE_EVIDENCE, METRIC_CERTIFICATE_AUDITS,
        METRIC_CERTIFICATE_WRONG};
    for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
        metric_forget(metrics, gauges[i]);
    }
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
    drifts_fini(&a->drifts);
    drifts_init(&a->drifts, a->config);
    forget_gauges(&a->process->metrics);
    a->due_ms = 0;
}

int64_t auditor_turn(struct auditor *a, int64_t now_ms) {
    see_config(a);
    if (now_ms - a->shown_ms >= EVERY_MS) {
        drifts_show(&a->drifts, &a->process->metrics);
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
