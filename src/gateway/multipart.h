// Reading multipart/form-data (RFC 7578) as it comes, in pieces of any size.
//
// Holds the head of one part and as much of a piece as may be the beginning of a boundary.
//
//     PREAMBLE → HEAD ⇄ BODY → EPILOGUE; any → BROKEN
#ifndef TASKFIT_GATEWAY_MULTIPART_H
#define TASKFIT_GATEWAY_MULTIPART_H

#include "base/buf.h"
#include "base/err.h"

enum {
    MULTIPART_BOUNDARY = 70,  // RFC 2046, 5.1.1
    MULTIPART_NAME = 256,     // of a field or a file, longer ones are cut
};

struct multipart_events {
    // A part begins; file_name is "" where it is none.
    void (*part)(void *owner, const char *name, const char *file_name);
    void (*bytes)(void *owner, struct slice bytes);  // of that part
};

struct multipart {
    enum multipart_state {
        MULTIPART_PREAMBLE,
        MULTIPART_HEAD,
        MULTIPART_BODY,
        MULTIPART_EPILOGUE,
        MULTIPART_BROKEN,
    } state;
    char mark[MULTIPART_BOUNDARY + 8];  // CR LF - - boundary
    size_t mark_len;
    struct buf held;  // what was not understood yet
    struct multipart_events events;
    void *owner;
    const char *wrong;
};

// content_type: the header's value. False: it is no multipart/form-data with a boundary.
bool multipart_init(struct multipart *multipart, const char *content_type,
                    const struct multipart_events *events, void *owner);
void multipart_fini(struct multipart *multipart);

void multipart_put(struct multipart *multipart, struct slice piece);
// All of it has come: NULL when it was whole, else what is wrong.
const char *multipart_end(const struct multipart *multipart);

#endif
