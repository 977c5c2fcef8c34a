// What a disk takes its time for, done beside the loop (libuv's pool of threads).
#ifndef TASKFIT_IO_DISK_H
#define TASKFIT_IO_DISK_H

#include "base/err.h"

struct loop;
struct disk_sync;

// err NULL: the bytes are on the disk.
typedef void disk_synced(void *owner, const struct err *err);

// Brings what was written to fd to the disk; fd stays open until `done`.
struct disk_sync *disk_sync(struct loop *loop, int fd, disk_synced *done, void *owner);
void disk_sync_forget(struct disk_sync *sync);  // `done` is not called any more

#endif
