// Bytes that come in pieces, looked at as lines.
//
// Holds what was put and not yet taken: at most the longest line allowed and one piece. A byte
// order mark at the start is dropped. A line ends with \n; a \r before it is not part of it.
#ifndef TASKFIT_JOB_LINES_H
#define TASKFIT_JOB_LINES_H

#include <stdint.h>

#include "base/buf.h"

struct lines {
    struct buf bytes;
    size_t at;        // the first byte that was not taken
    size_t scanned;   // no line ends between `at` and here
    size_t most;      // bytes of a line
    uint64_t number;  // of the line at `at`, from 1
    bool started;     // past the byte order mark
    bool ended;       // nothing more comes
    bool dropping;    // the rest of a line that is too long
};

enum lines_step {
    LINES_LINE,
    LINES_LONG,  // more than `most`; its text is not kept
    LINES_MORE,  // put something
    LINES_END,
};

// Bytes of the byte order mark that a text begins with, 3 or 0.
size_t lines_mark(struct slice text);

void lines_init(struct lines *lines, size_t most);
void lines_fini(struct lines *lines);

// Views that were handed out are no longer valid. An empty piece: the end.
void lines_put(struct lines *lines, struct slice piece);
enum lines_step lines_next(struct lines *lines, struct slice *line, uint64_t *number);

// For those whose records are no lines: false: put something, or it is the end.
bool lines_ready(struct lines *lines);
struct slice lines_rest(const struct lines *lines);
void lines_take(struct lines *lines, size_t size);  // counts the lines that end in it
void lines_drop(struct lines *lines);               // the line at `at`, when it all came

#endif
