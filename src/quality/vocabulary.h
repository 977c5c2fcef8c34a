// Which words a sample of inputs had, and how many of another input's words they did not.
//
// A word is a run of letters and digits of a text or a number, together with the name of the field
// it stands in, in lower case; of four or more digits only how many there are counts, for numbers
// of invoices and amounts are always new and tell nothing; nor do the fields `id` and `custom_id`.
// Known words are kept as a filter of bits (Bloom, "Space/time trade-offs in hash coding with
// allowable errors", CACM 13, 1970): all that the sample had are known, and fewer than one in a
// hundred others.
#ifndef TASKFIT_QUALITY_VOCABULARY_H
#define TASKFIT_QUALITY_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum {
    WORDS_MOST = 128,             // of an input: the others do not count
    VOCABULARY_INPUTS = 5000,     // of a sample, likewise
    VOCABULARY_LOG2_MOST = 22,    // of the bits: 512 KiB
};

// Hashes that stay the same for ever: certificates hold them. Each word once.
struct words {
    uint64_t hashes[WORDS_MOST];
    uint32_t count;
};

// input: JSON. False: it is none, or has no words.
bool words_of(struct slice input, struct arena *arena, struct words *words);

struct vocabulary {
    const unsigned char *bits;
    uint32_t log2;  // of their number; 0: nothing is known
};

double vocabulary_unknown(const struct vocabulary *vocabulary, const struct words *words);

// The words of a sample, input after input.
struct vocabulary_sample {
    uint64_t *hashes;
    size_t count, cap;
    size_t ends[VOCABULARY_INPUTS];  // of each input's
    uint32_t inputs;
};

// False: it has VOCABULARY_INPUTS already.
bool vocabulary_add(struct vocabulary_sample *sample, const struct words *words);

// shares: of each input's words those that no other input of the sample has, which is what to
// expect of one more. The bits live in the arena.
void vocabulary_learn(const struct vocabulary_sample *sample, struct arena *arena,
                      struct vocabulary *vocabulary, double *shares);
void vocabulary_sample_fini(struct vocabulary_sample *sample);

#endif
