// The escapes of a JSON string.
#ifndef TASKFIT_BASE_JSON_ESCAPE_H
#define TASKFIT_BASE_JSON_ESCAPE_H

#include <stdint.h>

#include "base/slice.h"

// Reads the escape that starts at text[at] == '\\'. Returns its length; 0: it is none, stands for
// U+0000 or is half of a surrogate pair.
size_t json_escape_read(struct slice text, size_t at, uint32_t *code);

// Writes the characters of a checked string to out, which has room for text.len bytes; returns how
// many there are.
size_t json_unescape(struct slice text, char *out);

#endif
