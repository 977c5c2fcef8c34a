#include "quality/frontier.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "quality/arrangements.h"
#include "quality/tune.h"

const double frontier_level = .95;

// A policy as it did on the fitting items.
struct candidate {
    uint64_t right;
    int64_t cost;  // in 1e-9 of the last tier's: sums in another order must be the same
    uint16_t cut;
    uint8_t arrangement;
};

struct tracing {
    struct cascade *cascade;
    struct tune_split split;
    struct arrangement arrangements[ARRANGEMENTS_MOST];
    struct candidate *candidates;
    size_t candidate_count;
    uint32_t shown[FRONTIER_MOST];  // of the candidates
    struct frontier *frontier;
};

static double last_cost(const struct tracing *t, struct items items) {
    const struct cascade_tier *last = &t->cascade->tiers[t->cascade->tier_count - 1];
    double cost = 0;
    for (size_t i = 0; i < items.count; i++) {
        cost += last->cost[items.at[i]];
    }
    return cost;
}

// --- which policies

// Cheapest first; of those that cost the same the one that is right most often, then the one with
// the fewest tiers.
static int by_cost(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->cost != y->cost) {
        return x->cost < y->cost ? -1 : 1;
    }
    if (x->right != y->right) {
        return x->right > y->right ? -1 : 1;
    }
    int order = (x->arrangement > y->arrangement) - (x->arrangement < y->arrangement);
    return order ? order : (x->cut > y->cut) - (x->cut < y->cut);
}

static int by_tiers(const void *a, const void *b) {
    const struct arrangement *x = a, *y = b;
    return x->count != y->count ? (x->count > y->count) - (x->count < y->count)
                                : memcmp(x->tiers, y->tiers, sizeof(x->tiers));
}

static void list_candidates(struct tracing *t) {
    struct cascade_sums *sums = mem_zalloc(sizeof(*sums));
    size_t count = arrangements_list(t->cascade->tier_count, t->arrangements);
    double cost = last_cost(t, t->split.fit), unit = cost > 0 ? 1e9 / cost : 0;
    qsort(t->arrangements, count, sizeof(t->arrangements[0]), by_tiers);
    t->candidates = mem_array(count * (t->cascade->cut_count + 1), sizeof(*t->candidates));
    for (size_t a = 0; a < count; a++) {
        cascade_sum(t->cascade, &t->arrangements[a], t->split.fit, sums);
        // A tier by itself answers all, whatever the cut.
        size_t cuts = t->arrangements[a].count == 1 ? 1 : t->cascade->cut_count;
        for (size_t cut = 0; cut < cuts; cut++) {
            t->candidates[t->candidate_count++] = (struct candidate){
                .right = sums->accepted[cut] - sums->wrong[cut] + sums->unanswered_right[cut],
                .cost = llround(sums->cost[cut] * unit),
                .cut = (uint16_t)cut,
                .arrangement = (uint8_t)a};
        }
    }
    mem_free(sums);
}

// Keeps those that are right more often than all that cost as much or less.
static void drop_dominated(struct tracing *t) {
    size_t kept = 0;
    qsort(t->candidates, t->candidate_count, sizeof(*t->candidates), by_cost);
    for (size_t i = 0; i < t->candidate_count; i++) {
        if (kept == 0 || t->candidates[i].right > t->candidates[kept - 1].right) {
            t->candidates[kept++] = t->candidates[i];
        }
    }
    t->candidate_count = kept;
}

static uint64_t step_of(const struct tracing *t, size_t candidate) {
    uint64_t from = t->candidates[0].right, to = t->candidates[t->candidate_count - 1].right;
    return (t->candidates[candidate].right - from) * FRONTIER_STEPS / (to - from);
}

// Of those within a step of accuracy the cheapest one is shown; the best is in a step of its own.
static void thin(struct tracing *t) {
    t->frontier->count = 1;
    for (size_t i = 1; i < t->candidate_count; i++) {
        if (step_of(t, i) != step_of(t, i - 1)) {
            assert(t->frontier->count < FRONTIER_MOST);
            t->shown[t->frontier->count++] = (uint32_t)i;
        }
    }
}

static void describe(const struct tracing *t, const struct candidate *candidate,
                     struct frontier_point *point) {
    *point = (struct frontier_point){.arrangement = t->arrangements[candidate->arrangement],
                                     .tau = NAN};
    uint32_t last = point->arrangement.count - 1;
    for (uint32_t i = 0; i < last; i++) {
        point->thresholds[i] =
            cascade_threshold(t->cascade, point->arrangement.tiers[i], candidate->cut);
        point->tau = t->cascade->cuts[candidate->cut];
    }
}

// --- what they do on the other items

// Random groups of the items, and what each series (a policy) did in each.
struct groups {
    size_t count, series;
    uint32_t *items;    // by group
    double *last_cost;  // by group
    uint32_t *right;    // by group and series
    double *cost;
};

static void groups_init(struct groups *g, size_t items, size_t series) {
    g->count = items < FRONTIER_GROUPS ? items : FRONTIER_GROUPS;
    g->series = series;
    g->items = mem_array(g->count + 1, sizeof(*g->items));
    g->last_cost = mem_array(g->count + 1, sizeof(*g->last_cost));
    g->right = mem_array(g->count * series + 1, sizeof(*g->right));
    g->cost = mem_array(g->count * series + 1, sizeof(*g->cost));
}

static void groups_fini(struct groups *g) {
    mem_free(g->items);
    mem_free(g->last_cost);
    mem_free(g->right);
    mem_free(g->cost);
}

// The place in the arrangement of the tier that answers.
static uint32_t answerer(const struct cascade *cascade, const struct frontier_point *point,
                         uint32_t item) {
    const struct arrangement *arrangement = &point->arrangement;
    uint32_t place = 0;
    while (place + 1 < arrangement->count &&
           !(cascade->tiers[arrangement->tiers[place]].raw[item] >= point->thresholds[place])) {
        place++;
    }
    return place;
}

static void see_series(const struct tracing *t, struct groups *g, size_t series,
                       struct frontier_point *point) {
    struct items items = t->split.test;
    for (size_t i = 0; i < items.count; i++) {
        size_t at = i * g->count / items.count * g->series + series;
        uint32_t item = items.at[i], by = answerer(t->cascade, point, item);
        for (uint32_t place = 0; place <= by; place++) {
            g->cost[at] += t->cascade->tiers[point->arrangement.tiers[place]].cost[item];
        }
        g->right[at] += t->cascade->tiers[point->arrangement.tiers[by]].correct[item];
        point->answers[by] += 1 / (double)items.count;
    }
}

static void see_items(const struct tracing *t, struct groups *g) {
    const struct cascade_tier *last = &t->cascade->tiers[t->cascade->tier_count - 1];
    struct items items = t->split.test;
    for (size_t i = 0; i < items.count; i++) {
        size_t group = i * g->count / items.count;
        g->items[group]++;
        g->last_cost[group] += last->cost[items.at[i]];
    }
}

// --- the bootstrap

// How often each group counts; and where all series' means go, a row a draw.
struct draw {
    uint32_t *times;
    double *right, *cost;
};

static void sum_draw(const struct groups *g, const struct draw *draw) {
    double items = 0, last = 0;
    memset(draw->right, 0, g->series * sizeof(double));
    memset(draw->cost, 0, g->series * sizeof(double));
    for (size_t group = 0; group < g->count; group++) {
        double times = draw->times[group];
        items += times * g->items[group];
        last += times * g->last_cost[group];
        for (size_t s = 0; s < g->series; s++) {
            draw->right[s] += times * g->right[group * g->series + s];
            draw->cost[s] += times * g->cost[group * g->series + s];
        }
    }
    for (size_t s = 0; s < g->series; s++) {
        draw->right[s] /= items;
        draw->cost[s] = last > 0 ? draw->cost[s] / last : NAN;
    }
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// means: of a series, one a draw, `series` apart. A draw of items that cost nothing has no ratio.
static struct frontier_figure figure(double value, const double *means, size_t series) {
    double sorted[FRONTIER_DRAWS];
    size_t count = 0;
    for (size_t draw = 0; draw < FRONTIER_DRAWS; draw++) {
        if (!isnan(means[draw * series])) {
            sorted[count++] = means[draw * series];
        }
    }
    if (count == 0) {
        return (struct frontier_figure){value, NAN, NAN};
    }
    qsort(sorted, count, sizeof(*sorted), rising);
    size_t tail = (size_t)((1 - frontier_level) / 2 * (double)count);
    return (struct frontier_figure){value, sorted[tail], sorted[count - 1 - tail]};
}

static void bootstrap(const struct groups *g, uint64_t seed, struct frontier_point *const *points) {
    size_t means = (FRONTIER_DRAWS + 1) * g->series;  // the last row: as it was
    double *right = mem_array(means, sizeof(*right)), *cost = mem_array(means, sizeof(*cost));
    uint32_t *times = mem_array(g->count + 1, sizeof(*times));
    struct random random;
    random_seed(&random, seed);
    for (size_t row = 0; row <= FRONTIER_DRAWS; row++) {
        for (size_t i = 0; i < g->count; i++) {
            times[i] = row == FRONTIER_DRAWS ? 1 : 0;
        }
        for (size_t i = 0; i < g->count && row < FRONTIER_DRAWS; i++) {
            times[random_below(&random, g->count)]++;
        }
        const struct draw draw = {times, right + row * g->series, cost + row * g->series};
        sum_draw(g, &draw);
    }
    for (size_t s = 0; s < g->series; s++) {
        size_t as_it_was = FRONTIER_DRAWS * g->series + s;
        points[s]->right = figure(right[as_it_was], right + s, g->series);
        points[s]->cost = figure(cost[as_it_was], cost + s, g->series);
    }
    mem_free(right);
    mem_free(cost);
    mem_free(times);
}

static int by_measured_cost(const void *a, const void *b) {
    const struct frontier_point *x = a, *y = b;
    return (x->cost.value > y->cost.value) - (x->cost.value < y->cost.value);
}

static void measure(struct tracing *t, uint64_t seed) {
    struct frontier *frontier = t->frontier;
    struct frontier_point *points[FRONTIER_MOST + CASCADE_TIERS_MOST];
    struct groups groups;
    size_t series = 0;
    for (size_t i = 0; i < frontier->count; i++) {
        points[series++] = &frontier->points[i];
    }
    for (uint32_t tier = 0; tier < t->cascade->tier_count; tier++) {
        frontier->alone[tier] = (struct frontier_point){
            .arrangement = {{(uint8_t)tier}, 1}, .tau = NAN};
        points[series++] = &frontier->alone[tier];
    }
    groups_init(&groups, t->split.test.count, series);
    see_items(t, &groups);
    for (size_t s = 0; s < series; s++) {
        see_series(t, &groups, s, points[s]);
    }
    bootstrap(&groups, seed, points);
    groups_fini(&groups);
    // What was cheaper on the fitting items may not be on these.
    qsort(frontier->points, frontier->count, sizeof(frontier->points[0]), by_measured_cost);
}

void frontier_trace(struct cascade *cascade, uint64_t seed, struct frontier *frontier) {
    struct tracing *t = mem_zalloc(sizeof(*t));
    double losses[CALIBRATE_KINDS];
    *t = (struct tracing){.cascade = cascade, .frontier = frontier};
    *frontier = (struct frontier){0};
    tune_split_init(&t->split, cascade->item_count, true, seed);
    frontier->fitted = t->split.fit.count;
    frontier->tested = t->split.test.count;
    frontier->last_cost = last_cost(t, t->split.test) / (double)t->split.test.count;
    for (uint32_t i = 0; i < cascade->tier_count; i++) {
        tune_calibrate(&cascade->tiers[i], t->split.fit, losses);
    }
    cascade_code(cascade);
    list_candidates(t);
    drop_dominated(t);
    thin(t);
    for (size_t i = 0; i < frontier->count; i++) {
        describe(t, &t->candidates[t->shown[i]], &frontier->points[i]);
    }
    measure(t, seed);
    mem_free(t->candidates);
    tune_split_fini(&t->split);
    mem_free(t);
}
