// Do two people agree by more than chance? Cohen's kappa (Educ. Psychol. Meas. 20, 1960) over pairs
// of their words, with the large-sample variance of Fleiss, Cohen and Everitt (Psychol. Bull. 72,
// 1969).
#ifndef TASKFIT_QUALITY_KAPPA_H
#define TASKFIT_QUALITY_KAPPA_H

#include <stddef.h>
#include <stdint.h>

// How often one said class a and the other class b; classes count from 0.
struct kappa_cell {
    uint32_t a, b;
    uint64_t count;
};

struct kappa {
    uint64_t count, same;
    double observed, expected;  // shares that agree
    double value;               // 1: always, 0: as by chance; NaN: both only ever said one class
    double low, high;           // 95 % interval; NaN with value
};

// classes: more than any a and b. Cells may name a pair more than once.
struct kappa kappa_of(const struct kappa_cell *cells, size_t cell_count, uint32_t classes);

#endif
