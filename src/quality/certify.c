// Which cuts are tested, and when one holds.
//
// A start has a weight, a share of delta, and a place: the first cut that accepts so many items. A
// cut holds when from some start on every cut that is tested, down to itself, has a p-value of at
// most delta times the weights of the starts in between. So an unlucky first few hundred items, at
// which a fixed sequence with one start ends for good, cost their share of delta and no more, and
// where nothing went wrong nearly the whole of delta stands behind the last cut.
//
//     accepted   0 ── .15 ────────────── .45 ──── .58 ────────────────── 1
//     weights         .50                .30      .15                  .05
//     level           .50 δ ───────────► .80 δ ─► .95 δ ───────────────► δ
//
// That is a closed test (Marcus, Peritz and Gabriel 1976). A set of cuts of which all are above
// risk is rejected by Simes' test with weights: a start's weight goes to the first cut of the set
// at or after it. For the set that is hardest to reject among those that hold a given cut, the
// weight of each start stands at the largest p-value between them, which gives the rule. Simes'
// test is valid because the counts of nested cuts are sums of more and more independent items, so
// that the p-values are positively dependent (MTP2; Sarkar 1998; with weights, Blanchard and
// Roquain 2008), whatever the error rates are.
//
// The places: .15 is what a model must be trusted with to be of use; .45 and .58 are for errors
// that are spread evenly, where the first few items tell little, and 1 is for a model that needs no
// threshold. Nothing below .15 is tested: an acceptance so small is worth little, and
// confidence at its very top is where anti-informative models look good. `make quality-bench` shows
// what they give.
//
// Few labels carry one start only, at the items of which two may be wrong (one, or none, where two
// would be more than half of all): on fewer a single unlucky error ends it.
//
// A binomial has steps: just before one more error is allowed, the level that a test really uses
// may be a third of what it has, and it rejects little. Such cuts are left out: which they are
// depends on n alone.
#include "quality/certify.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "quality/stats.h"

static const struct start {
    double accepted;  // of the labelled items
    double weight;    // of delta
} starts[] = {{.15, .50}, {.45, .30}, {.58, .15}, {1, .05}};
enum { STARTS = sizeof(starts) / sizeof(starts[0]), FIRST_ALONE = 2 };

static const double weight_alone = .995;  // the rest is for accepting all
static const double several_from = 4;  // times the items of which two may be wrong
static const double least_used = .6;  // of a level, or the cut is left out

struct plan {
    uint64_t from[STARTS];  // accepted items
    double level[STARTS];
    int count;
};

// The part of level that a test on n items can use: the greatest P(Bin(n, risk) <= k) within it.
// From 60 expected errors on one more changes it by less than `least_used` leaves.
static double level_used(uint64_t n, double risk, double level) {
    double used = 0;
    if ((double)n * risk > 60) {
        return level;
    }
    for (uint64_t k = 0; k < n; k++) {
        double next = stats_at_most(k, n, risk);
        if (next > level) {
            break;
        }
        used = next;
    }
    return used;
}

// The place of a start: the first number of items, from `least` on, at which a test uses most of
// its level, and at which one error is allowed.
static uint64_t place(const struct certify_promise *promise, double level, uint64_t least) {
    uint64_t wrong = 1, items = stats_least(wrong, promise->risk, level);
    while (items < least && (double)items * promise->risk <= 60) {
        items = stats_least(++wrong, promise->risk, level);
    }
    return items > least ? items : least;
}

static void plan_several(struct plan *plan, const struct certify_promise *promise,
                         uint64_t labels) {
    plan->count = STARTS;
    for (int i = 0; i < STARTS; i++) {
        double level = starts[i].weight * promise->delta;
        uint64_t least = (uint64_t)ceil(starts[i].accepted * (double)labels);
        plan->from[i] = i + 1 == STARTS ? labels : place(promise, level, least);
        plan->level[i] = level;
    }
}

static void plan_starts(struct plan *plan, const struct certify_promise *promise,
                        uint64_t labels) {
    double level = weight_alone * promise->delta;
    uint64_t least = stats_least(FIRST_ALONE, promise->risk, level);
    if ((double)labels >= several_from * (double)least) {
        plan_several(plan, promise, labels);
        return;
    }
    for (uint64_t wrong = FIRST_ALONE; wrong > 0 && least > labels / 2;) {
        wrong--;
        least = stats_least(wrong, promise->risk, level);
    }
    *plan = (struct plan){.from = {least, labels},
                          .level = {level, promise->delta - level},
                          .count = 2};
}

static bool is_tested(const struct certify_counts *counts, size_t cut, double risk, double level) {
    return cut + 1 == counts->cuts ||
           level_used(counts->accepted[cut], risk, level) >= least_used * level;
}

// A start that was reached, and what was seen from it on.
struct chain {
    double worst;  // the largest p-value
    double level;  // delta times the weights of the starts up to here
};

struct chains {
    struct chain at[STARTS];
    int count;
    double level;  // of the first
};

// Begins the chains whose starts this cut reaches. Items without a confidence are never accepted:
// the last start is the last cut.
static bool begin(struct chains *chains, const struct plan *plan,
                  const struct certify_counts *counts, size_t cut) {
    bool begun = false;
    bool last = cut + 1 == counts->cuts;
    while (chains->count < plan->count &&
           (plan->from[chains->count] <= counts->accepted[cut] ||
            (last && chains->count + 1 == plan->count))) {
        double level = plan->level[chains->count];
        chains->at[chains->count++] = (struct chain){0, 0};
        for (int i = 0; i < chains->count; i++) {
            chains->at[i].level += level;
        }
        chains->level += level;
        begun = true;
    }
    return begun;
}

// The level at which the cut holds; 0: it does not.
static double see(struct chains *chains, double p_value) {
    double level = 0;
    for (int i = 0; i < chains->count; i++) {
        struct chain *chain = &chains->at[i];
        chain->worst = fmax(chain->worst, p_value);
        level = chain->worst <= chain->level ? fmax(level, chain->level) : level;
    }
    return level;
}

// No chain can come to a level that what it has seen is within.
static bool is_over(const struct chains *chains, double delta) {
    for (int i = 0; i < chains->count; i++) {
        if (chains->at[i].worst <= delta) {
            return false;
        }
    }
    return true;
}

static bool search(const struct certify_promise *promise, const struct certify_counts *counts,
                   struct certify_result *result) {
    struct plan plan;
    struct chains chains = {.count = 0};
    bool found = false;
    plan_starts(&plan, promise, counts->labels);
    for (size_t cut = 0; cut < counts->cuts; cut++) {
        bool begun = begin(&chains, &plan, counts, cut);
        if (!begun && (is_over(&chains, promise->delta) ||
                       !is_tested(counts, cut, promise->risk, chains.level))) {
            continue;
        }
        double level = see(&chains, stats_at_most(counts->wrong[cut], counts->accepted[cut],
                                                  promise->risk));
        if (level > 0) {
            *result = (struct certify_result){CERTIFY_HOLDS, cut, fmin(level, promise->delta), 0};
            found = true;
        }
    }
    return found;
}

// --- what more labels would do

// z with P(N(0, 1) > z) = tail.
static double normal_quantile(double tail) {
    double low = -10, high = 10;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (erfc(middle / M_SQRT2) / 2 > tail) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

// Labels with which a test of `share` of them at an error rate of `rate` succeeds four times of
// five: the usual sample size of one proportion (Fleiss, "Statistical Methods for Rates and
// Proportions").
static double labels_for(const struct certify_promise *promise, double rate, double share) {
    double risk = promise->risk, level = starts[0].weight * promise->delta;
    double z = normal_quantile(level), power = normal_quantile(.2);
    double root = z * sqrt(risk * (1 - risk)) + power * sqrt(rate * (1 - rate));
    double normal = root * root / ((risk - rate) * (risk - rate));
    return fmax(normal, (double)stats_least(1, risk, level)) / share;
}

uint64_t certify_about(double labels) {
    double unit = pow(10, fmax(0, floor(log10(labels)) - 1));
    return (uint64_t)(ceil(labels / unit * (1 - 1e-12)) * unit);
}

static void refuse(const struct certify_promise *promise, const struct certify_counts *counts,
                   struct certify_result *result) {
    double labels = (double)counts->labels, needed = INFINITY;
    for (size_t cut = 0; cut < counts->cuts; cut++) {
        double accepted = (double)counts->accepted[cut], share = accepted / labels;
        // One error more than was seen: the best of many cuts looks better than it is.
        double rate = ((double)counts->wrong[cut] + 1) / (accepted + 1);
        if (share >= starts[0].accepted && rate < promise->risk) {
            needed = fmin(needed, labels_for(promise, rate, share));
        }
    }
    uint64_t least = stats_least(0, promise->risk, promise->delta);
    bool few = counts->labels < least;
    *result = (struct certify_result){.verdict = few                 ? CERTIFY_FEW
                                                 : counts->cuts == 0 ? CERTIFY_SILENT
                                                 : isinf(needed)     ? CERTIFY_ABOVE
                                                                     : CERTIFY_UNCERTAIN};
    if (few) {  // rates seen on so little say nothing of how many more are needed
        needed = labels_for(promise, promise->risk / 2, .5);
    }
    if (!isinf(needed)) {
        result->labels_needed = certify_about(fmax(needed, 1.1 * labels));
    }
}

void certify(const struct certify_promise *promise, const struct certify_counts *counts,
             struct certify_result *result) {
    assert(promise->risk > 0 && promise->risk < 1);
    assert(promise->delta > 0 && promise->delta < 1);
    if (counts->labels == 0 || !search(promise, counts, result)) {
        refuse(promise, counts, result);
    }
}
