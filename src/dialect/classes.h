// What the dialects of classifiers share: a text goes in, a class and its probability come out.
//
// Classes are called by the reply, or by the model's `labels` in their order. The probability of
// the class that is the answer is the reply's own confidence: `confidence: field`.
#ifndef TASKFIT_DIALECT_CLASSES_H
#define TASKFIT_DIALECT_CLASSES_H

#include "dialect/dialect.h"
#include "dialect/members.h"

// How a request names and writes what is judged.
struct classes_form {
    const char *member;  // holds the input; a payload with it is a request body already
    bool names_model;
    bool numbers;        // an array of numbers can be judged too
    void (*write)(const struct request *request, const struct json *payload, struct buf *body);
    void (*finish)(const struct request *request, struct members *members);  // NULL: no more
};
bool classes_build(const struct request *request, const struct classes_form *form,
                   struct buf *body, struct err *err) MUST_CHECK;
void classes_write_raw(const struct request *request, const struct json *payload,
                       struct buf *body);

// Sets answer and confidence. label: as the reply has it. Of a form with one named field it becomes
// an object with that field.
void classes_answer(const struct request *request, struct slice label, double probability,
                    struct arena *arena, struct reading *reading);

// What class `index` is called; absent: the configuration does not say.
struct slice classes_label(const struct request *request, double index);

#endif
