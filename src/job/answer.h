// Is an answer of the form that the path declares? Answers are never trusted raw.
#ifndef TASKFIT_JOB_ANSWER_H
#define TASKFIT_JOB_ANSWER_H

#include "base/arena.h"
#include "job/policy.h"
#include "job/reason.h"

// REASON_NONE when answer (JSON text) has the form; else an ANSWER_* reason and in *detail (arena)
// which field, what it was and what is allowed. An absent answer is ANSWER_MISSING.
enum reason answer_check(const struct answer_form *form, struct slice answer, struct arena *arena,
                         struct slice *detail);

// Are two answers the same where the form looks? Of a form with fields only those count, and one
// that is null is one that is absent. What is no JSON is the same as nothing.
bool answer_same(const struct answer_form *form, struct slice a, struct slice b,
                 struct arena *arena);

// Which of the field's labels the answer has; label_count: none of them.
uint32_t answer_label(const struct answer_field *field, struct slice answer, struct arena *arena);

// The text that a model wrote, after its </think> if it has one, as JSON of the form: for a form of
// one unnamed label field the text without surrounding space, quotes and a final stop, spelled as
// the label that it equals when case is ignored; for named fields the last JSON object in the text
// (also within a ``` fence); for any JSON the text when it is an object or array. Where nothing
// fits, the text itself as a JSON string, which answer_check refuses and people can read.
struct slice answer_from_text(const struct answer_form *form, struct slice text,
                              struct arena *arena);

#endif
