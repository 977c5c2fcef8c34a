// The first inputs of a file, for commands that need a few: one JSON document on any number of
// lines, or the lines of what `submit` reads (NDJSON, CSV, OpenAI batch).
#ifndef TASKFIT_CLI_INPUTS_H
#define TASKFIT_CLI_INPUTS_H

#include "base/arena.h"
#include "base/err.h"

struct inputs {
    struct slice *items;  // JSON
    size_t count;
};

// The file's name; NULL: standard input.
const char *inputs_file(const char *file);

// At most `most`; file "-": standard input. Everything lives in the arena. Errors name file, line
// and what is wrong: EX_NOINPUT, EX_DATAERR; no input at all is one.
bool inputs_read(const char *file, size_t most, size_t input_bytes, struct arena *arena,
                 struct inputs *inputs, struct err *err) MUST_CHECK;

#endif
