#include "fleet/escalator.h"

#include <assert.h>
#include <stdio.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/mem.h"
#include "fleet/auditor.h"
#include "fleet/decisions.h"
#include "fleet/revisions.h"
#include "fleet/rows.h"
#include "fleet/rules.h"
#include "fleet/station.h"
#include "io/loop.h"
#include "job/usual.h"
#include "job/wire.h"
#include "quality/certificate.h"

enum { TIERS_MOST = 64, TIER_NAME = 64 };

static const struct backoff away = {.base_ms = 200, .cap_ms = 5000};

// What is usual at a tier, by the results that come by: of latency what good ones take at most,
// of cost an exponentially weighted mean, so that a change shows within some tens of them.
struct figures {
    char tier[TIER_NAME];
    struct usual latency;
    int64_t latency_ms;  // while that is not known
    double cost_pico_usd;
};

struct escalator {
    struct station station;
    struct store *storing, *finding, *auditing;
    struct revisions revisions;
    struct auditor *auditor;
    struct rules_scratch rules;
    struct config *newest;    // of those that were seen
    struct config **unknown;  // whose policies are not in the database yet, oldest first
    size_t unknown_count;
    bool policies_sent;       // of unknown[0]
    unsigned policy_failures; // since any were stored
    int64_t policies_ms;      // not before
    struct figures usual[TIERS_MOST];
    uint32_t usual_count;
    uint32_t usual_next;  // to be given up for a tier that a new configuration brings
};

// --- what is usual

static struct figures *usual_of(struct escalator *e, const char *tier) {
    assert(tier);
    for (uint32_t i = 0; i < e->usual_count; i++) {
        if (strcmp(e->usual[i].tier, tier) == 0) {
            return &e->usual[i];
        }
    }
    struct figures *usual = e->usual_count < TIERS_MOST ? &e->usual[e->usual_count++]
                                                        : &e->usual[e->usual_next++ % TIERS_MOST];
    const struct config_tier *conf =
        config_tier_find(e->station.process->config, slice_of(tier));
    *usual = (struct figures){.latency_ms = conf ? conf->usual_ms : 0};
    snprintf(usual->tier, TIER_NAME, "%s", tier);
    return usual;
}

static void learn(struct escalator *e, const struct hop *hop) {
    const double weight = 0.05;
    int place = path_tier_index(&hop->path->policy, hop->attempt.tier);
    if (place < 0 || hop->attempt.calls == 0) {
        return;
    }
    struct figures *usual = usual_of(e, hop->path->policy.tiers[place].name);
    if (hop->attempt.error.at == NULL) {
        usual_hear(&usual->latency, hop->attempt.latency_ms, loop_now_ms(e->station.process->loop));
    }
    usual->cost_pico_usd += weight * ((double)hop->attempt.cost_pico_usd - usual->cost_pico_usd);
}

// --- judging

static void judge(struct escalator *e, struct hop *hop) {
    struct rule_verdict verdicts[RULE_VERDICTS_MOST];
    const struct path *path = &hop->path->policy;
    struct facts facts = {
        .job = &hop->job,
        .attempt = &hop->attempt,
        .path = path,
        .rules = verdicts,
        .now_ms = loop_wall_ms(e->station.process->loop),
        .chance = random_unit(&e->station.process->random),
    };
    // Workers and escalators load a new certificate one after the other: decided is by this one's
    // calibration and its threshold, never by two that do not belong together.
    confidence_calibrate(path, &hop->attempt);
    facts.broken = auditor_is_broken(e->auditor, path);
    learn(e, hop);
    struct rules_subject subject = hop_subject(hop);
    facts.rule_count = rules_run(&hop->path->rules, &subject, &hop->arena, &e->rules, verdicts);
    for (uint32_t i = 0; i < path->tier_count; i++) {
        const struct figures *usual = usual_of(e, path->tiers[i].name);
        int64_t latency_ms = usual_ms(&usual->latency, loop_now_ms(e->station.process->loop));
        facts.usual[i] = (struct tier_usual){latency_ms < 0 ? usual->latency_ms : latency_ms,
                                             (int64_t)usual->cost_pico_usd};
    }
    hop->policy = slice_of(path->version);
    decide(&facts, &hop->arena, hop->decision);
}

// The job has its outcome: what this tier says of it is only noted, and its errors are nothing.
static void hear_audit(struct escalator *e, struct hop *hop) {
    if (hop->attempt.error.at) {
        station_finish(&e->station, hop);
    } else {
        store_add(e->auditing, hop, STEP_STORING);
    }
}

static void on_taken(void *owner, struct hop *hop, const struct record *record) {
    struct escalator *e = owner;
    struct slice text = {0};
    enum reason reason =
        wire_result_read(record->value, &hop->arena, &hop->job, &hop->attempt, &text);
    if (reason != REASON_NONE) {
        station_bury(&e->station, hop, reason, text, record);
        return;
    }
    hop->decision = arena_zalloc(&hop->arena, sizeof(*hop->decision));
    if (hop_find_path(hop, hop->attempt.tier, &text) != REASON_NONE) {
        store_add(e->finding, hop, STEP_STORING);  // what was decided when there was one stands
        return;
    }
    if (hop->job.audit) {
        hear_audit(e, hop);
        return;
    }
    if (hop->job.created_ms == 0) {
        hop->job.created_ms = hop->attempt.started_ms;
    }
    if (hop->job.deadline_ms == 0 && hop->path->policy.deadline_ms > 0) {
        hop->job.deadline_ms = hop->job.created_ms + hop->path->policy.deadline_ms;
    }
    judge(e, hop);
    decisions_prepare(hop);
    store_add(e->storing, hop, STEP_STORING);
}

static bool has_room(void *owner) {
    struct escalator *e = owner;
    return !store_stuck(e->storing) && !store_stuck(e->finding) && !store_stuck(e->auditing) &&
           auditor_knows(e->auditor);
}

// --- storing

static void encode(void *owner, struct hop *const *rows, size_t count,
                   struct pg_params *params) {
    (void)owner;
    decisions_encode(rows, count, params);
}

static void count_decision(struct escalator *e, struct hop *hop) {
    struct metrics *metrics = &e->station.process->metrics;
    metric_add(metrics, METRIC_ROWS_STORED, "", 1);
    auditor_see(e->auditor, hop);
    metric_add(metrics, METRIC_DECISIONS, verdict_name(hop->decision->verdict), 1);
    for (uint32_t i = 0; i < hop->decision->reason_count; i++) {
        char code[128];
        snprintf(code, sizeof(code), "%.*s", SLICE_ARGS(hop->decision->reasons[i].code));
        metric_add(metrics, METRIC_REASONS, code, 1);
    }
}

// A decision that was there before stands: it is looked up and published again, because the first
// may not have got out.
static void on_stored(void *owner, struct hop *const *rows, size_t count,
                      const struct pg_result *result) {
    struct escalator *e = owner;
    int place = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows_is_new(result, &place, rows[i])) {
            count_decision(e, rows[i]);
            station_publish(&e->station, rows[i]);
        } else {
            store_add(e->finding, rows[i], STEP_STORING);
        }
    }
}

static void on_audits(void *owner, struct hop *const *rows, size_t count,
                      const struct pg_result *result) {
    struct escalator *e = owner;
    (void)result;
    for (size_t i = 0; i < count; i++) {
        station_finish(&e->station, rows[i]);
    }
}

static void on_refused(void *owner, struct hop *hop, const struct err *err) {
    struct escalator *e = owner;
    station_bury(&e->station, hop, REASON_ROW_REFUSED, slice_of(err->text), NULL);
}

static void encode_keys(void *owner, struct hop *const *rows, size_t count,
                        struct pg_params *params) {
    (void)owner;
    decisions_encode_keys(rows, count, params);
}

// Nothing is decided of this result. Its job has its outcome at another hop, and it is of no more
// use; or no path leads here any more, and it is a letter: when the configuration is mended it can
// be replayed, where a job that was decided dead would stay so.
static void set_aside(struct escalator *e, struct hop *hop) {
    struct slice text = {0};
    enum reason reason = hop_find_path(hop, hop->attempt.tier, &text);
    if (reason == REASON_NONE) {
        station_finish(&e->station, hop);
    } else {
        station_bury(&e->station, hop, reason, text, NULL);
    }
}

static void on_found(void *owner, struct hop *const *rows, size_t count,
                     const struct pg_result *result) {
    struct escalator *e = owner;
    int *places = rows_places(result, count);
    for (size_t i = 0; i < count; i++) {
        if (places[i] >= 0) {
            decisions_read(rows[i], result, places[i]);
            decisions_prepare(rows[i]);
            station_publish(&e->station, rows[i]);
        } else {
            set_aside(e, rows[i]);
        }
    }
    mem_free(places);
}

// --- publishing

static const struct attempt *answer_of(const struct hop *hop) {
    int place = hop->decision->answer_hop;
    if (place == (int)hop->attempt.hop) {
        return &hop->attempt;
    }
    for (uint32_t i = 0; i < hop->job.trail_count; i++) {
        if ((int)hop->job.trail[i].hop == place) {
            return &hop->job.trail[i];
        }
    }
    return NULL;
}

static bool send_next(struct escalator *e, struct hop *hop, const char *tier) {
    struct buf *scratch = &e->station.scratch;
    char topic[TOPIC_TEXT];
    buf_clear(scratch);
    wire_next_job_pack(&hop->job, &hop->attempt, hop->decision, &hop->arena, scratch);
    config_lane(tier, hop->path ? hop->path->policy.lane : NULL, topic);
    return publisher_send(e->station.publisher, hop, MESSAGE_JOB, topic, buf_slice(scratch));
}

static bool send_outcome(struct escalator *e, struct hop *hop) {
    struct buf *scratch = &e->station.scratch;
    struct outcome outcome = {
        .job = &hop->job,
        .decision = hop->decision,
        .answer = answer_of(hop),
        .tier = hop->attempt.tier,
        .hop = hop->attempt.hop,
        .policy = hop->policy,
        .decided_ms = loop_wall_ms(e->station.process->loop),
    };
    buf_clear(scratch);
    wire_outcome_pack(&outcome, &hop->arena, scratch);
    return publisher_send(e->station.publisher, hop, MESSAGE_DECISION, "decisions",
                          buf_slice(scratch));
}

// Beside its outcome a job may have a letter, whose row was stored with the decision, or be sent to
// a tier for the audit. One is out before the other is sent: a hop has one record on its way at a
// time.
static bool has_two(const struct hop *hop) {
    return hop->decision->verdict == VERDICT_DEAD || hop->decision->audit_tier;
}

static bool send(void *owner, struct hop *hop) {
    struct escalator *e = owner;
    if (hop->revision) {
        return revisions_send(&e->revisions, hop);
    }
    if (hop->decision->verdict == VERDICT_ESCALATE) {
        return send_next(e, hop, hop->decision->next_tier);
    }
    if (has_two(hop) && !hop->first_out) {
        return hop->decision->audit_tier
                   ? send_next(e, hop, hop->decision->audit_tier)
                   : burial_publish(e->station.publisher, hop, &e->station.scratch);
    }
    return send_outcome(e, hop);
}

static bool has_more(void *owner, struct hop *hop) {
    struct escalator *e = owner;
    if (hop->revision) {
        revisions_out(&e->revisions, hop);
        return true;
    }
    bool more = has_two(hop) && !hop->first_out;
    hop->first_out = true;
    return more;
}

static void pack(void *owner, struct hop *hop, struct buf *out) {
    (void)owner;
    wire_result_pack(&hop->job, &hop->attempt, &hop->arena, out);
}

static void on_leaving(void *owner) {
    (void)owner;  // what is decided is stored and published: that takes no longer than dropping it
}

// --- policies: their texts are in the database before the first decision that names them

static void forget_first(struct escalator *e) {
    config_release(e->unknown[0]);
    e->unknown_count--;
    memmove(e->unknown, e->unknown + 1, e->unknown_count * sizeof(struct config *));
}

static void on_policies(void *owner, const struct pg_result *result, const struct err *err) {
    struct escalator *e = owner;
    e->policies_sent = false;
    if (result) {
        e->policy_failures = 0;
        forget_first(e);
    } else if (err->kind == ERR_RETRY) {
        int64_t wait_ms = backoff_wait_ms(&away, ++e->policy_failures,
                                          &e->station.process->random);
        e->policies_ms = loop_now_ms(e->station.process->loop) + wait_ms;
        log_warn("%s; no decision before the policies are stored, again in %lld ms", err->text,
                 (long long)wait_ms);
    } else {
        e->station.process->fatal(e->station.process->fatal_owner, err);
    }
}

static struct slice policy_version(const struct config_path *path) {
    return slice_of(path->policy.version);
}

static struct slice policy_path(const struct config_path *path) {
    return slice_of(path->policy.name);
}

static struct slice policy_text(const struct config_path *path) {
    return slice_of(path->policy.text);
}

static struct slice policy_certificate(const struct config_path *path) {
    return slice_of(path->policy.certificate ? path->policy.certificate->version : NULL);
}

static struct slice policy_audit_tier(const struct config_path *path) {
    return slice_of(path->policy.audit_tier);
}

static struct slice certificate_text(const struct config_path *path) {
    return path->policy.certificate ? path->policy.certificate->text : (struct slice){0};
}

// As a turn: how long until there is something to do.
static int64_t send_policies(struct escalator *e, int64_t now_ms) {
    static struct slice (*const columns[])(const struct config_path *path) = {
        policy_version,     policy_path,      policy_text,
        policy_certificate, certificate_text, policy_audit_tier};
    const struct config *config = e->unknown[0];
    struct pg_params params = {0};
    if (e->policies_sent || !pg_ready(e->station.pg)) {
        return -1;
    }
    if (now_ms < e->policies_ms) {
        return e->policies_ms - now_ms;
    }
    e->policies_sent = true;
    for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
        pg_array(&params, PG_TEXT);
        for (uint32_t i = 0; i < config->path_count; i++) {
            pg_slice(&params, columns[c](&config->paths[i]));
        }
    }
    pg_run(e->station.pg, PG_store_policies, &params, on_policies, e);
    pg_params_fini(&params);
    return -1;
}

// Hops may have begun with any configuration that ever was the newest, so all are stored.
static void see_config(struct escalator *e) {
    struct config *config = e->station.process->config;
    if (config == e->newest) {
        return;
    }
    config_release(e->newest);
    e->newest = config_keep(config);
    e->unknown = mem_realloc(e->unknown, (e->unknown_count + 1) * sizeof(struct config *));
    e->unknown[e->unknown_count++] = config_keep(config);
}

// --- the turn

int64_t escalator_turn(struct escalator *e, int64_t now_ms) {
    see_config(e);
    int64_t wait_ms = auditor_turn(e->auditor, now_ms);
    wait_ms = sooner_ms(wait_ms, station_begin(&e->station, now_ms));
    station_lighten(&e->station, e->storing, NULL);
    station_lighten(&e->station, e->finding, NULL);
    station_lighten(&e->station, e->auditing, NULL);
    if (e->unknown_count > 0) {
        wait_ms = sooner_ms(wait_ms, send_policies(e, now_ms));
        return sooner_ms(wait_ms, station_end(&e->station, now_ms));
    }
    wait_ms = sooner_ms(wait_ms, store_turn(e->storing, now_ms));
    wait_ms = sooner_ms(wait_ms, store_turn(e->finding, now_ms));
    wait_ms = sooner_ms(wait_ms, store_turn(e->auditing, now_ms));
    wait_ms = sooner_ms(wait_ms, revisions_turn(&e->revisions, now_ms));
    return sooner_ms(wait_ms, station_end(&e->station, now_ms));
}

void escalator_drain(struct escalator *e, int64_t now_ms) {
    station_drain(&e->station, now_ms);
}

bool escalator_drained(const struct escalator *e) {
    return station_drained(&e->station);
}

bool escalator_ready(const struct escalator *e) {
    return station_ready(&e->station) && e->policy_failures == 0 && !store_stuck(e->storing) &&
           !store_stuck(e->finding) && !store_stuck(e->auditing) && auditor_knows(e->auditor);
}

// --- opening and closing

bool escalator_open(struct escalator **out, struct process *process, struct err *err) {
    static const struct station_events events = {on_taken, has_room, NULL, send, has_more,
                                                 pack, on_leaving, NULL, false};
    static const struct store_kind storing = {PG_store_decisions, encode, on_stored, on_refused};
    static const struct store_kind finding = {PG_find_decisions, encode_keys, on_found, on_refused};
    static const struct store_kind auditing = {PG_store_audits, encode_keys, on_audits, on_refused};
    struct escalator *e = mem_zalloc(sizeof(*e));
    bool ok = station_init(&e->station, process, "results", &events, e, err);
    e->storing = store_new(process, e->station.pg, &storing, e);
    e->finding = store_new(process, e->station.pg, &finding, e);
    revisions_init(&e->revisions, &e->station);
    e->auditing = store_new(process, e->station.pg, &auditing, e);
    e->auditor = auditor_new(process, e->station.pg);
    *out = e;
    return ok;
}

void escalator_close(struct escalator *e) {
    station_fini(&e->station);
    while (e->unknown_count > 0) {
        forget_first(e);
    }
    mem_free(e->unknown);
    config_release(e->newest);
    store_free(e->storing);
    store_free(e->finding);
    revisions_fini(&e->revisions);
    store_free(e->auditing);
    auditor_free(e->auditor);
    rules_fini(&e->rules);
    mem_free(e);
}
