// A path's answer form as a JSON Schema, in the dialects of schema that providers accept.
#ifndef TASKFIT_DIALECT_SCHEMA_H
#define TASKFIT_DIALECT_SCHEMA_H

#include "base/buf.h"
#include "job/policy.h"

enum schema_style {
    SCHEMA_OPENAI,   // strict where it can be: all required, an optional field may be null
    SCHEMA_TYPED,    // Anthropic, Gemini: optional fields are not required, each has a type
};

// A form without named fields has no schema: the answer is plain text.
bool schema_applies(const struct answer_form *form);
// OpenAI's strict mode wants every member typed, so a field of any value makes the schema loose.
bool schema_is_strict(const struct answer_form *form);
// confidence: the answer says how sure it is too, in a member of that name.
void schema_write(struct buf *body, const struct answer_form *form, enum schema_style style,
                  bool confidence);

#endif
