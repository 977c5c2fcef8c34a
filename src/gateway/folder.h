// The bytes of files: <folder>/<uuid>, written under another name and renamed when they are whole.
#ifndef TASKFIT_GATEWAY_FOLDER_H
#define TASKFIT_GATEWAY_FOLDER_H

#include "base/err.h"
#include "base/uuid.h"
#include "io/disk.h"

struct folder;

bool folder_open(struct folder **folder, struct loop *loop, const char *path,
                 struct err *err) MUST_CHECK;
void folder_close(struct folder *folder);

// For reading; -1: it is not there.
int folder_read(const struct folder *folder, struct uuid id, int64_t *bytes);
void folder_delete(const struct folder *folder, struct uuid id);

// One file that is being written. Errors are ERR_RETRY where there is no room, else EX_IOERR.
struct folder_draft {
    struct folder *folder;
    struct uuid id;
    int fd;
    int64_t bytes;
    struct disk_sync *sync;
    disk_synced *done;
    void *owner;
};
bool folder_begin(struct folder_draft *draft, struct folder *folder, struct uuid id,
                  struct err *err) MUST_CHECK;
bool folder_write(struct folder_draft *draft, struct slice bytes, struct err *err) MUST_CHECK;
// Brings it to the disk and gives it its name, then calls done.
void folder_end(struct folder_draft *draft, disk_synced *done, void *owner);
// Whatever its state: an unfinished one leaves nothing behind.
void folder_forget(struct folder_draft *draft);

#endif
