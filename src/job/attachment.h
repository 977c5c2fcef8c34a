// What goes with a job's input: an image, a document. By value, or by a URI from which a worker
// fetches it before the call.
#ifndef TASKFIT_JOB_ATTACHMENT_H
#define TASKFIT_JOB_ATTACHMENT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

enum {
    ATTACHMENTS_MOST = 64,  // a limit on any configuration's count
    ATTACHMENT_URI_BYTES = 2048,
    MEDIA_TYPE_BYTES = 127,
};

struct attachment {
    struct slice media_type;  // image/png; absent: what the URI's server says
    struct slice name;        // absent: none
    struct slice content;     // absent: it is not here, but at
    struct slice uri;         // absent: it is by value
};

struct attachment_limits {
    uint32_t count;
    size_t bytes;     // of each
    size_t by_value;  // of all that are by value
};

// As the message has them: without what was fetched.
struct attachment *attachments_copy(const struct attachment *from, uint32_t count,
                                    struct arena *arena);

// What is wrong with the form of one of them, in the arena; absent: nothing.
struct slice attachments_fault(const struct attachment *attachments, uint32_t count,
                               struct arena *arena);
// What is beyond the limits; absent: nothing.
struct slice attachments_excess(const struct attachment *attachments, uint32_t count,
                                const struct attachment_limits *limits, struct arena *arena);

bool media_type_good(struct slice type);  // type/subtype, without parameters
bool media_type_is_image(struct slice type);
bool media_type_is_pdf(struct slice type);
bool media_type_same(struct slice a, struct slice b);

// [{"media_type", "name", "uri", "bytes", "content"}, …]: what is absent is left out, the content
// is in base64, and there only if it is asked for.
void attachments_json(const struct attachment *attachments, uint32_t count, bool content,
                      struct buf *out);

#endif
