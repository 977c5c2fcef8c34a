#include "base/random.h"

static uint64_t rotate(uint64_t x, int n) {
    return x << n | x >> (64 - n);
}

// splitmix64, as the authors of xoshiro advise for seeding.
static uint64_t split(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

void random_seed(struct random *random, uint64_t seed) {
    for (int i = 0; i < 4; i++) {
        random->state[i] = split(&seed);
    }
}

uint64_t random_u64(struct random *random) {
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t random_below(struct random *random, uint64_t limit) {
    return (uint64_t)((__uint128_t)random_u64(random) * limit >> 64);
}

double random_unit(struct random *random) {
    return (double)(random_u64(random) >> 11) * 0x1p-53;
}
