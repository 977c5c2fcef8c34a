// All that is known of every job: what was put in, called, stored and published. The fakes write
// it as things happen; the checks read it.
#ifndef TASKFIT_SIM_FACTS_H
#define TASKFIT_SIM_FACTS_H

#include "base/uuid.h"
#include "broker.h"
#include "job/decide.h"
#include "job/job.h"

enum { VISIT_HOPS = 6, VISITS_MOST = 24, SUBJECTS_MOST = 256, BATCHES_MOST = 3 };

// The calls for one hop by one life of a process.
struct visit {
    unsigned life;
    unsigned calls;
    unsigned good;         // answered well, and the answer was heard
    int64_t cost_pico_usd; // of the replies that were heard
    int64_t admitted_us;   // when the database last said that nothing is stored; -1: never
};

struct attempt_row {
    bool stored;
    unsigned life;  // of who stored it
    int64_t stored_us;
    struct attempt attempt;
    int batch;
};

struct decision_row {
    bool stored, final;
    enum verdict verdict;
    struct slice tier, reasons, explanation, next_tier, policy, path;
    int answer_hop;  // -1: none
    bool audit;
    double confidence, threshold;
    int64_t cost_pico_usd;
    int batch;
};

// What people made of an outcome: revision n + 1.
struct revision_row {
    bool stored, published;
    int64_t claimed_until_us;  // 0: nobody has claimed it
    unsigned told;             // records in the log
};

enum { REVISIONS_MOST = 2 };

// Of a hop's shadows: calls, and rows.
enum { SHADES = 2 };
struct shadow_facts {
    unsigned calls, rows;
    int64_t cost_pico_usd;  // of replies that were heard
};

struct subject {
    struct uuid id;
    unsigned number;
    bool refuse_attempt, refuse_decision;  // the database will never take its row at hop 0
    bool cancelled, certified;  // certified: by a certificate, which leaves the tier mid out
    bool scattered;        // copies of it lie in several partitions
    int64_t cancelled_us;
    int64_t expires_ms;    // Unix time; 0: never
    int batch, order;      // -1: none; its order key, 0: none
    const char *lane, *first_lane;  // its path's; where its producer sent it
    unsigned sent;         // records by the producer
    unsigned visit_counts[VISIT_HOPS];
    struct visit visits[VISIT_HOPS][VISITS_MOST];
    struct attempt_row attempts[VISIT_HOPS];
    struct shadow_facts shadows[VISIT_HOPS][SHADES];
    struct decision_row decisions[VISIT_HOPS];
    struct revision_row revisions[REVISIONS_MOST];
    unsigned jobs[VISIT_HOPS], results[VISIT_HOPS], outcomes;  // records in the logs
    unsigned audits;  // rows: what the audit's tier said was heard
    unsigned letters, letters_counted, letters_decided, letters_gone;
    bool called_letters[VISIT_HOPS];  // a letter says that the hop was called in vain
};

struct batch_tier {
    struct slice tier;
    int64_t attempts, errors, accepted, escalated, ended, cost_pico_usd;
};

struct batch_row {
    struct uuid id;
    bool cancelled;
    int64_t cancelled_us;
    int64_t cap_pico_usd;  // -1: none
    int64_t capped_us;     // when its cost reached that; 0: not yet
    int64_t accepted, review, dead, expired, cancelled_jobs, cost_pico_usd;
    struct batch_tier tiers[8];
    unsigned tier_count;
};

extern struct subject *subjects[SUBJECTS_MOST];
extern unsigned subject_count;
extern struct batch_row batches[BATCHES_MOST];
extern int batch_count;
extern bool policies_stored;

void facts_begin(void);
struct subject *subject_new(void);
struct subject *subject_find(struct slice id);  // NULL: nobody's
struct slice subject_key(const struct subject *subject);  // of its records
const char *subject_name(const struct subject *subject);
struct visit *subject_visit(struct subject *subject, unsigned hop, unsigned life);
struct decision_row *subject_outcome(struct subject *subject);  // the final decision; NULL: none
int batch_find(struct slice id);  // -1: none
bool subject_is_heard(const struct decision_row *outcome);  // its audit asks a tier

// Of a life that ends: its calls whose attempts it has not stored, and so may be repeated.
unsigned facts_calls_in_hand(unsigned life);

// A record came into a log: what it says is noted.
void facts_appended(struct entry *entry);

const char *entry_unfinished(const struct entry *entry);  // until it is committed; NULL: nothing

#endif
