#include "quality/tune.h"

#include <assert.h>
#include <math.h>

#include "base/mem.h"
#include "base/random.h"
#include "quality/arrangements.h"
#include "quality/calibrate.h"
#include "quality/stats.h"

static const double fitted_share = 0.3;  // of the items, to fit and to choose

struct tuning {
    struct cascade *cascade;
    const struct tune_options *options;
    struct tune_split split;
    struct cascade_sums *sums;       // of an arrangement on the fitting items
    struct cascade_sums *test_sums;  // on the others: of these only what labels do not tell
    struct arrangement arrangements[ARRANGEMENTS_MOST];
    size_t arrangement_count;
    struct tuned *tuned;
};

uint32_t *tune_shuffle(size_t count, uint64_t seed) {
    uint32_t *at = mem_array(count + 1, sizeof(*at));
    struct random random;
    random_seed(&random, seed);
    for (size_t i = 0; i < count; i++) {
        size_t j = (size_t)random_below(&random, i + 1);
        at[i] = at[j];
        at[j] = (uint32_t)i;
    }
    return at;
}

void tune_split_init(struct tune_split *split, size_t count, bool fits, uint64_t seed) {
    size_t fitted = (size_t)(fitted_share * (double)count);
    fitted = !fits ? 0 : fitted < CALIBRATE_MOST ? fitted : CALIBRATE_MOST;
    split->shuffled = tune_shuffle(count, seed);
    split->fit = (struct items){split->shuffled, fitted};
    split->test = (struct items){split->shuffled + fitted, count - fitted};
}

void tune_split_fini(struct tune_split *split) {
    mem_free(split->shuffled);
}

// --- calibrations

void tune_calibrate(struct cascade_tier *tier, struct items items,
                    double losses[CALIBRATE_KINDS]) {
    double *raw = mem_array(items.count + 1, sizeof(*raw));
    bool *correct = mem_array(items.count + 1, sizeof(*correct));
    for (size_t i = 0; i < items.count; i++) {
        raw[i] = tier->raw[items.at[i]];
        correct[i] = tier->correct[items.at[i]];
    }
    calibrate_choose((struct calibrate_rows){raw, correct, items.count}, &tier->calibration,
                     losses);
    mem_free(raw);
    mem_free(correct);
}

// Steps would tie confidences that the tested order told apart, and a flat map all of them.
static void fit_after(struct tuning *t) {
    struct calibration *calibration = &t->cascade->tiers[0].calibration;
    struct items some = {t->split.shuffled,
                         t->split.test.count < CALIBRATE_MOST ? t->split.test.count
                                                              : CALIBRATE_MOST};
    tune_calibrate(&t->cascade->tiers[0], some, t->tuned->tiers[0].losses);
    if (calibration->kind == CALIBRATION_ISOTONIC ||
        (calibration->kind == CALIBRATION_PLATT && calibration->a <= 0)) {
        calibrate_release(calibration);
    }
}

// --- what an arrangement gives on the fitting items

struct gain {
    size_t cut;
    double value;  // share of the items that is accepted, or right; negative: not allowed
    double cost;   // of that of the last tier alone
};

static double last_cost(const struct tuning *t, struct items items, uint64_t *right) {
    const struct cascade_tier *last = &t->cascade->tiers[t->cascade->tier_count - 1];
    double cost = 0;
    *right = 0;
    for (size_t i = 0; i < items.count; i++) {
        cost += last->cost[items.at[i]];
        *right += last->correct[items.at[i]];
    }
    return cost;
}

// The lowest cut whose rate, with one error more than was seen, is within the risk.
static struct gain accepted_within(const struct tuning *t) {
    const struct cascade_sums *s = t->sums;
    struct gain gain = {.value = -1};
    for (size_t cut = 0; cut < t->cascade->cut_count; cut++) {
        double accepted = (double)s->accepted[cut];
        if ((double)s->wrong[cut] + 1 <= t->options->promise.risk * (accepted + 1)) {
            gain = (struct gain){cut, accepted / (double)t->split.fit.count, s->cost[cut]};
        }
    }
    return gain;
}

static bool better(const struct tuning *t, const struct gain *a, const struct gain *b) {
    if (b->value < 0) {
        return true;
    }
    return t->options->goal == TUNE_MATCH ? a->cost < b->cost
                                          : a->value > b->value ||
                                                (a->value == b->value && a->cost < b->cost);
}

// What a policy costs does not depend on labels: the budget is kept on the testing items as well.
static struct gain right_within(const struct tuning *t, double budget, uint64_t right_least) {
    const struct cascade_sums *s = t->sums;
    struct gain best = {.value = -1};
    uint64_t right_of_last;
    double cost_most = INFINITY, test_cost_most = INFINITY;
    if (!isinf(budget)) {
        cost_most = budget * last_cost(t, t->split.fit, &right_of_last);
        test_cost_most = budget * last_cost(t, t->split.test, &right_of_last);
    }
    for (size_t cut = 0; cut < t->cascade->cut_count; cut++) {
        uint64_t right = s->accepted[cut] - s->wrong[cut] + s->unanswered_right[cut];
        struct gain gain = {cut, (double)right / (double)t->split.fit.count, s->cost[cut]};
        bool allowed = gain.cost <= cost_most && t->test_sums->cost[cut] <= test_cost_most &&
                       right >= right_least;
        if (allowed && better(t, &gain, &best)) {
            best = gain;
        }
    }
    return best;
}

static struct gain look(struct tuning *t, const struct arrangement *arrangement) {
    uint64_t right;
    double cost = last_cost(t, t->split.fit, &right);
    struct gain gain = {.value = -1};
    cascade_sum(t->cascade, arrangement, t->split.fit, t->sums);
    if (t->options->goal == TUNE_BUDGET) {
        cascade_sum(t->cascade, arrangement, t->split.test, t->test_sums);
    }
    switch (t->options->goal) {
    case TUNE_RISK:
        gain = accepted_within(t);
        break;
    case TUNE_BUDGET:
        gain = right_within(t, t->options->budget * (1 + 1e-9), 0);
        break;
    case TUNE_MATCH:
        gain = right_within(t, INFINITY, right);
        break;
    }
    gain.cost = cost > 0 ? gain.cost / cost : 0;
    return gain;
}

// --- which arrangement

// What an item costs on average, where people do what no tier accepts.
static double whole_cost(const struct tuning *t, const struct gain *gain) {
    return gain->cost + t->options->review_cost * (1 - gain->value);
}

static bool preferred(const struct tuning *t, const struct gain *a, const struct gain *b) {
    return t->options->goal == TUNE_RISK ? whole_cost(t, a) < whole_cost(t, b) : better(t, a, b);
}

static size_t choose(const struct tuning *t, const struct gain *gains) {
    size_t best = t->arrangement_count;
    for (size_t i = 0; i < t->arrangement_count; i++) {
        bool first = best == t->arrangement_count;
        if (gains[i].value >= 0 && (first || preferred(t, &gains[i], &gains[best]))) {
            best = i;
        }
    }
    return best;
}

// Nothing is good enough: all tiers in their order show how far off that is.
static void take_all(struct tuning *t) {
    struct arrangement *all = &t->tuned->arrangement;
    all->count = 0;
    for (uint32_t i = 0; i < t->cascade->tier_count; i++) {
        all->tiers[all->count++] = (uint8_t)i;
    }
}

static void tell_gains(struct tuning *t, const struct gain *gains, size_t chosen) {
    unsigned used = arrangement_set(&t->arrangements[chosen]);
    for (uint32_t tier = 0; tier < t->cascade->tier_count; tier++) {
        struct gain best = {.value = -1};
        for (size_t i = 0; i < t->arrangement_count; i++) {
            bool with = arrangement_set(&t->arrangements[i]) == (used | 1u << tier);
            if (with && gains[i].value >= 0 &&
                (best.value < 0 || preferred(t, &gains[i], &best))) {
                best = gains[i];
            }
        }
        bool told = best.value >= 0;
        t->tuned->tiers[tier].gain = told ? best.value - gains[chosen].value : NAN;
        t->tuned->tiers[tier].gain_cost = told ? best.cost - gains[chosen].cost : NAN;
    }
}

static size_t arrange(struct tuning *t) {
    struct gain *gains = mem_array(ARRANGEMENTS_MOST, sizeof(*gains));
    size_t cut = 0;
    t->arrangement_count = arrangements_list(t->cascade->tier_count, t->arrangements);
    for (size_t i = 0; i < t->arrangement_count; i++) {
        gains[i] = look(t, &t->arrangements[i]);
    }
    size_t chosen = choose(t, gains);
    if (chosen < t->arrangement_count) {
        t->tuned->arrangement = t->arrangements[chosen];
        cut = gains[chosen].cut;
        tell_gains(t, gains, chosen);
    } else if (t->options->goal == TUNE_RISK) {
        take_all(t);
    } else {
        t->tuned->refused = true;
    }
    mem_free(gains);
    return cut;
}

// --- what came out

// By raw thresholds, as anyone who has only them would do it.
static int acceptor(const struct tuning *t, uint32_t item) {
    const struct arrangement *arrangement = &t->tuned->arrangement;
    for (uint32_t i = 0; i < arrangement->count; i++) {
        uint32_t tier = arrangement->tiers[i];
        if (t->cascade->tiers[tier].raw[item] >= t->tuned->tiers[tier].threshold) {
            return (int)i;
        }
    }
    return -1;
}

static void count_item(struct tuning *t, uint32_t item, const struct cascade_tier *last) {
    struct tune_outcome *out = &t->tuned->outcome;
    const struct arrangement *arrangement = &t->tuned->arrangement;
    int by = acceptor(t, item);
    uint32_t asked = by < 0 ? arrangement->count : (uint32_t)by + 1;
    for (uint32_t i = 0; i < asked; i++) {
        out->cost += t->cascade->tiers[arrangement->tiers[i]].cost[item];
    }
    uint32_t answers = arrangement->tiers[asked - 1];
    bool right = t->cascade->tiers[answers].correct[item];
    if (by >= 0) {
        out->accepted++;
        out->wrong += !right;
        t->tuned->tiers[answers].accepted++;
    }
    out->lost += last->correct[item] && !right;
    out->won += !last->correct[item] && right;
}

static void drop_idle(struct tuned *tuned, enum tune_goal goal) {
    struct arrangement kept = {.count = 0};
    for (uint32_t i = 0; i < tuned->arrangement.count; i++) {
        uint8_t tier = tuned->arrangement.tiers[i];
        bool answers_rest = goal != TUNE_RISK && i + 1 == tuned->arrangement.count;
        if (!isnan(tuned->tiers[tier].threshold) || answers_rest) {
            kept.tiers[kept.count++] = tier;
        }
    }
    tuned->arrangement = kept;
}

static void carry_out(struct tuning *t, size_t cut) {
    struct tuned *tuned = t->tuned;
    const struct cascade_tier *last = &t->cascade->tiers[t->cascade->tier_count - 1];
    for (uint32_t i = 0; i < tuned->arrangement.count; i++) {
        uint32_t tier = tuned->arrangement.tiers[i];
        bool rest = t->options->goal != TUNE_RISK && i + 1 == tuned->arrangement.count;
        tuned->tiers[tier].threshold = rest ? 0 : cascade_threshold(t->cascade, tier, cut);
    }
    drop_idle(tuned, t->options->goal);
    tuned->outcome.items = t->split.test.count;
    tuned->outcome.last_cost = last_cost(t, t->split.test, &tuned->outcome.last_right);
    for (uint32_t i = 0; i < tuned->arrangement.count; i++) {
        tuned->tiers[tuned->arrangement.tiers[i]].used = true;
    }
    for (size_t i = 0; i < t->split.test.count; i++) {
        count_item(t, t->split.test.at[i], last);
    }
}

static bool is_uninformative(const struct tuned *tuned, uint32_t tier_count) {
    for (uint32_t i = 0; i < tier_count; i++) {
        const struct cascade_auroc *a = &tuned->tiers[i].auroc;
        if (isnan(a->value) || a->value > 0.5 + 2 * a->error) {
            return false;
        }
    }
    return true;
}

// With those that fit and choose.
static uint64_t needed_in_all(const struct tuning *t) {
    uint64_t needed = t->tuned->certified.labels_needed;
    double fitted = (double)needed * fitted_share / (1 - fitted_share);
    return needed == 0 || t->split.fit.count == 0
               ? needed
               : certify_about((double)needed + fmin(fitted, CALIBRATE_MOST));
}

static void test_promise(struct tuning *t) {
    struct tuned *tuned = t->tuned;
    cascade_sum(t->cascade, &tuned->arrangement, t->split.test, t->sums);
    const struct certify_counts counts = {t->sums->accepted, t->sums->wrong,
                                          t->cascade->cut_count, t->split.test.count};
    certify(&t->options->promise, &counts, &tuned->certified);
    tuned->refused = tuned->certified.verdict != CERTIFY_HOLDS;
    tuned->labels_needed = needed_in_all(t);
    tuned->uninformative = is_uninformative(tuned, t->cascade->tier_count);
    if (tuned->refused) {
        tuned->arrangement.count = 0;
        return;
    }
    size_t cut = tuned->certified.cut;
    carry_out(t, cut);
    tuned->error_bound = stats_upper(tuned->outcome.wrong, tuned->outcome.accepted,
                                     tuned->certified.level);
}

static void tune_one(struct tuning *t) {
    t->tuned->arrangement = (struct arrangement){{0}, 1};
    cascade_code(t->cascade);
    test_promise(t);
    fit_after(t);
    t->tuned->tau = t->tuned->refused ? NAN
                                      : calibration_apply(&t->cascade->tiers[0].calibration,
                                                          t->tuned->tiers[0].threshold);
}

static void tune_several(struct tuning *t) {
    for (uint32_t i = 0; i < t->cascade->tier_count; i++) {
        tune_calibrate(&t->cascade->tiers[i], t->split.fit, t->tuned->tiers[i].losses);
    }
    cascade_code(t->cascade);
    size_t cut = arrange(t);
    if (t->options->goal == TUNE_RISK) {
        test_promise(t);
        cut = t->tuned->certified.cut;
    } else if (!t->tuned->refused) {
        carry_out(t, cut);
    }
    t->tuned->tau = t->tuned->refused ? NAN : t->cascade->cuts[cut];
}

void tune(struct cascade *cascade, const struct tune_options *options, struct tuned *tuned) {
    struct tuning *t = mem_zalloc(sizeof(*t));
    *t = (struct tuning){.cascade = cascade, .options = options, .tuned = tuned};
    *tuned = (struct tuned){.error_bound = NAN};
    t->sums = mem_zalloc(sizeof(*t->sums));
    t->test_sums = mem_zalloc(sizeof(*t->test_sums));
    bool alone = cascade->tier_count == 1 && options->goal == TUNE_RISK;
    tune_split_init(&t->split, cascade->item_count, !alone, options->seed);
    tuned->fitted = t->split.fit.count;
    tuned->tested = t->split.test.count;
    for (uint32_t i = 0; i < cascade->tier_count; i++) {
        tuned->tiers[i].threshold = NAN;
        tuned->tiers[i].auroc = cascade_auroc(
            cascade, i, (struct items){t->split.shuffled, cascade->item_count});
    }
    if (alone) {
        tune_one(t);
    } else {
        tune_several(t);
    }
    mem_free(t->sums);
    mem_free(t->test_sums);
    tune_split_fini(&t->split);
    mem_free(t);
}
