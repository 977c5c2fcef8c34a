// What the dialects share in reading a reply.
#ifndef TASKFIT_DIALECT_READING_H
#define TASKFIT_DIALECT_READING_H

#include "base/json.h"
#include "dialect/dialect.h"

enum { ERROR_TEXT_BYTES = 300 };

// The error's text: one line, cut, and without the model's key, should the server repeat it.
void reading_text(const struct request *request, struct arena *arena, struct reading *reading,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

// Says that body is not of the dialect's form and shows its beginning.
void reading_misfit(const struct request *request, const struct json *body, struct arena *arena,
                    struct reading *reading, const char *what);

// The number of tokens in a member of usage; 0 when it is missing or no
// possible one.
uint32_t reading_tokens(const struct json *body, uint32_t usage, const char *member);

struct sample;
// Answer and confidence of several samples; fewer than the model was asked for are no measure, and
// leave the confidence absent. False: none holds an answer.
bool reading_agree(const struct request *request, const struct sample *samples, uint32_t count,
                   struct arena *arena, struct reading *reading);

// As json_get, but a node that is not there (0) has no members.
uint32_t reading_get(const struct json *body, uint32_t object, const char *member);

// What a reply says of its own confidence: `confidence` of the body, put there by a `reply`
// mapping, or of the answer itself. NaN: nothing.
double reading_confidence(const struct json *body, struct slice answer, struct arena *arena);

#endif
