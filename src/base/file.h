// Small files, read or written whole: configuration, secrets, prompts, rules, reports.
#ifndef TASKFIT_BASE_FILE_H
#define TASKFIT_BASE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

// Regular files of at most `most` bytes; text lives in the arena and is followed by a NUL that does
// not count. Errors: EX_NOINPUT, naming the file.
bool file_read(const char *path, size_t most, struct arena *arena, struct slice *text,
               struct err *err) MUST_CHECK;

// Makes or replaces the file. Errors (EX_CANTCREAT, EX_IOERR) name it.
bool file_write(const char *path, struct slice text, struct err *err) MUST_CHECK;

// name as seen from the folder that file lies in; an absolute name as it is.
const char *file_beside(const char *file, const char *name, struct arena *arena);

#endif
