#include "check.h"

#include <string.h>

#include "base/metric.h"
#include "facts.h"
#include "node.h"

// --- outcomes

static void check_outcome(struct subject *s) {
    struct decision_row *final = subject_outcome(s);
    unsigned finals = 0;
    for (unsigned hop = 0; hop < VISIT_HOPS; hop++) {
        finals += s->decisions[hop].stored && s->decisions[hop].final;
    }
    if (finals > 1) {
        broken("job %u has %u final decisions", s->number, finals);
    }
    if (final == NULL && s->letters_counted == 0) {
        broken("job %u has no outcome", s->number);
    }
    if (final && s->outcomes == 0 && s->letters_counted == 0) {
        broken("the outcome of job %u was never published", s->number);
    }
    if (final == NULL && s->letters + s->letters_gone == 0) {
        broken("the dead letter of job %u was never published", s->number);
    }
    if (s->letters_decided != (final && final->verdict == VERDICT_DEAD)) {
        broken("job %u has %u letters of a decision, and was%s decided dead", s->number,
               s->letters_decided, final && final->verdict == VERDICT_DEAD ? "" : " not");
    }
}

// --- hops

static void check_decision(const struct subject *s, unsigned hop) {
    const struct decision_row *d = &s->decisions[hop];
    int64_t cost = 0;
    if (!d->stored) {
        return;
    }
    for (unsigned i = 0; i <= hop; i++) {
        cost += s->attempts[i].stored ? s->attempts[i].attempt.cost_pico_usd : 0;
    }
    if (!s->attempts[hop].stored) {
        broken("job %u hop %u is decided, and has no attempt", s->number, hop);
    }
    if (cost != d->cost_pico_usd) {
        broken("job %u hop %u: its decision says that it cost %lld, its attempts say %lld",
               s->number, hop, (long long)d->cost_pico_usd, (long long)cost);
    }
    if (!d->final && s->jobs[hop + 1] == 0 && s->letters_counted == 0) {
        broken("job %u was escalated from hop %u, and never arrived", s->number, hop);
    }
    if (d->verdict != VERDICT_ACCEPT && d->reasons.len == 0) {
        broken("job %u hop %u: decided for no reason", s->number, hop);
    }
}

// Calls that came to nothing need a reason: the process died, or lost the partition; or a try
// failed and the next was left to another process, because the partition moved or the process
// drained; or one who had lost the partition, or died with its statement under way, or had a copy
// from another partition, was first.
static void check_calls(const struct subject *s, unsigned hop) {
    const struct attempt_row *row = &s->attempts[hop];
    bool overtaken = row->stored && (lives[row->life].lost || lives[row->life].crashed ||
                                     s->scattered);
    bool buried = s->letters_counted > 0 || s->refuse_attempt;
    for (unsigned i = 0; i < s->visit_counts[hop]; i++) {
        const struct visit *v = &s->visits[hop][i];
        bool stores = row->stored && row->life == v->life;
        unsigned kept = stores ? row->attempt.calls : 0;
        if (stores && v->calls < kept) {
            broken("job %u hop %u: its attempt says %u calls, there were %u", s->number, hop,
                   kept, v->calls);
            return;
        }
        if (stores && v->calls == kept && v->cost_pico_usd != row->attempt.cost_pico_usd) {
            broken("job %u hop %u: its attempt says a cost of %lld, its calls had %lld", s->number,
                   hop, (long long)row->attempt.cost_pico_usd, (long long)v->cost_pico_usd);
        }
        unsigned repeated = v->calls - kept;
        world.repeated += row->stored ? repeated : 0;
        const struct life *life = &lives[v->life];
        bool by_death = row->stored && life->crashed && !life->left && !life->lost;
        world.by_death += by_death ? repeated : 0;
        unsigned of_it = stores ? 1 + (row->attempt.verifier.at != NULL) : 0;
        unsigned good = v->good > of_it ? v->good - of_it : 0;
        if (repeated == 0 || life->crashed || life->lost || buried || overtaken ||
            (life->left && good == 0)) {
            continue;
        }
        broken("job %u hop %u: %u calls by life %u came to nothing, %u of them with an answer",
               s->number, hop, repeated, v->life, good);
    }
}

static void check_revisions(const struct subject *s) {
    for (unsigned i = 0; i < REVISIONS_MOST; i++) {
        const struct revision_row *row = &s->revisions[i];
        if (row->stored && (row->told == 0 || !row->published)) {
            broken("job %u: revision %u was never published", s->number, i + 1);
        }
    }
}

// A tier waits for a model that cannot be reached; nobody is passed on for that.
static void check_held(const struct subject *s, unsigned hop) {
    const struct attempt_row *row = &s->attempts[hop];
    if (row->stored && slice_is(row->attempt.error, reason_code(REASON_ERROR_CONNECT))) {
        broken("job %u hop %u is passed on, for its model was away", s->number, hop);
    }
}

// The audit's tier was asked, once, and what it said was heard; that changed no outcome.
static void check_audit(struct subject *s) {
    const struct decision_row *final = subject_outcome(s);
    unsigned next = final ? (unsigned)(final - s->decisions) + 1 : VISIT_HOPS;
    for (unsigned hop = next; hop < VISIT_HOPS; hop++) {
        if (s->decisions[hop].stored) {
            broken("job %u has its outcome, and is decided again at hop %u", s->number, hop);
        }
    }
    if (final == NULL || !subject_is_heard(final) || s->letters_counted > 0) {
        return;
    }
    const struct attempt_row *row = &s->attempts[next];
    if (s->jobs[next] == 0 || !row->stored) {
        broken("job %u is drawn for the audit, and no tier was asked", s->number);
    } else if (slice_is(row->attempt.error, reason_code(REASON_TIER_SKIPPED))) {
        broken("job %u is drawn for the audit, and its tier skipped it", s->number);
    } else if (s->audits != (row->attempt.answer.at != NULL)) {
        broken("job %u is drawn for the audit, and what its tier said was not heard", s->number);
    }
}

static void check_subject(struct subject *s) {
    if (s->sent == 0) {
        return;
    }
    check_outcome(s);
    check_revisions(s);
    check_audit(s);
    for (unsigned hop = 0; hop < VISIT_HOPS; hop++) {
        check_decision(s, hop);
        check_held(s, hop);
        check_calls(s, hop);
    }
}

// --- batches

static void add_rows(const struct subject *s, struct batch_row *sum, int batch) {
    for (unsigned hop = 0; hop < VISIT_HOPS; hop++) {
        const struct attempt_row *a = &s->attempts[hop];
        const struct decision_row *d = &s->decisions[hop];
        if (a->stored && a->batch == batch) {
            sum->cost_pico_usd += a->attempt.cost_pico_usd;
        }
        if (d->stored && d->batch == batch) {
            sum->accepted += d->verdict == VERDICT_ACCEPT;
            sum->review += d->verdict == VERDICT_REVIEW;
            sum->dead += d->verdict == VERDICT_DEAD;
            sum->expired += d->verdict == VERDICT_EXPIRED;
            sum->cancelled_jobs += d->verdict == VERDICT_CANCELLED;
        }
    }
}

static void check_batch(int batch) {
    const struct batch_row *b = &batches[batch];
    struct batch_row sum = {0};
    int64_t jobs = 0, by_letter = 0;
    for (unsigned i = 0; i < subject_count; i++) {
        struct subject *s = subjects[i];
        add_rows(s, &sum, batch);
        jobs += s->batch == batch && s->sent > 0;
        by_letter += s->batch == batch && s->sent > 0 && subject_outcome(s) == NULL;
    }
    sum.dead += by_letter;
    int64_t done = b->accepted + b->review + b->dead + b->expired + b->cancelled_jobs;
    if (b->cost_pico_usd != sum.cost_pico_usd) {
        broken("batch %d cost %lld, its attempts %lld", batch, (long long)b->cost_pico_usd,
               (long long)sum.cost_pico_usd);
    }
    if (b->accepted != sum.accepted || b->review != sum.review || b->dead != sum.dead ||
        b->expired != sum.expired || b->cancelled_jobs != sum.cancelled_jobs || done != jobs) {
        broken("batch %d of %lld jobs counts %lld outcomes (dead %lld), rows say dead %lld", batch,
               (long long)jobs, (long long)done, (long long)b->dead, (long long)sum.dead);
    }
    for (unsigned i = 0; i < b->tier_count; i++) {
        sum.cost_pico_usd -= b->tiers[i].cost_pico_usd;
        sum.accepted -= b->tiers[i].accepted;
    }
    if (sum.cost_pico_usd != 0 || sum.accepted != 0) {
        broken("the tiers of batch %d do not sum up to it", batch);
    }
}

// --- all

static void check_records(void) {
    for (unsigned i = 0; i < topic_count; i++) {
        for (int p = 0; p < topics[i].log_count && topics[i].is_read; p++) {
            const struct log *log = &topics[i].logs[p];
            for (size_t e = 0; e < log->count; e++) {
                const char *missing = entry_unfinished(log->entries[e]);
                if (missing) {
                    broken("%s [%d] %lld: there is no %s", topics[i].name, p,
                           (long long)log->entries[e]->offset, missing);
                }
            }
        }
    }
}

void check_all(void) {
    world.repeated = world.by_death = 0;
    check_records();
    for (unsigned i = 0; i < subject_count; i++) {
        check_subject(subjects[i]);
    }
    for (int i = 0; i < batch_count; i++) {
        check_batch(i);
    }
    if (world.by_death > world.in_hand) {
        broken("%llu calls were repeated, and %llu in hand at the deaths",
               (unsigned long long)world.by_death, (unsigned long long)world.in_hand);
    }
}

void check_idle(void) {
    static const char *const steps[] = {"all", "publishing", "admitting", "ready",
                                        "calling", "waiting", "storing"};
    for (unsigned i = 0; i < node_count; i++) {
        struct metrics *metrics = &nodes[i].process.metrics;
        if (!nodes[i].up) {
            broken("%s is not up", nodes[i].instance);
            continue;
        }
        for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
            double hops = metric_cell(metrics, METRIC_HOPS_IN_STEP, steps[s])->value;
            if (hops > 0) {
                broken("%s is at rest with %.0f hops in '%s'", nodes[i].instance, hops, steps[s]);
            }
        }
        double bytes = metric_cell(metrics, METRIC_MEMORY_BYTES, "")->value;
        if (bytes > 0) {
            broken("%s is at rest and holds %.0f bytes for hops", nodes[i].instance, bytes);
        }
    }
}
