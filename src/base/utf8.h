// UTF-8 as Unicode 15 defines it (table 3-7): no overlong forms, no surrogates, nothing above
// U+10FFFF.
#ifndef TASKFIT_BASE_UTF8_H
#define TASKFIT_BASE_UTF8_H

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

// Bytes of the character at text[at], which must be within; 0: it is not valid.
size_t utf8_length(struct slice text, size_t at);
// The length of the valid start of text: text.len when all of it is valid.
size_t utf8_valid(struct slice text);
// The length of text without a character that begins at its end and is not whole.
size_t utf8_uncut(struct slice text);
// Writes code, which must be a Unicode scalar value, to out; returns the bytes written, 1 to 4.
size_t utf8_encode(uint32_t code, char out[4]);

#endif
