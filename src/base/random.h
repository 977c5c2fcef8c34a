// A small seeded generator (xoshiro256**, Blackman and Vigna 2018): for jitter, sampling and tests,
// never for secrets. Seeded from outside, so that a run can be repeated.
#ifndef TASKFIT_BASE_RANDOM_H
#define TASKFIT_BASE_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state[4];
};

void random_seed(struct random *random, uint64_t seed);
uint64_t random_u64(struct random *random);
uint64_t random_below(struct random *random, uint64_t limit);  // 0 .. limit - 1; limit > 0
double random_unit(struct random *random);                     // [0, 1)

#endif
