// Which cuts are tested, and at which level.
//
// A start has a share of delta and a place: the first cut that accepts so many items. From the
// first start on cuts are tested from high to low; what is rejected hands its level on to the next
// cut, a cut that is not rejected keeps it, and every start adds its own: the fallback procedure
// (Wiens 2003; Wiens and Dmitrienko 2005; weights that sum to delta bound the chance of any false
// rejection by delta). So an unlucky first few hundred items, at which a fixed sequence with one
// start ends for good, cost their share of delta and no more, and where nothing went wrong the
// whole of delta stands behind the last cut.
//
//     accepted   0 ── .15 ──────── .35 ────────── .55 ─────────────────── 1
//     level           .30 δ ─────► .85 δ ───────► .99 δ ───────────────► δ
//
// Shares: most of delta stands at .35, below what most models get right by far and yet many items;
// .15 is for those that are sure of little, .55 for those whose errors are spread evenly, and 1 for
// a model that needs no threshold. Nothing below .15 is tested: an acceptance so small is worth
// little, and confidence at its very top is where anti-informative models look good.
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
} starts[] = {{.15, .30}, {.35, .55}, {.55, .14}, {1, .01}};
enum { STARTS = sizeof(starts) / sizeof(starts[0]), FIRST_ALONE = 2 };

static const double weight_before_all = .99;  // of all starts but the last
// .35 of the items, over those of which two may be wrong.
static const double several_from = 1.4;
static const double least_used = .6;  // of a level, or the cut is left out

struct plan {
    uint64_t from[STARTS];  // accepted items
    double level[STARTS];
    int count;
};

// Items of which none may be wrong are enough for a small share, one wrong for a large one.
static void plan_several(struct plan *plan, const struct certify_promise *promise,
                         uint64_t labels) {
    plan->count = STARTS;
    for (int i = 0; i < STARTS; i++) {
        double level = starts[i].weight * promise->delta;
        uint64_t least = stats_least(starts[i].weight > .3, promise->risk, level);
        uint64_t from = (uint64_t)ceil(starts[i].accepted * (double)labels);
        plan->from[i] = from > least ? from : least;
        plan->level[i] = level;
    }
    plan->from[STARTS - 1] = labels;
}

static void plan_starts(struct plan *plan, const struct certify_promise *promise,
                        uint64_t labels) {
    double level = weight_before_all * promise->delta;
    uint64_t least = stats_least(FIRST_ALONE, promise->risk, level);
    if (starts[1].accepted * (double)labels >= several_from * (double)least) {
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

static bool is_tested(const struct certify_counts *counts, size_t cut, double risk, double level) {
    return cut + 1 == counts->cuts ||
           level_used(counts->accepted[cut], risk, level) >= least_used * level;
}

// How the level comes to a cut: what the starts up to it add.
static double added(const struct plan *plan, const struct certify_counts *counts, size_t cut) {
    uint64_t before = cut > 0 ? counts->accepted[cut - 1] : 0;
    double sum = 0;
    for (int i = 0; i < plan->count; i++) {
        bool here = plan->from[i] > before && plan->from[i] <= counts->accepted[cut];
        // Items without a confidence are never accepted: the last start is the last cut.
        bool last = i + 1 == plan->count && cut + 1 == counts->cuts && plan->from[i] > before;
        sum += here || last ? plan->level[i] : 0;
    }
    return sum;
}

static bool search(const struct certify_promise *promise, const struct certify_counts *counts,
                   struct certify_result *result) {
    struct plan plan;
    double level = 0;
    bool found = false;
    plan_starts(&plan, promise, counts->labels);
    for (size_t cut = 0; cut < counts->cuts; cut++) {
        double more = added(&plan, counts, cut);
        level += more;
        if (level == 0 || (more == 0 && !is_tested(counts, cut, promise->risk, level))) {
            continue;
        }
        if (stats_at_most(counts->wrong[cut], counts->accepted[cut], promise->risk) <= level) {
            *result = (struct certify_result){CERTIFY_HOLDS, cut, level, 0};
            found = true;
        } else {
            level = 0;
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
    double risk = promise->risk, z = normal_quantile(promise->delta), power = normal_quantile(.2);
    double root = z * sqrt(risk * (1 - risk)) + power * sqrt(rate * (1 - rate));
    double normal = root * root / ((risk - rate) * (risk - rate));
    return fmax(normal, (double)stats_least(1, risk, promise->delta)) / share;
}

static uint64_t two_digits(double value) {
    double unit = pow(10, fmax(0, floor(log10(value)) - 1));
    return (uint64_t)(ceil(value / unit) * unit);
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
    bool few = counts->labels < least || counts->cuts == 0;
    *result = (struct certify_result){.verdict = few                ? CERTIFY_FEW
                                                 : isinf(needed) ? CERTIFY_ABOVE
                                                                 : CERTIFY_UNCERTAIN};
    if (few && isinf(needed)) {
        needed = labels_for(promise, promise->risk / 2, .5);
    }
    if (!isinf(needed)) {
        result->labels_needed = two_digits(fmax(needed, 1.1 * labels));
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
