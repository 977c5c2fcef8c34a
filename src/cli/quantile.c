#include "cli/quantile.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void quantile_sort(int64_t *values, size_t count) {
    if (count > 0) {
        qsort(values, count, sizeof(*values), compare);
    }
}

int64_t quantile_of(const int64_t *values, size_t count, double p) {
    assert(count > 0 && p >= 0 && p <= 1);
    size_t rank = (size_t)ceil(p * (double)count);
    return values[rank > 0 ? rank - 1 : 0];
}
