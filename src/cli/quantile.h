// Quantiles of a few measured values.
#ifndef TASKFIT_CLI_QUANTILE_H
#define TASKFIT_CLI_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

void quantile_sort(int64_t *values, size_t count);
// The nearest rank: the least value that a share p (0 to 1) of all do not exceed. Values must be
// sorted, count > 0.
int64_t quantile_of(const int64_t *values, size_t count, double p);

#endif
