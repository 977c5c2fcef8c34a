// Two ways to answer the same items: which one is right more often?
//
// Only items that one has right and the other wrong tell. The exact test of McNemar (Psychometrika
// 12, 1947) holds for one look, decided on beforehand. The e-value, a bet on the coin of these
// items with Krichevsky's and Trofimov's mixture (Beta(1/2, 1/2)), holds however often it is looked
// at: by Ville's inequality 1 / e is a p-value at every moment.
#ifndef TASKFIT_QUALITY_PAIRED_H
#define TASKFIT_QUALITY_PAIRED_H

#include <stdint.h>

struct paired {
    uint64_t both, only_a, only_b, neither;  // right
};

struct paired_rate {
    double share, low, high;  // exact 95 % interval (Clopper and Pearson)
};

struct paired_result {
    uint64_t count;
    struct paired_rate a, b;
    // Of b's share less a's: Agresti's and Min's adjusted interval (Stat. Med. 24, 2005), 95 %.
    double difference, low, high;
    double p_once, p_always;
};

struct paired_rate paired_rate(uint64_t k, uint64_t n);  // n > 0
double paired_once(const struct paired *paired);
double paired_always(const struct paired *paired);
struct paired_result paired_test(const struct paired *paired);

// About how many items would do for p_always <= level, if their shares stay as they are; 0: none,
// or more than a thousand times as many.
uint64_t paired_needed(const struct paired *paired, double level);

#endif
