// What is kept of a reply's header lines.
#ifndef TASKFIT_IO_HTTP_HEAD_H
#define TASKFIT_IO_HTTP_HEAD_H

#include "base/buf.h"

enum { HTTP_RETRY_AFTER_BYTES = 64, HTTP_CONTENT_TYPE_BYTES = 128 };

struct http_head {
    size_t bytes;  // of all lines so far
    char retry_after[HTTP_RETRY_AFTER_BYTES];
    bool has_retry_after, retry_after_is_ms;
    char content_type[HTTP_CONTENT_TYPE_BYTES];  // "": none, or a longer one
    struct buf rates;                            // as struct http_reply has them
};

void http_head_begin(struct http_head *head);
void http_head_fini(struct http_head *head);

enum http_head_line { HTTP_HEAD_LINE, HTTP_HEAD_END, HTTP_HEAD_TOO_LARGE };
// A line with its end. HTTP_HEAD_END: the empty one, after which the body comes, or another head.
enum http_head_line http_head_add(struct http_head *head, const char *line, size_t len);

#endif
