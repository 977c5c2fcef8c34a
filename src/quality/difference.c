#include "quality/difference.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { DRAWS = 2000, DRAWS_LEAST = 200, VALUES_MOST = 20000000 };

static const double normal_975 = 1.959963984540054;

// --- means and medians

static void swap(int64_t *a, int64_t *b) {
    int64_t kept = *a;
    *a = *b;
    *b = kept;
}

// The value of that rank, from 0 (Hoare's quickselect); reorders them.
static int64_t select_rank(int64_t *values, size_t count, size_t rank) {
    size_t from = 0, to = count - 1;
    while (from < to) {
        int64_t pivot = values[from + (to - from) / 2];
        size_t i = from, j = to;
        for (;;) {
            while (values[i] < pivot) {
                i++;
            }
            while (values[j] > pivot) {
                j--;
            }
            if (i >= j) {
                break;
            }
            swap(&values[i++], &values[j--]);
        }
        if (rank <= j) {
            to = j;
        } else {
            from = j + 1;
        }
    }
    return values[rank];
}

static double figure(enum difference_of what, int64_t *values, size_t count) {
    double sum = 0;
    if (what == DIFFERENCE_MEDIAN) {
        return (double)select_rank(values, count, (count - 1) / 2);
    }
    for (size_t i = 0; i < count; i++) {
        sum += (double)values[i];
    }
    return sum / (double)count;
}

static double drawn(enum difference_of what, const int64_t *values, size_t count, int64_t *scratch,
                    struct random *random) {
    for (size_t i = 0; i < count; i++) {
        scratch[i] = values[random_below(random, count)];
    }
    return figure(what, scratch, count);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double observed(enum difference_of what, const int64_t *values, size_t count,
                       int64_t *scratch) {
    for (size_t i = 0; i < count; i++) {
        scratch[i] = values[i];
    }
    return figure(what, scratch, count);
}

struct difference difference_of(enum difference_of what, const int64_t *a, size_t a_count,
                                const int64_t *b, size_t b_count, struct random *random) {
    assert(a_count > 0 && b_count > 0);
    size_t draws = VALUES_MOST / (a_count + b_count);
    draws = draws > DRAWS ? DRAWS : draws < DRAWS_LEAST ? DRAWS_LEAST : draws;
    int64_t *scratch = mem_array(a_count > b_count ? a_count : b_count, sizeof(*scratch));
    double *differences = mem_array(draws, sizeof(*differences));
    for (size_t i = 0; i < draws; i++) {
        double of_a = drawn(what, a, a_count, scratch, random);
        differences[i] = drawn(what, b, b_count, scratch, random) - of_a;
    }
    qsort(differences, draws, sizeof(*differences), compare);
    double of_a = observed(what, a, a_count, scratch);
    struct difference difference = {
        .value = observed(what, b, b_count, scratch) - of_a,
        .low = differences[draws / 40],
        .high = differences[draws - 1 - draws / 40],
    };
    mem_free(differences);
    mem_free(scratch);
    return difference;
}

// --- shares

static struct difference wilson(uint64_t k, uint64_t n) {
    double z2 = normal_975 * normal_975, count = (double)n, p = (double)k / count;
    double middle = (p + z2 / (2 * count)) / (1 + z2 / count);
    double half =
        normal_975 / (1 + z2 / count) * sqrt(p * (1 - p) / count + z2 / (4 * count * count));
    return (struct difference){p, fmax(middle - half, 0), fmin(middle + half, 1)};
}

struct difference difference_of_shares(uint64_t a_k, uint64_t a_n, uint64_t b_k, uint64_t b_n) {
    assert(a_n > 0 && b_n > 0);
    struct difference a = wilson(a_k, a_n), b = wilson(b_k, b_n);
    double value = b.value - a.value;
    return (struct difference){
        .value = value,
        .low = value - hypot(b.value - b.low, a.high - a.value),
        .high = value + hypot(b.high - b.value, a.value - a.low),
    };
}
