#include "quality/stats.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>

// --- the binomial's density, by Loader's saddle-point expansion (C. Loader, "Fast and Accurate
// Computation of Binomial Probabilities", 2000): log-gamma at 1e6 is 1e7, whose last digit is the
// tenth of the density; here nothing large is subtracted.

static const double half_log_2pi = 0.918938533204672741780329736406;

// log(n!) less Stirling's formula for it: the series of log-gamma (Abramowitz and Stegun 6.1.40),
// whose first term left out is below 1e-17 from 15 on.
static double stirling_rest(double n) {
    if (n < 15) {
        return lgamma(n + 1) - (n + 0.5) * log(n) + n - half_log_2pi;
    }
    double q = 1 / (n * n);
    return (1.0 / 12 - q * (1.0 / 360 - q * (1.0 / 1260 - q * (1.0 / 1680 - q * (1.0 / 1188 -
            q * (691.0 / 360360 - q / 156)))))) / n;
}

// x log(x / m) + m - x; near m by the series in v = (x - m) / (x + m), which cancels nothing.
static double deviance(double x, double m) {
    if (fabs(x - m) >= 0.1 * (x + m)) {
        return x * log(x / m) + m - x;
    }
    double v = (x - m) / (x + m), sum = (x - m) * v, term = 2 * x * v, before;
    for (int j = 3;; j += 2) {
        term *= v * v;
        before = sum;
        sum += term / j;
        if (sum == before) {
            return sum;
        }
    }
}

// n! / (a! b!) x^a y^b with n = a + b and factorials of gamma; a, b > 0.
static double density(double a, double b, double x, double y) {
    double n = a + b;
    double rest = stirling_rest(n) - stirling_rest(a) - stirling_rest(b);
    return sqrt(n / (2 * M_PI * a * b)) * exp(rest - deviance(a, n * x) - deviance(b, n * y));
}

// --- the incomplete beta

enum { FRACTION_STEPS = 1000000 };

// A continued fraction evaluated forward (Lentz 1976, as Thompson and Barnett mended it in 1986).
struct lentz {
    double c, d, f;
};

static double away(double value) {
    return fabs(value) < 1e-300 ? 1e-300 : value;
}

static void lentz_step(struct lentz *l, double numerator) {
    l->d = 1 / away(1 + numerator * l->d);
    l->c = away(1 + numerator / l->c);
    l->f *= l->c * l->d;
}

// DLMF 8.17.22; converges fast for x < (a + 1) / (a + b + 2), in the order of sqrt(a + b) steps.
static double fraction(double x, double a, double b) {
    struct lentz l = {.c = 1, .d = 1 / away(1 - (a + b) * x / (a + 1))};
    l.f = l.d;
    for (int i = 1; i < FRACTION_STEPS; i++) {
        double m = i;
        lentz_step(&l, m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
        lentz_step(&l, -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)));
        if (fabs(l.c * l.d - 1) < DBL_EPSILON) {
            break;
        }
    }
    return l.f;
}

// The side on which the fraction converges.
static double lower(double x, double y, double a, double b) {
    return density(a, b, x, y) * b / (a + b) * fraction(x, a, b);
}

double stats_beta(double x, double y, double a, double b) {
    assert(a > 0 && b > 0);
    if (x <= 0 || y <= 0) {
        return x <= 0 ? 0 : 1;
    }
    return x < (a + 1) / (a + b + 2) ? lower(x, y, a, b) : 1 - lower(y, x, b, a);
}

// --- the binomial

double stats_at_most(uint64_t k, uint64_t n, double p) {
    return k >= n ? 1 : stats_beta(1 - p, p, (double)(n - k), (double)k + 1);
}

double stats_at_least(uint64_t k, uint64_t n, double p) {
    return k == 0 ? 1 : k > n ? 0 : stats_beta(p, 1 - p, (double)k, (double)(n - k) + 1);
}

double stats_upper(uint64_t k, uint64_t n, double delta) {
    assert(delta > 0 && delta < 1);
    if (k >= n) {
        return 1;
    }
    double low = (double)k / (double)n, high = 1;
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) {
            return high;
        }
        if (stats_at_most(k, n, middle) <= delta) {
            high = middle;
        } else {
            low = middle;
        }
    }
}

uint64_t stats_least(uint64_t k, double rate, double level) {
    assert(rate > 0 && rate < 1 && level > 0);
    uint64_t low = k, high = k + 1;  // not at low
    while (stats_at_most(k, high, rate) > level) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (stats_at_most(k, middle, rate) <= level) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}
