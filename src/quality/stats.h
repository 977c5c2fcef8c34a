// Exact statistics of counts: tails of the binomial, and the bound that follows from them.
//
// Relative error below 1e-10 for n up to 1e6, checked against scipy in tests/unit/test_stats.c.
#ifndef TASKFIT_QUALITY_STATS_H
#define TASKFIT_QUALITY_STATS_H

#include <stdint.h>

// I_x(a, b), the regularised incomplete beta function; y is 1 - x, given so that neither end of
// [0, 1] loses digits. a, b > 0.
double stats_beta(double x, double y, double a, double b);

// P(X <= k) and P(X >= k) of X ~ Bin(n, p).
double stats_at_most(uint64_t k, uint64_t n, double p);
double stats_at_least(uint64_t k, uint64_t n, double p);

// The greatest rate at which k or fewer of n happen with a chance of more than delta: the one-sided
// upper bound of Clopper and Pearson (Biometrika 26, 1934) at confidence 1 - delta.
double stats_upper(uint64_t k, uint64_t n, double delta);

// The least n of which k may be wrong: P(Bin(n, rate) <= k) <= level. 0 < rate < 1.
uint64_t stats_least(uint64_t k, double rate, double level);

#endif
