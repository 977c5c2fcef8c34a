#include "quality/cascade.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "quality/reliability.h"

void cascade_init(struct cascade *cascade, size_t item_count) {
    cascade->item_count = item_count;
    for (uint32_t t = 0; t < cascade->tier_count; t++) {
        struct cascade_tier *tier = &cascade->tiers[t];
        tier->raw = mem_array(item_count, sizeof(*tier->raw));
        tier->correct = mem_array(item_count, sizeof(*tier->correct));
        tier->cost = mem_array(item_count, sizeof(*tier->cost));
        tier->codes = mem_array(item_count, sizeof(*tier->codes));
    }
}

void cascade_fini(struct cascade *cascade) {
    for (uint32_t t = 0; t < cascade->tier_count; t++) {
        struct cascade_tier *tier = &cascade->tiers[t];
        mem_free(tier->raw);
        mem_free(tier->correct);
        mem_free(tier->cost);
        mem_free(tier->codes);
        mem_free((void *)tier->calibration.from);
        mem_free((void *)tier->calibration.to);
    }
    *cascade = (struct cascade){0};
}

// --- cuts and codes

static int falling(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

// Rounded to a float, so that the last digit of exp and log, which need not rise where their
// arguments do, makes no order.
static double calibrated(const struct cascade_tier *tier, size_t item) {
    return (double)(float)calibration_apply(&tier->calibration, tier->raw[item]);
}

static size_t distinct(double *values, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || values[i] != values[kept - 1]) {
            values[kept++] = values[i];
        }
    }
    return kept;
}

// The lowest value is always one, so that the last cut accepts all that has a confidence.
static void choose_cuts(struct cascade *cascade, double *values, size_t count) {
    qsort(values, count, sizeof(*values), falling);
    double *all = mem_copy(values, count * sizeof(*values));
    size_t kept = distinct(all, count);
    cascade->cut_count = 0;
    if (kept <= CASCADE_CUTS_MOST) {
        cascade->cut_count = kept;
        memcpy(cascade->cuts, all, kept * sizeof(*all));
    } else {
        for (size_t i = 1; i <= CASCADE_CUTS_MOST; i++) {
            cascade->cuts[i - 1] = values[count * i / CASCADE_CUTS_MOST - 1];
        }
        cascade->cut_count = distinct(cascade->cuts, CASCADE_CUTS_MOST);
    }
    mem_free(all);
}

static uint16_t code_of(const struct cascade *cascade, double value) {
    size_t low = 0, high = cascade->cut_count;  // the first cut that is not above value
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cascade->cuts[middle] <= value) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    assert(low < cascade->cut_count);
    return (uint16_t)low;
}

void cascade_code(struct cascade *cascade) {
    size_t count = 0, at = 0;
    double *values = mem_array(cascade->item_count * cascade->tier_count + 1, sizeof(*values));
    double *sorted = mem_array(cascade->item_count * cascade->tier_count + 1, sizeof(*sorted));
    for (uint32_t t = 0; t < cascade->tier_count; t++) {
        for (size_t i = 0; i < cascade->item_count; i++) {
            double value = calibrated(&cascade->tiers[t], i);
            values[at++] = value;
            if (!isnan(value)) {
                sorted[count++] = value;
            }
        }
    }
    choose_cuts(cascade, sorted, count);
    at = 0;
    for (uint32_t t = 0; t < cascade->tier_count; t++) {
        for (size_t i = 0; i < cascade->item_count; i++, at++) {
            cascade->tiers[t].codes[i] =
                isnan(values[at]) ? CASCADE_CUTS_MOST : code_of(cascade, values[at]);
        }
    }
    mem_free(values);
    mem_free(sorted);
}

// --- what a cascade does

// What one tier's acceptance of an item changes while it lasts.
struct change {
    bool wrong, last_right;
    double cost;
};

static void note(struct cascade_sums *sums, uint16_t cut, const struct change *change,
                 uint64_t sign) {
    if (cut < CASCADE_CUTS_MOST) {
        sums->accepted[cut] += sign;
        sums->wrong[cut] += change->wrong ? sign : 0;
        sums->unanswered_right[cut] -= change->last_right ? sign : 0;
        sums->cost[cut] += sign == 1 ? change->cost : -change->cost;
    }
}

// As the cut falls, an item is first nobody's; each tier whose code is below those of all before it
// takes it at its code, until an earlier one does. Differences are noted at the cuts where these
// spans begin and end.
static void add_item(const struct cascade *cascade, const struct arrangement *arrangement,
                     uint32_t item, struct cascade_sums *sums) {
    const struct cascade_tier *last = &cascade->tiers[arrangement->tiers[arrangement->count - 1]];
    struct change change = {.last_right = last->correct[item]};
    uint16_t least = CASCADE_CUTS_MOST;
    double whole = 0, cost = 0;
    for (uint32_t i = 0; i < arrangement->count; i++) {
        whole += cascade->tiers[arrangement->tiers[i]].cost[item];
    }
    sums->unanswered_right[0] += last->correct[item];
    sums->cost[0] += whole;
    for (uint32_t i = 0; i < arrangement->count; i++) {
        const struct cascade_tier *tier = &cascade->tiers[arrangement->tiers[i]];
        cost += tier->cost[item];
        if (tier->codes[item] < least) {
            change.wrong = !tier->correct[item];
            change.cost = cost - whole;
            note(sums, tier->codes[item], &change, 1);
            note(sums, least, &change, (uint64_t)-1);
            least = tier->codes[item];
        }
    }
}

void cascade_sum(const struct cascade *cascade, const struct arrangement *arrangement,
                 struct items items, struct cascade_sums *sums) {
    assert(arrangement->count > 0);
    memset(sums, 0, sizeof(*sums));
    for (size_t i = 0; i < items.count; i++) {
        add_item(cascade, arrangement, items.at[i], sums);
    }
    for (size_t cut = 1; cut < cascade->cut_count; cut++) {
        sums->accepted[cut] += sums->accepted[cut - 1];
        sums->wrong[cut] += sums->wrong[cut - 1];
        sums->unanswered_right[cut] += sums->unanswered_right[cut - 1];
        sums->cost[cut] += sums->cost[cut - 1];
    }
}

// --- thresholds

// The shortest decimal above `below` that is not above `at`.
static double shortest(double below, double at) {
    char text[40];
    for (int digits = 1; digits < 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, below + (at - below) / 2);
        double value = strtod(text, NULL);
        if (value > below && value <= at) {
            return value;
        }
    }
    return at;
}

// Counting n items above a value and asking for more than the value below them is what makes the
// binomial exact: given that value, the items above it are a sample of all such. So the threshold
// lies in the gap below the last item that reaches the cut.
double cascade_threshold(const struct cascade *cascade, uint32_t tier, size_t cut) {
    const struct cascade_tier *t = &cascade->tiers[tier];
    double least = INFINITY, most_below = -INFINITY;
    for (size_t i = 0; i < cascade->item_count; i++) {
        if (t->codes[i] <= cut) {
            least = fmin(least, t->raw[i]);
        } else if (t->codes[i] < CASCADE_CUTS_MOST) {
            most_below = fmax(most_below, t->raw[i]);
        }
    }
    if (isinf(least)) {
        return NAN;
    }
    return isinf(most_below) ? 0 : most_below < least ? shortest(most_below, least) : least;
}

// --- how well confidence tells right from wrong

// The error is that under the null hypothesis without the correction for ties, which would make it
// less (Mann and Whitney, 1947).
struct cascade_auroc cascade_auroc(const struct cascade *cascade, uint32_t tier,
                                   struct items items) {
    const struct cascade_tier *t = &cascade->tiers[tier];
    struct reliability *r = mem_alloc(sizeof(*r));
    double *raw = mem_array(items.count + 1, sizeof(*raw));
    bool *correct = mem_array(items.count + 1, sizeof(*correct));
    for (size_t i = 0; i < items.count; i++) {
        raw[i] = t->raw[items.at[i]];
        correct[i] = t->correct[items.at[i]];
    }
    reliability_measure((struct calibrate_rows){raw, correct, items.count}, r);
    double count = (double)r->answers, right = r->accuracy * count;
    struct cascade_auroc auroc = {r->auroc,
                                  sqrt((count + 1) / (12 * right * (count - right)))};
    mem_free(raw);
    mem_free(correct);
    mem_free(r);
    return auroc;
}
