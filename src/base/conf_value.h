// One scalar of the configuration: text to a member, and what is allowed in words.
#ifndef TASKFIT_BASE_CONF_VALUE_H
#define TASKFIT_BASE_CONF_VALUE_H

#include "base/buf.h"
#include "base/conf.h"

// false: text is not what the row allows. Of TEXT and SECRET the pointer itself is kept.
bool conf_value_read(const struct conf_row *row, const char *text, void *member);

// "a whole number from 1 to 16"; with examples of how to write it where that is not plain.
void conf_value_allowed(const struct conf_row *row, bool examples, struct buf *out);

// "a, b, c" of "a b c".
void conf_words(const char *words, struct buf *out);

#endif
