#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"

enum { PIECE_BYTES = 256 << 10, HEAD_BYTES = 64 << 10, PIPE_WAIT_MS = 20 };

static bool fail(const struct input *input, int exit_code, struct err *err) {
    return err_exit(err, exit_code, "%s: %s", input->name, strerror(errno));
}

static ssize_t read_some(int fd, char *into, size_t size) {
    ssize_t got;
    do {
        got = read(fd, into, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

static bool read_head(struct input *input, struct err *err) {
    size_t len = 0;
    while (len < HEAD_BYTES && (input->regular || !memchr(input->memory, '\n', len))) {
        ssize_t got = read_some(input->fd, input->memory + len, HEAD_BYTES - len);
        if (got < 0) {
            return fail(input, EX_IOERR, err);
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
    }
    input->head = (struct slice){input->memory, len};
    return true;
}

static bool look(struct input *input, struct err *err) {
    if (fstat(input->fd, &input->seen) != 0) {
        return fail(input, EX_NOINPUT, err);
    }
    if (S_ISDIR(input->seen.st_mode)) {
        return err_exit(err, EX_NOINPUT, "%s is a directory", input->name);
    }
    input->start = lseek(input->fd, 0, SEEK_CUR);
    input->regular = S_ISREG(input->seen.st_mode) && input->start >= 0;
    input->size = input->regular ? input->seen.st_size - input->start : -1;
    return true;
}

bool input_open(struct input *input, const char *file, struct err *err) {
    bool standard = file == NULL || strcmp(file, "-") == 0;
    *input = (struct input){.name = standard ? "standard input" : file,
                            .file = standard ? NULL : file, .fd = STDIN_FILENO};
    if (!standard) {
        input->fd = open(file, O_RDONLY | O_CLOEXEC);
        if (input->fd < 0) {
            return fail(input, EX_NOINPUT, err);
        }
    }
    input->memory = mem_alloc(PIECE_BYTES);
    if (!look(input, err) || !read_head(input, err)) {
        input_close(input);
        return false;
    }
    return true;
}

void input_close(struct input *input) {
    if (input->fd > STDIN_FILENO) {
        close(input->fd);
    }
    mem_free(input->memory);
    input->memory = NULL;
}

bool input_rewind(struct input *input, struct err *err) {
    if (lseek(input->fd, input->start, SEEK_SET) < 0) {
        return fail(input, EX_IOERR, err);
    }
    input->head_given = true;  // it is read again
    input->read = 0;
    return true;
}

static bool is_readable(const struct input *input) {
    struct pollfd pollfd = {.fd = input->fd, .events = POLLIN};
    return poll(&pollfd, 1, PIPE_WAIT_MS) > 0;  // a signal ends the wait, not the pipe
}

enum input_step input_read(struct input *input, struct slice *piece, struct err *err) {
    if (!input->head_given) {
        input->head_given = true;
        *piece = input->head;
    } else {
        if (!input->regular && !is_readable(input)) {
            return INPUT_WAIT;
        }
        ssize_t got = read_some(input->fd, input->memory, PIECE_BYTES);
        if (got < 0) {
            fail(input, EX_IOERR, err);
            return INPUT_FAIL;
        }
        *piece = (struct slice){input->memory, (size_t)got};
    }
    input->read += (int64_t)piece->len;
    return piece->len > 0 ? INPUT_PIECE : INPUT_END;
}

// --- the digest

static bool spool_open(int *spool, struct err *err) {
    const char *folder = getenv("TMPDIR");
    char name[4096];
    snprintf(name, sizeof(name), "%s/taskfit-submit-%s", folder && *folder ? folder : "/tmp",
             "XX" "XX" "XX");  // which mkostemp replaces
    *spool = mkostemp(name, O_CLOEXEC);
    if (*spool < 0) {
        return err_exit(err, EX_CANTCREAT, "a temporary file for what is piped: %s: %s", name,
                        strerror(errno));
    }
    unlink(name);
    return true;
}

static bool spool_write(int spool, struct slice piece, struct err *err) {
    while (piece.len > 0) {
        ssize_t put = write(spool, piece.at, piece.len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return err_exit(err, EX_IOERR,
                            "what is piped does not fit into $TMPDIR: %s; with --key it is not "
                            "kept there", strerror(errno));
        }
        piece = (struct slice){piece.at + put, piece.len - (size_t)put};
    }
    return true;
}

// spool -1: none.
static bool digest(struct input *input, int spool, struct sha256 *sha, struct err *err) {
    struct slice piece;
    for (;;) {
        switch (input_read(input, &piece, err)) {
        case INPUT_WAIT:
            break;
        case INPUT_FAIL:
            return false;
        case INPUT_END:
            return true;
        case INPUT_PIECE:
            sha256_update(sha, piece);
            if (spool >= 0 && !spool_write(spool, piece, err)) {
                return false;
            }
        }
    }
}

bool input_digest(struct input *input, struct sha256 *sha, struct err *err) {
    int spool = -1;
    if (!input->regular && !spool_open(&spool, err)) {
        return false;
    }
    if (!digest(input, spool, sha, err)) {
        if (spool >= 0) {
            close(spool);
        }
        return false;
    }
    if (spool >= 0) {
        if (input->fd > STDIN_FILENO) {
            close(input->fd);
        }
        input->fd = spool;
        input->start = 0;
        input->size = input->read;
        input->regular = true;
        if (fstat(spool, &input->seen) != 0) {
            return fail(input, EX_IOERR, err);
        }
    }
    return input_rewind(input, err);
}

bool input_unchanged(const struct input *input, struct err *err) {
    struct stat now;
    if (!input->regular || fstat(input->fd, &now) != 0) {
        return true;
    }
    if (now.st_size == input->seen.st_size &&
        now.st_mtim.tv_sec == input->seen.st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == input->seen.st_mtim.tv_nsec) {
        return true;
    }
    return err_exit(err, EX_TEMPFAIL, "%s was written to while it was read; submit it again when "
                                      "it is whole", input->name);
}
