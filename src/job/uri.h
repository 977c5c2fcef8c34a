// URIs that strangers name, and the prefixes that they must lie below.
//
// A URI has one form here, so that what is compared is what is fetched: scheme and host in lower
// case, no default port, nothing percent-encoded that need not be. What could be read in two ways
// is refused: a user before the host, `.` and `..` as segments, encoded slashes, backslashes,
// control characters, a fragment.
#ifndef TASKFIT_JOB_URI_H
#define TASKFIT_JOB_URI_H

#include "base/arena.h"

// Absolute, http or https, in its one form in the arena. False: *why says what it is not; else
// that stays.
bool uri_read(struct slice uri, struct arena *arena, struct slice *normal, const char **why);

// Both in their one form; a prefix ends with '/' and has no query.
bool uri_is_below(struct slice uri, struct slice prefix);

#endif
