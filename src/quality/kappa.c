#include "quality/kappa.h"

#include <math.h>

#include "base/mem.h"

static const double Z95 = 1.959963984540054;

// Shares of each class, by whom said it.
struct margins {
    double *a, *b;
};

static double chance(const struct margins *margins, uint32_t classes) {
    double sum = 0;
    for (uint32_t i = 0; i < classes; i++) {
        sum += margins->a[i] * margins->b[i];
    }
    return sum;
}

static double variance(const struct kappa *k, const struct margins *margins,
                       const struct kappa_cell *cells, size_t cell_count) {
    double same = 0, other = 0, n = (double)k->count;
    for (size_t i = 0; i < cell_count; i++) {
        double share = (double)cells[i].count / n;
        double sum = margins->b[cells[i].a] + margins->a[cells[i].b];
        if (cells[i].a == cells[i].b) {
            double rest = 1 - sum * (1 - k->value);
            same += share * rest * rest;
        } else {
            other += share * sum * sum;
        }
    }
    double rest = k->value - k->expected * (1 - k->value);
    double all = same + (1 - k->value) * (1 - k->value) * other - rest * rest;
    return fmax(all, 0) / (n * (1 - k->expected) * (1 - k->expected));
}

struct kappa kappa_of(const struct kappa_cell *cells, size_t cell_count, uint32_t classes) {
    struct kappa k = {.value = NAN, .low = NAN, .high = NAN, .observed = NAN, .expected = NAN};
    for (size_t i = 0; i < cell_count; i++) {
        k.count += cells[i].count;
        k.same += cells[i].a == cells[i].b ? cells[i].count : 0;
    }
    if (k.count == 0) {
        return k;
    }
    const struct margins margins = {mem_array(classes, sizeof(double)),
                                    mem_array(classes, sizeof(double))};
    for (size_t i = 0; i < cell_count; i++) {
        margins.a[cells[i].a] += (double)cells[i].count / (double)k.count;
        margins.b[cells[i].b] += (double)cells[i].count / (double)k.count;
    }
    k.observed = (double)k.same / (double)k.count;
    k.expected = chance(&margins, classes);
    if (k.expected < 1) {
        k.value = (k.observed - k.expected) / (1 - k.expected);
        double half = Z95 * sqrt(variance(&k, &margins, cells, cell_count));
        k.low = fmax(k.value - half, -1);
        k.high = fmin(k.value + half, 1);
    }
    mem_free(margins.a);
    mem_free(margins.b);
    return k;
}
