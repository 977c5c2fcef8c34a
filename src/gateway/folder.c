#include "gateway/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"

enum { DRAFT_TEXT = UUID_TEXT + 8 };

struct folder {
    struct loop *loop;
    int fd;
};

bool folder_open(struct folder **out, struct loop *loop, const char *path, struct err *err) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_exit(err, EX_CONFIG, "gateway.files: %s: %s", path, strerror(errno));
    }
    if (faccessat(fd, ".", W_OK | X_OK, 0) != 0) {
        close(fd);
        return err_exit(err, EX_CONFIG, "gateway.files: %s cannot be written to: %s", path,
                        strerror(errno));
    }
    struct folder *folder = mem_zalloc(sizeof(*folder));
    folder->loop = loop;
    folder->fd = fd;
    *out = folder;
    return true;
}

void folder_close(struct folder *folder) {
    close(folder->fd);
    mem_free(folder);
}

int folder_read(const struct folder *folder, struct uuid id, int64_t *bytes) {
    char name[UUID_TEXT];
    struct stat seen;
    uuid_format(id, name);
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &seen) != 0) {
        close(fd);
        return -1;
    }
    *bytes = fd < 0 ? 0 : seen.st_size;
    return fd;
}

void folder_delete(const struct folder *folder, struct uuid id) {
    char name[UUID_TEXT];
    uuid_format(id, name);
    unlinkat(folder->fd, name, 0);
}

static void draft_name(const struct folder_draft *draft, char name[DRAFT_TEXT]) {
    uuid_format(draft->id, name);
    memcpy(name + UUID_TEXT - 1, ".part", sizeof(".part"));
}

static bool fail(struct err *err, int error) {
    if (error == ENOSPC || error == EDQUOT) {
        return err_retry(err, "there is no room for the file");
    }
    return err_exit(err, EX_IOERR, "the file cannot be written: %s", strerror(error));
}

bool folder_begin(struct folder_draft *draft, struct folder *folder, struct uuid id,
                  struct err *err) {
    char name[DRAFT_TEXT];
    *draft = (struct folder_draft){.folder = folder, .id = id, .fd = -1};
    draft_name(draft, name);
    draft->fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return draft->fd >= 0 || fail(err, errno);
}

bool folder_write(struct folder_draft *draft, struct slice bytes, struct err *err) {
    while (bytes.len > 0) {
        ssize_t put = write(draft->fd, bytes.at, bytes.len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return fail(err, put < 0 ? errno : EIO);
        }
        draft->bytes += put;
        bytes = (struct slice){bytes.at + put, bytes.len - (size_t)put};
    }
    return true;
}

// The folder is on the disk too: the name will be there after a loss of power.
static void on_named(void *owner, const struct err *err) {
    struct folder_draft *draft = owner;
    draft->sync = NULL;
    if (err == NULL) {
        close(draft->fd);
        draft->fd = -1;
    }
    draft->done(draft->owner, err);
}

static void on_synced(void *owner, const struct err *err) {
    struct folder_draft *draft = owner;
    char from[DRAFT_TEXT], to[UUID_TEXT];
    struct err rename_err;
    draft->sync = NULL;
    draft_name(draft, from);
    uuid_format(draft->id, to);
    if (err == NULL && renameat(draft->folder->fd, from, draft->folder->fd, to) != 0) {
        fail(&rename_err, errno);
        err = &rename_err;
    }
    if (err) {
        draft->done(draft->owner, err);
        return;
    }
    draft->sync = disk_sync(draft->folder->loop, draft->folder->fd, on_named, draft);
}

void folder_end(struct folder_draft *draft, disk_synced *done, void *owner) {
    draft->done = done;
    draft->owner = owner;
    draft->sync = disk_sync(draft->folder->loop, draft->fd, on_synced, draft);
}

void folder_forget(struct folder_draft *draft) {
    char name[DRAFT_TEXT];
    if (draft->sync) {
        disk_sync_forget(draft->sync);
        draft->sync = NULL;
    }
    if (draft->fd >= 0) {
        draft_name(draft, name);
        unlinkat(draft->folder->fd, name, 0);
        close(draft->fd);
        draft->fd = -1;
    }
}
