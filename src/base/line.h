// A stranger's text made fit for people, logs and rows.
#ifndef TASKFIT_BASE_LINE_H
#define TASKFIT_BASE_LINE_H

#include "base/arena.h"

// text as one line of valid UTF-8 of at most `most` (>= 3) bytes, a copy in the arena ended by NUL.
// White space and control characters in a row become one space, none at the ends; a byte that is
// not UTF-8 becomes U+FFFD; what is too long ends in "…".
struct slice line_of(struct slice text, size_t most, struct arena *arena);

#endif
