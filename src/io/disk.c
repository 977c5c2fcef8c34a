#include "io/disk.h"

#include <string.h>
#include <sysexits.h>
#include <uv.h>

#include "base/mem.h"
#include "io/loop.h"

struct disk_sync {
    uv_fs_t request;
    disk_synced *done;  // NULL: forgotten
    void *owner;
};

static void on_synced(uv_fs_t *request) {
    struct disk_sync *sync = request->data;
    struct err err;
    if (sync->done && request->result == 0) {
        sync->done(sync->owner, NULL);
    } else if (sync->done) {
        err_exit(&err, EX_IOERR, "a file could not be brought to the disk: %s",
                 uv_strerror((int)request->result));
        sync->done(sync->owner, &err);
    }
    uv_fs_req_cleanup(request);
    mem_free(sync);
}

struct disk_sync *disk_sync(struct loop *loop, int fd, disk_synced *done, void *owner) {
    struct disk_sync *sync = mem_zalloc(sizeof(*sync));
    sync->done = done;
    sync->owner = owner;
    sync->request.data = sync;
    uv_fs_fdatasync(loop_uv(loop), &sync->request, fd, on_synced);
    return sync;
}

void disk_sync_forget(struct disk_sync *sync) {
    sync->done = NULL;
}
