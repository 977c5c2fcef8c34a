#include "job/decide.h"

#include <assert.h>
#include <math.h>

#include "job/answer.h"

static const char *const verdict_names[] = {"none", "accept",  "escalate", "review",
                                            "dead", "expired", "cancelled"};

const char *verdict_name(enum verdict verdict) {
    return verdict_names[verdict];
}

enum verdict verdict_parse(struct slice name) {
    for (int i = VERDICT_ACCEPT; i <= VERDICT_CANCELLED; i++) {
        if (slice_is(name, verdict_names[i])) {
            return (enum verdict)i;
        }
    }
    return VERDICT_NONE;
}

static void because_of(struct decision *d, struct decision_reason reason) {
    if (d->reason_count < DECISION_REASONS_MOST) {
        d->reasons[d->reason_count++] = reason;
    }
}

static void because_text(struct decision *d, struct slice code, struct slice text) {
    because_of(d, (struct decision_reason){.code = code, .text = text});
}

static void because(struct decision *d, enum reason reason) {
    because_text(d, slice_of(reason_code(reason)), (struct slice){0});
}

// The verdicts, by how strongly they bind when several things are wrong with one answer.
static enum verdict stronger(enum verdict a, enum verdict b) {
    static const int strength[] = {[VERDICT_NONE] = 0, [VERDICT_ACCEPT] = 1, [VERDICT_ESCALATE] = 2,
                                   [VERDICT_REVIEW] = 3, [VERDICT_DEAD] = 4, [VERDICT_EXPIRED] = 5,
                                   [VERDICT_CANCELLED] = 6};
    return strength[b] > strength[a] ? b : a;
}

static enum verdict judge_error(const struct facts *f, struct decision *d) {
    enum reason reason = reason_parse(f->attempt->error);
    because_text(d, f->attempt->error, f->attempt->error_text);
    if (reason == REASON_JOB_CANCELLED) {
        return VERDICT_CANCELLED;
    }
    if (reason == REASON_JOB_EXPIRED) {
        return VERDICT_EXPIRED;
    }
    return reason_effect(reason) == REASON_EFFECT_DEAD ? VERDICT_DEAD : VERDICT_ESCALATE;
}

static enum verdict judge_form(const struct facts *f, struct arena *arena, struct decision *d) {
    struct slice detail = {0};
    enum reason reason = answer_check(&f->path->answer, f->attempt->answer, arena, &detail);
    if (reason == REASON_NONE) {
        return VERDICT_ACCEPT;
    }
    because_text(d, slice_of(reason_code(reason)), detail);
    return VERDICT_ESCALATE;
}

static enum verdict rules_want(const struct facts *f) {
    enum verdict verdict = VERDICT_ACCEPT;
    for (uint32_t i = 0; i < f->rule_count; i++) {
        verdict = stronger(verdict, f->rules[i].wants);
    }
    return verdict;
}

static enum verdict judge_rules(const struct facts *f, struct decision *d) {
    for (uint32_t i = 0; i < f->rule_count; i++) {
        const struct rule_verdict *rule = &f->rules[i];
        because_of(d, (struct decision_reason){rule->code, rule->text,
                                               .note = rule->wants == VERDICT_ACCEPT});
    }
    return rules_want(f);
}

// True: sure enough by the threshold, but not while its certificate's promise is broken.
static bool is_doubted(const struct path *path, double confidence, struct decision *d) {
    switch (path->broken) {
    case BROKEN_ALERT:
        return false;
    case BROKEN_RAISE:
        d->threshold = (1 + d->threshold) / 2;
        if (confidence >= d->threshold) {
            return false;
        }
        break;
    case BROKEN_NEXT:
        break;
    }
    because(d, REASON_CERTIFICATE_BROKEN);
    return true;
}

static enum verdict judge_confidence(const struct facts *f, int place, struct arena *arena,
                                     struct decision *d) {
    double confidence = f->attempt->confidence;
    if (f->path->tiers[place].skipped) {  // it answers a sample, or did before its certificate came
        because(d, REASON_TIER_SKIPPED);
        return VERDICT_ESCALATE;
    }
    d->threshold = f->path->tiers[place].accept;
    if (d->threshold <= 0) {
        return VERDICT_ACCEPT;  // rules only: the tier's confidence does not count
    }
    if (isnan(confidence) || confidence < 0 || confidence > 1) {
        because(d, REASON_ANSWER_CONFIDENCE);
        return VERDICT_ESCALATE;
    }
    if (confidence >= d->threshold && !(f->broken && is_doubted(f->path, confidence, d))) {
        return VERDICT_ACCEPT;
    }
    if (confidence >= d->threshold) {
        return VERDICT_ESCALATE;
    }
    because_text(d, slice_of(reason_code(REASON_CONFIDENCE_LOW)),
                 arena_printf(arena, "%.4f, under the threshold of %.4f", confidence,
                              d->threshold));
    return VERDICT_ESCALATE;
}

static enum verdict judge(const struct facts *f, int place, struct arena *arena,
                          struct decision *d) {
    if (f->attempt->error.at) {
        return judge_error(f, d);
    }
    enum verdict verdict = judge_form(f, arena, d);
    if (verdict != VERDICT_ACCEPT) {
        return verdict;
    }
    verdict = judge_rules(f, d);
    return stronger(verdict, judge_confidence(f, place, arena, d));
}

static int64_t spent(const struct facts *f) {
    return job_spent_pico_usd(f->job) + f->attempt->cost_pico_usd;
}

// The first of the tiers that follow whose usual latency leaves time for an answer; -1: none does.
static int next_in_time(const struct facts *f, int place) {
    int next = path_tier_after(f->path, place, f->job->all_tiers);
    while (next >= 0 && f->job->deadline_ms > 0 &&
           f->now_ms + f->usual[next].latency_ms >= f->job->deadline_ms) {
        next = path_tier_after(f->path, next, f->job->all_tiers);
    }
    return next;
}

// What keeps the job from moving on; REASON_NONE: nothing.
static enum reason bound(const struct facts *f, int place) {
    const struct path *path = f->path;
    int next = path_tier_after(path, place, f->job->all_tiers);
    if (slice_is(f->attempt->error, reason_code(REASON_SPEND_BATCH))) {
        return REASON_SPEND_BATCH;
    }
    if (next < 0) {
        return REASON_LIMIT_TIERS;
    }
    if (f->job->hop + 1 >= path->hops) {
        return REASON_LIMIT_HOPS;
    }
    int64_t cap = path->spend_pico_usd;
    int in_time = next_in_time(f, place);
    next = in_time >= 0 ? in_time : next;
    if (cap > 0 && (spent(f) >= cap || spent(f) + f->usual[next].cost_pico_usd > cap)) {
        return REASON_LIMIT_SPEND;
    }
    return in_time < 0 ? REASON_LIMIT_DEADLINE : REASON_NONE;
}

// The hop with the highest confidence among answers of the right form that breach no rule; -1:
// there is none. A later tier's answer wins a tie, and an answer with no confidence loses to any
// with one.
static int best_hop(const struct facts *f, struct arena *arena) {
    int best = -1;
    double most = -1;
    for (uint32_t i = 0; i <= f->job->trail_count; i++) {
        const struct attempt *a = i < f->job->trail_count ? &f->job->trail[i] : f->attempt;
        bool breached = a == f->attempt ? rules_want(f) != VERDICT_ACCEPT : a->breached;
        struct slice detail;
        if (breached || a->error.at || answer_check(&f->path->answer, a->answer, arena, &detail)) {
            continue;
        }
        double confidence = a->confidence >= 0 && a->confidence <= 1 ? a->confidence : 0;
        if (confidence >= most) {
            most = confidence;
            best = (int)a->hop;
        }
    }
    return best;
}

static void end_path(const struct facts *f, struct arena *arena, struct decision *d) {
    switch (f->path->last) {
    case LAST_ACCEPT_BEST:
        d->answer_hop = best_hop(f, arena);
        d->verdict = d->answer_hop >= 0 ? VERDICT_ACCEPT : VERDICT_REVIEW;
        break;
    case LAST_DEAD:
        d->verdict = VERDICT_DEAD;
        break;
    case LAST_REVIEW:
        d->verdict = VERDICT_REVIEW;
        break;
    }
}

// True: to the next tier, or the first after it that is in time.
static bool escalate(const struct facts *f, int place, enum reason stop, struct arena *arena,
                     struct decision *d) {
    if (stop != REASON_NONE) {
        return false;
    }
    int to = next_in_time(f, place);
    for (int next = path_tier_after(f->path, place, f->job->all_tiers); next != to;
         next = path_tier_after(f->path, next, f->job->all_tiers)) {
        because_text(d, slice_of(reason_code(REASON_DEADLINE_NEAR)),
                     arena_printf(arena, "%.3f s are left, and %s usually takes up to %.3f s",
                                  (double)(f->job->deadline_ms - f->now_ms) / 1000,
                                  f->path->tiers[next].name,
                                  (double)f->usual[next].latency_ms / 1000));
    }
    d->verdict = VERDICT_ESCALATE;
    d->next_tier = f->path->tiers[to].name;
    return true;
}

static void because_stopped(struct decision *d, enum reason stop) {
    if (stop != REASON_SPEND_BATCH) {  // the attempt's own error, and so a reason already
        because(d, stop);
    }
}

// A job of which every tier shall answer goes to people from the last, who label it.
static void sample_on(const struct facts *f, int place, struct arena *arena,
                      struct decision *d) {
    enum reason stop = bound(f, place);
    because(d, REASON_JOB_ALL_TIERS);
    if (!escalate(f, place, stop, arena, d)) {
        if (stop != REASON_LIMIT_TIERS) {
            because_stopped(d, stop);
        }
        d->verdict = VERDICT_REVIEW;
    }
}

static void move_on(const struct facts *f, int place, struct arena *arena, struct decision *d) {
    enum reason stop = bound(f, place);
    if (escalate(f, place, stop, arena, d)) {
        return;
    }
    because_stopped(d, stop);
    end_path(f, arena, d);
}

const char *decide_audit_tier(const struct path *path, const struct attempt *attempt) {
    bool other = path->audit_tier && !slice_is(attempt->tier, path->audit_tier);
    return other && attempt->hop + 1 < HOPS_MOST ? path->audit_tier : NULL;
}

// Neither cancelled nor expired nor dead by an error; what a rule says of an answer ends no sample.
static bool goes_on(const struct facts *f, const struct decision *d) {
    return f->attempt->error.at == NULL || d->verdict == VERDICT_ESCALATE;
}

void decide(const struct facts *f, struct arena *arena, struct decision *d) {
    d->verdict = VERDICT_DEAD;
    d->reason_count = 0;
    d->next_tier = NULL;
    d->answer_hop = -1;
    d->threshold = NAN;
    d->audit = false;
    d->audit_tier = NULL;
    d->cost_pico_usd = spent(f);
    int place = f->path ? path_tier_index(f->path, f->attempt->tier) : -1;
    if (place < 0) {
        because(d, f->path ? REASON_PATH_TIER : REASON_PATH_UNKNOWN);
        return;
    }
    d->verdict = judge(f, place, arena, d);
    if (f->job->all_tiers && goes_on(f, d)) {
        sample_on(f, place, arena, d);
    } else if (d->verdict == VERDICT_ESCALATE) {
        move_on(f, place, arena, d);
    } else if (d->verdict == VERDICT_ACCEPT) {
        d->answer_hop = (int)f->attempt->hop;
    }
    d->audit = d->verdict == VERDICT_ACCEPT && f->chance < f->path->audit;
    d->audit_tier = d->audit ? decide_audit_tier(f->path, f->attempt) : NULL;
    assert(d->verdict == VERDICT_ACCEPT || d->reason_count > 0);
}
