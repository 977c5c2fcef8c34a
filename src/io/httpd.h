// An HTTP/1.1 server (libmicrohttpd) on the loop, for pages of metrics and for the gateway.
//
// A request is told of in pieces; its reply may be given in any of the events, or later, from
// anywhere on the loop: meanwhile the connection rests. Bodies are never held here.
//
//     begun → piece … → whole → (reply) → gone           begun → … → gone: the client left
#ifndef TASKFIT_IO_HTTPD_H
#define TASKFIT_IO_HTTPD_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct loop;
struct httpd;
struct httpd_request;

struct httpd_events {
    // The head has come. A reply now means that the body is not wanted. NULL: nothing to do.
    void (*begun)(void *owner, struct httpd_request *request);
    // Some of the body, not after a reply. NULL: it is not looked at.
    void (*piece)(void *owner, struct httpd_request *request, struct slice piece);
    // All of it has come, and there was no reply yet.
    void (*whole)(void *owner, struct httpd_request *request);
    // The request's last moment, whatever became of it. NULL: nothing to do.
    void (*gone)(void *owner, struct httpd_request *request);
};

struct httpd_options {
    const char *address;  // "127.0.0.1:9100"; port 0 is one that is free
    uint32_t connections;
    uint32_t address_connections;  // of one address; 0: all
    uint32_t head_seconds;  // in which a request's head must have come
    uint32_t idle_seconds;  // after which a connection that says nothing is closed
    uint32_t head_bytes;    // of a request line with its headers
    uint64_t body_bytes;    // of a body; a client that sends more is cut off
    bool tls;               // with what io/tls.h serves
};

bool httpd_open(struct httpd **httpd, struct loop *loop, const struct httpd_options *options,
                const struct httpd_events *events, void *owner, struct err *err) MUST_CHECK;
void httpd_close(struct httpd *httpd);  // open requests are gone
void httpd_quiesce(struct httpd *httpd);  // no new connections from now on
int httpd_port(const struct httpd *httpd);
// Whether the address is of this machine alone (127.0.0.0/8); false too when it is none.
bool httpd_is_loopback(const char *address);

// --- a request

const char *httpd_method(const struct httpd_request *request);
const char *httpd_path(const struct httpd_request *request);  // decoded, without the query
const char *httpd_query(const struct httpd_request *request, const char *name);   // NULL: absent
const char *httpd_header(const struct httpd_request *request, const char *name);  // NULL: absent
const char *httpd_cookie(const struct httpd_request *request, const char *name);  // NULL: absent
void httpd_set_own(struct httpd_request *request, void *own);  // its owner's pointer
void *httpd_own(const struct httpd_request *request);

// --- its reply, once

struct httpd_field {
    const char *name, *value;
};

struct httpd_reply {
    int status;
    const char *type;   // Content-Type
    struct slice body;  // copied
    const struct httpd_field *fields;
    size_t field_count;
};

void httpd_reply(struct httpd_request *request, const struct httpd_reply *reply);
// The body is the size bytes of fd, which is closed when it is done with.
void httpd_reply_file(struct httpd_request *request, const struct httpd_reply *reply, int fd,
                      uint64_t size);

// A body that comes with time, of unknown length: pieces are put, in any number, and then it ends.
void httpd_stream(struct httpd_request *request, const struct httpd_reply *reply);
void httpd_put(struct httpd_request *request, struct slice piece);
void httpd_end(struct httpd_request *request);
// A piece for many: it is held once, and leaves out those who have not read what was put before.
struct httpd_shared;
struct httpd_shared *httpd_share(struct slice piece);
void httpd_put_shared(struct httpd_request *request, struct httpd_shared *shared);
void httpd_unshare(struct httpd_shared *shared);  // its maker puts it no more

#endif
