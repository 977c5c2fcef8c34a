// A small HTTP server (libmicrohttpd) on the loop, for metrics and health.
#ifndef TASKFIT_IO_HTTPD_H
#define TASKFIT_IO_HTTPD_H

#include "base/buf.h"
#include "base/err.h"

struct loop;
struct httpd;

// Answers a GET of path: writes the body, returns the status. Content type: text/plain.
typedef int httpd_answer(void *owner, const char *path, struct buf *body);

// address: "127.0.0.1:9100"; port 0 is one that is free.
bool httpd_open(struct httpd **httpd, struct loop *loop, const char *address,
                httpd_answer *answer, void *owner, struct err *err) MUST_CHECK;
void httpd_close(struct httpd *httpd);
int httpd_port(const struct httpd *httpd);

#endif
