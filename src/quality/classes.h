// What was said against what was right, by class.
#ifndef TASKFIT_QUALITY_CLASSES_H
#define TASKFIT_QUALITY_CLASSES_H

#include <stddef.h>
#include <stdint.h>

// Of one answer; class_count: none of the classes.
struct class_pair {
    uint32_t right, said;
};

struct class_figures {
    uint64_t labelled, said, correct;  // it was right; it was said; both
};

struct confusion {
    uint32_t right, said;
    uint64_t count;
};

struct classes {
    uint32_t class_count;
    struct class_figures *figures;  // class_count + 1: the last is what is none of them
    struct confusion *confusions;   // the most frequent first, then in the order of the classes
    size_t confusion_count;
    uint64_t wrong;                 // of all answers
};

// Of two that are none of the classes it is not known whether they are the same: they are wrong.
void classes_count(const struct class_pair *pairs, size_t count, uint32_t class_count,
                   struct classes *classes);
void classes_fini(struct classes *classes);

// Share of what was said that was right, and of what was right that was said; NaN: of nothing.
double class_precision(const struct class_figures *figures);
double class_recall(const struct class_figures *figures);

// The places of all figures, those with the most errors (missed, or said wrongly) first; mem_free.
uint32_t *classes_by_errors(const struct classes *classes);

#endif
