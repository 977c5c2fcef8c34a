#include "quality/classes.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

static int by_classes(const void *a, const void *b) {
    const struct class_pair *x = a, *y = b;
    return x->right != y->right ? (x->right > y->right) - (x->right < y->right)
                                : (x->said > y->said) - (x->said < y->said);
}

static int by_count(const void *a, const void *b) {
    const struct confusion *x = a, *y = b;
    if (x->count != y->count) {
        return x->count > y->count ? -1 : 1;
    }
    return x->right != y->right ? (x->right > y->right) - (x->right < y->right)
                                : (x->said > y->said) - (x->said < y->said);
}

static void count_confusions(struct class_pair *wrong, struct classes *classes) {
    struct confusion *out = mem_array(classes->wrong + 1, sizeof(*out));
    size_t count = 0;
    qsort(wrong, classes->wrong, sizeof(*wrong), by_classes);
    for (uint64_t i = 0; i < classes->wrong; i++) {
        if (i == 0 || by_classes(&wrong[i], &wrong[i - 1]) != 0) {
            out[count++] = (struct confusion){wrong[i].right, wrong[i].said, 0};
        }
        out[count - 1].count++;
    }
    qsort(out, count, sizeof(*out), by_count);
    classes->confusions = out;
    classes->confusion_count = count;
}

void classes_count(const struct class_pair *pairs, size_t count, uint32_t class_count,
                   struct classes *classes) {
    struct class_pair *wrong = mem_array(count + 1, sizeof(*wrong));
    *classes = (struct classes){.class_count = class_count};
    classes->figures = mem_array(class_count + 1u, sizeof(*classes->figures));
    for (size_t i = 0; i < count; i++) {
        const struct class_pair *pair = &pairs[i];
        bool same = pair->right == pair->said && pair->right != class_count;
        classes->figures[pair->right].labelled++;
        classes->figures[pair->said].said++;
        classes->figures[pair->right].correct += same;
        if (!same) {
            wrong[classes->wrong++] = *pair;
        }
    }
    count_confusions(wrong, classes);
    mem_free(wrong);
}

void classes_fini(struct classes *classes) {
    mem_free(classes->figures);
    mem_free(classes->confusions);
    *classes = (struct classes){0};
}

double class_precision(const struct class_figures *figures) {
    return figures->said > 0 ? (double)figures->correct / (double)figures->said : NAN;
}

double class_recall(const struct class_figures *figures) {
    return figures->labelled > 0 ? (double)figures->correct / (double)figures->labelled : NAN;
}

// --- the worst

struct place {
    uint64_t errors;
    uint32_t at;
};

static int by_errors(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    return x->errors != y->errors ? (x->errors < y->errors) - (x->errors > y->errors)
                                  : (x->at > y->at) - (x->at < y->at);
}

uint32_t *classes_by_errors(const struct classes *classes) {
    size_t count = classes->class_count + 1u;
    struct place *places = mem_array(count, sizeof(*places));
    uint32_t *at = mem_array(count, sizeof(*at));
    for (uint32_t i = 0; i < count; i++) {
        const struct class_figures *f = &classes->figures[i];
        places[i] = (struct place){f->labelled + f->said - 2 * f->correct, i};
    }
    qsort(places, count, sizeof(*places), by_errors);
    for (size_t i = 0; i < count; i++) {
        at[i] = places[i].at;
    }
    mem_free(places);
    return at;
}
