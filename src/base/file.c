#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

// A file that grows while it is read is read up to the size it had.
static bool read_open(int fd, const char *path, size_t most, struct arena *arena,
                      struct slice *text, struct err *err) {
    struct stat stat;
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
        return err_exit(err, EX_NOINPUT, "%s: not a regular file", path);
    }
    if ((uintmax_t)stat.st_size > most) {
        return err_exit(err, EX_NOINPUT, "%s: %lld bytes, more than the %zu that are allowed", path,
                        (long long)stat.st_size, most);
    }
    size_t size = (size_t)stat.st_size;
    char *data = arena_alloc(arena, size + 1);
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, data + len, size - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_exit(err, EX_NOINPUT, "%s: %s", path, strerror(errno));
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
    }
    data[len] = '\0';
    *text = (struct slice){data, len};
    return true;
}

bool file_read(const char *path, size_t most, struct arena *arena, struct slice *text,
               struct err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return err_exit(err, EX_NOINPUT, "%s: %s", path, strerror(errno));
    }
    bool ok = read_open(fd, path, most, arena, text, err);
    close(fd);
    return ok;
}

const char *file_beside(const char *file, const char *name, struct arena *arena) {
    const char *slash = strrchr(file, '/');
    if (name[0] == '/' || slash == NULL) {
        return arena_string(arena, slice_of(name));
    }
    return arena_printf(arena, "%.*s/%s", (int)(slash - file), file, name).at;
}

bool file_write(const char *path, struct slice text, struct err *err) {
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        return err_exit(err, EX_CANTCREAT, "%s: cannot be made: %s", path, strerror(errno));
    }
    bool ok = fwrite(text.at, 1, text.len, out) == text.len;
    ok = fclose(out) == 0 && ok;
    return ok || err_exit(err, EX_IOERR, "%s: cannot be written: %s; it is not whole", path,
                          strerror(errno));
}
