// The file or pipe that a command reads: its first bytes, its digest, its pieces.
//
// A regular file is read as often as needed; a pipe once, unless its digest was asked for, which
// puts it into a temporary file without a name.
#ifndef TASKFIT_CLI_INPUT_H
#define TASKFIT_CLI_INPUT_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/hash.h"

struct input {
    const char *name;    // for people
    const char *file;    // NULL: standard input
    int fd;
    bool regular;
    int64_t start;       // of a regular file: where its reading began
    int64_t size;        // bytes from there; -1: not known
    struct stat seen;    // at the beginning
    char *memory;
    struct slice head;   // the first bytes, up to 64 KiB and at least a line; empty: it is empty
    bool head_given;     // by input_read
    int64_t read;        // bytes given
};

enum input_step {
    INPUT_PIECE,
    INPUT_END,
    INPUT_WAIT,  // a pipe in which there is nothing yet; it was waited for 20 ms
    INPUT_FAIL,
};

// file NULL or "-": standard input. Reads the head. Errors: EX_NOINPUT, EX_IOERR.
bool input_open(struct input *input, const char *file, struct err *err) MUST_CHECK;
void input_close(struct input *input);

// Takes all of it into the digest, and goes back to the start.
bool input_digest(struct input *input, struct sha256 *sha, struct err *err) MUST_CHECK;
// Back to the start, of a regular file or after input_digest.
bool input_rewind(struct input *input, struct err *err) MUST_CHECK;
// The next piece; valid until the next call.
enum input_step input_read(struct input *input, struct slice *piece, struct err *err);
// False: a regular file that was written to since it was opened.
bool input_unchanged(const struct input *input, struct err *err) MUST_CHECK;

#endif
