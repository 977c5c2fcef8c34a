#include "quality/calibrate.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

const char *calibrate_kind_name(enum calibration_kind kind) {
    static const char *const names[] = {[CALIBRATION_IDENTITY] = "none",
                                        [CALIBRATION_PLATT] = "platt",
                                        [CALIBRATION_ISOTONIC] = "isotonic"};
    return names[kind];
}

// The rows that are fitted on: all, or all but those of one fold.
struct sample {
    struct calibrate_rows rows;
    size_t but;  // a fold; CALIBRATE_FOLDS: none
};

static bool has(const struct sample *s, size_t i) {
    return !isnan(s->rows.raw[i]) && i % CALIBRATE_FOLDS != s->but;
}

struct counted {
    double right, wrong;
};

static struct counted count(const struct sample *s) {
    struct counted counted = {0, 0};
    for (size_t i = 0; i < s->rows.count; i++) {
        if (has(s, i)) {
            counted.right += s->rows.correct[i];
            counted.wrong += !s->rows.correct[i];
        }
    }
    return counted;
}

// --- Platt: J. Platt, "Probabilistic Outputs for Support Vector Machines" (1999), with the Newton
// iteration of Lin, Lin and Weng (Machine Learning 68, 2007). Targets are drawn in from 0 and 1 by
// the rule of succession, so that separable rows have a finite fit.

struct newton {
    double a, b, loss;
    double ga, gb, haa, hab, hbb;  // gradient and Hessian of the loss
};

// log(1 + exp(-z)) without overflow.
static double softplus(double z) {
    return z > 0 ? log1p(exp(-z)) : log1p(exp(z)) - z;
}

static void look(struct newton *n, const struct sample *s, const double targets[2]) {
    n->loss = n->ga = n->gb = n->hab = 0;
    n->haa = n->hbb = 1e-3;  // where all confidences are the same there is no curvature
    for (size_t i = 0; i < s->rows.count; i++) {
        if (!has(s, i)) {
            continue;
        }
        double x = confidence_logit(s->rows.raw[i]), z = n->a * x + n->b;
        double target = targets[s->rows.correct[i]], p = 1 / (1 + exp(-z)), w = p * (1 - p);
        n->loss += softplus(z) + (1 - target) * z;
        n->ga += (p - target) * x;
        n->gb += p - target;
        n->haa += w * x * x;
        n->hab += w * x;
        n->hbb += w;
    }
}

// One step downhill, halved until the loss falls enough; false: there is none left.
static bool newton_step(struct newton *n, const struct sample *s, const double targets[2]) {
    double det = n->haa * n->hbb - n->hab * n->hab;
    double da = -(n->hbb * n->ga - n->hab * n->gb) / det;
    double db = -(n->haa * n->gb - n->hab * n->ga) / det;
    double slope = n->ga * da + n->gb * db;
    double step = 1;
    for (int halved = 0; halved < 30; halved++, step /= 2) {
        struct newton next = {.a = n->a + step * da, .b = n->b + step * db};
        look(&next, s, targets);
        if (next.loss < n->loss + 1e-4 * step * slope) {
            *n = next;
            return true;
        }
    }
    return false;
}

static void fit_platt(const struct sample *s, struct calibration *c) {
    struct counted counted = count(s);
    const double targets[2] = {1 / (counted.wrong + 2),
                               (counted.right + 1) / (counted.right + 2)};
    struct newton n = {.a = 1, .b = 0};
    look(&n, s, targets);
    for (int i = 0; i < 100 && fabs(n.ga) + fabs(n.gb) > 1e-9 * (double)s->rows.count; i++) {
        if (!newton_step(&n, s, targets)) {
            break;
        }
    }
    if (!(n.a > 0)) {
        n.a = 0;
        n.b = confidence_logit((counted.right + 1) / (counted.right + counted.wrong + 2));
    }
    c->a = n.a;
    c->b = n.b;
}

// --- isotonic: pool adjacent violators (Ayer et al. 1955), equal confidences pooled first. Each
// pool is drawn towards the rate of all by one row's weight, and pooled again where that made it
// fall: a pool of one right answer is no certainty.

struct pool {
    double from, right, weight;
};

static int by_from(const void *a, const void *b) {
    double x = ((const struct pool *)a)->from, y = ((const struct pool *)b)->from;
    return (x > y) - (x < y);
}

static bool falls(const struct pool *before, const struct pool *after) {
    return before->right * after->weight >= after->right * before->weight;
}

static size_t pool_violators(struct pool *pools, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct pool pool = pools[i];
        while (kept > 0 &&
               (pools[kept - 1].from >= pool.from || falls(&pools[kept - 1], &pool))) {
            kept--;
            pool = (struct pool){pools[kept].from, pools[kept].right + pool.right,
                                 pools[kept].weight + pool.weight};
        }
        pools[kept++] = pool;
    }
    return kept;
}

static size_t pool_equals(struct pool *pools, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && pools[kept - 1].from == pools[i].from) {
            pools[kept - 1].right += pools[i].right;
            pools[kept - 1].weight += pools[i].weight;
        } else {
            pools[kept++] = pools[i];
        }
    }
    return kept;
}

static void fit_isotonic(const struct sample *s, struct calibration *c) {
    struct pool *pools = mem_array(s->rows.count + 1, sizeof(*pools));
    struct counted counted = count(s);
    double rate = (counted.right + 1) / (counted.right + counted.wrong + 2);
    size_t size = 0;
    for (size_t i = 0; i < s->rows.count; i++) {
        if (has(s, i)) {
            pools[size++] = (struct pool){s->rows.raw[i], s->rows.correct[i], 1};
        }
    }
    qsort(pools, size, sizeof(*pools), by_from);
    size = pool_violators(pools, pool_equals(pools, size));
    for (size_t i = 0; i < size; i++) {
        pools[i].right += rate;
        pools[i].weight += 1;
    }
    size = pool_violators(pools, size);
    double *from = mem_array(size + 1, sizeof(*from)), *to = mem_array(size + 1, sizeof(*to));
    for (size_t i = 0; i < size; i++) {
        from[i] = pools[i].from;
        to[i] = pools[i].right / pools[i].weight;
    }
    c->from = from;
    c->to = to;
    c->steps = (uint32_t)size;
    mem_free(pools);
}

// --- which

static void fit(enum calibration_kind kind, const struct sample *s, struct calibration *c) {
    *c = (struct calibration){.kind = kind};
    switch (kind) {
    case CALIBRATION_IDENTITY:
        break;
    case CALIBRATION_PLATT:
        fit_platt(s, c);
        break;
    case CALIBRATION_ISOTONIC:
        fit_isotonic(s, c);
        break;
    }
}

void calibrate_fit(enum calibration_kind kind, struct calibrate_rows rows,
                   struct calibration *calibration) {
    const struct sample all = {rows, CALIBRATE_FOLDS};
    fit(kind, &all, calibration);
}

void calibrate_release(struct calibration *calibration) {
    mem_free((void *)calibration->from);
    mem_free((void *)calibration->to);
    *calibration = (struct calibration){0};
}

// A certainty that is wrong costs 14, as confidence_logit has it.
static double log_loss(double p, bool correct) {
    return softplus(correct ? confidence_logit(p) : -confidence_logit(p));
}

double calibrate_loss(enum calibration_kind kind, struct calibrate_rows rows) {
    double loss = 0;
    size_t seen = 0;
    for (size_t fold = 0; fold < CALIBRATE_FOLDS; fold++) {
        const struct sample rest = {rows, fold};
        struct calibration c;
        fit(kind, &rest, &c);
        for (size_t i = fold; i < rows.count; i += CALIBRATE_FOLDS) {
            double p = calibration_apply(&c, rows.raw[i]);
            loss += isnan(p) ? 0 : log_loss(p, rows.correct[i]);
            seen += isnan(p) ? 0 : 1;
        }
        calibrate_release(&c);
    }
    return loss / (double)seen;
}

// What a less simple kind must gain, in nats: isotonic steps tie confidences that differ, and a
// gain below this is within what a few thousand rows tell by luck.
static const double worth_it = 0.002;

void calibrate_choose(struct calibrate_rows rows, struct calibration *calibration,
                      double losses[CALIBRATE_KINDS]) {
    enum calibration_kind best = CALIBRATION_IDENTITY;
    const struct sample all = {rows, CALIBRATE_FOLDS};
    struct counted counted = count(&all);
    double seen = counted.right + counted.wrong;
    for (int kind = 0; kind < CALIBRATE_KINDS; kind++) {
        int least = kind == CALIBRATION_ISOTONIC ? CALIBRATE_STEPS_LEAST : CALIBRATE_LEAST;
        losses[kind] = seen < least ? NAN : calibrate_loss((enum calibration_kind)kind, rows);
        if (losses[kind] < losses[best] - worth_it) {
            best = (enum calibration_kind)kind;
        }
    }
    calibrate_fit(best, rows, calibration);
}
