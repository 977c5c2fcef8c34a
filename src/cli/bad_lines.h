// The lines of an input that are no jobs: the first ten and a count for people, all of them for
// programs (in the JSON object on standard output) and for --bad FILE (an object a line).
#ifndef TASKFIT_CLI_BAD_LINES_H
#define TASKFIT_CLI_BAD_LINES_H

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

struct bad_lines {
    const char *input;  // its name
    bool json;
    const char *file_name;
    FILE *file;         // NULL: none
    uint64_t count;
    struct buf text;
};

bool bad_lines_open(struct bad_lines *bad, const char *file_name, struct err *err) MUST_CHECK;
void bad_lines_add(struct bad_lines *bad, uint64_t line, struct slice reason);
// Ends the list and says how many were not shown. False: FILE could not be written.
bool bad_lines_close(struct bad_lines *bad, struct err *err) MUST_CHECK;

#endif
