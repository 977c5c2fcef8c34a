#include "quality/paired.h"

#include <math.h>

#include "quality/stats.h"

static const double Z95 = 1.959963984540054;

struct paired_rate paired_rate(uint64_t k, uint64_t n) {
    const double half = 0.025;
    return (struct paired_rate){
        .share = (double)k / (double)n,
        .low = k == 0 ? 0 : 1 - stats_upper(n - k, n, half),
        .high = k == n ? 1 : stats_upper(k, n, half),
    };
}

static double log_beta(double a, double b) {
    return lgamma(a) + lgamma(b) - lgamma(a + b);
}

static double always(double only_a, double only_b) {
    double bet = log_beta(only_a + 0.5, only_b + 0.5) - log_beta(0.5, 0.5) +
                 (only_a + only_b) * log(2);
    return fmin(1, exp(-bet));
}

double paired_once(const struct paired *p) {
    uint64_t least = p->only_a < p->only_b ? p->only_a : p->only_b;
    return fmin(1, 2 * stats_at_most(least, p->only_a + p->only_b, 0.5));
}

double paired_always(const struct paired *p) {
    return always((double)p->only_a, (double)p->only_b);
}

struct paired_result paired_test(const struct paired *p) {
    struct paired_result r = {.count = p->both + p->only_a + p->only_b + p->neither,
                              .p_once = 1, .p_always = 1};
    if (r.count == 0) {
        return r;
    }
    double a = (double)p->only_a + 0.5, b = (double)p->only_b + 0.5, n = (double)r.count + 2;
    double middle = (b - a) / n, half = Z95 * sqrt(a + b - (b - a) * (b - a) / n) / n;
    r.a = paired_rate(p->both + p->only_a, r.count);
    r.b = paired_rate(p->both + p->only_b, r.count);
    r.difference = r.b.share - r.a.share;
    r.low = fmax(-1, middle - half);
    r.high = fmin(1, middle + half);
    r.p_once = paired_once(p);
    r.p_always = paired_always(p);
    return r;
}

uint64_t paired_needed(const struct paired *p, double level) {
    enum { STEPS = 142 };  // 1.05 to that power is a thousand
    double times = 1;
    uint64_t count = p->both + p->only_a + p->only_b + p->neither;
    if (p->only_a == p->only_b) {
        return 0;
    }
    for (int step = 0; step < STEPS; step++, times *= 1.05) {
        if (always(times * (double)p->only_a, times * (double)p->only_b) <= level) {
            return (uint64_t)ceil(times * (double)count);
        }
    }
    return 0;
}
