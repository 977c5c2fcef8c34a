// Calling models over HTTP/1.1 (libcurl) on the loop, thousands at a time.
//
// Transfers are spread over many small curl multi handles, because the cost of one grows with the
// transfers in it (31 µs a call at 32, 65 at 2,048). TLS is verified, redirects are not followed,
// only http and https are spoken, replies are capped. Connections are kept and used again.
#ifndef TASKFIT_IO_HTTP_H
#define TASKFIT_IO_HTTP_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct loop;
struct http;
struct http_call;
struct http_headers;

enum http_fault {
    HTTP_FAULT_NONE,
    HTTP_FAULT_CONNECT,    // no connection, no name, no TLS: nothing was sent
    HTTP_FAULT_TIMEOUT,
    HTTP_FAULT_CUT,        // the connection broke before the reply was whole
    HTTP_FAULT_TOO_LARGE,
    HTTP_FAULT_PRIVATE,    // public_only, and the address is none: nothing was sent
    HTTP_FAULT_UNWANTED,   // `accepts` said no
};

// Valid during the call that hands it over.
struct http_reply {
    enum http_fault fault;
    const char *fault_text;
    uint32_t status;
    struct slice body;
    struct slice retry_after;  // the first such header that came; absent: none
    bool retry_after_is_ms;
    // "remaining-requests: 59\n" for each header x-ratelimit-* or anthropic-ratelimit-*, without
    // that beginning.
    struct slice rates;
    struct slice content_type;  // "" : none
    int64_t latency_ms;
};

// A larger body is read as it is sent, and not needed from then on; a smaller one is copied whole
// and sent at once, but must be kept.
enum { HTTP_STREAMED_BYTES = 32768 };

// Such a body was read to its end. Comes before `done`, if at all.
typedef void http_sent(void *owner);

// The reply's head is there, the body is not: false ends the call. content_type: "": none.
typedef bool http_accepts(void *owner, uint32_t status, struct slice content_type);

struct http_request {
    const char *url;                     // must live until the reply
    const struct http_headers *headers;  // likewise
    struct slice body;                   // likewise, or until `sent`
    const char *idempotency_key;         // copied; NULL: none
    struct slice trace;                  // copied: traceparent; absent: none
    int64_t timeout_ms;
    uint32_t reply_bytes;
    http_sent *sent;                     // NULL: no need to know
    bool get;                            // GET, without a body
    // Never to an address that is not public (io/address.h), whatever the name in the URL means by
    // then: for URLs that others name.
    bool public_only;
    http_accepts *accepts;               // NULL: any reply
};

typedef void http_done(void *owner, const struct http_reply *reply);

// in_flight: the most calls at a time; more must not be sent.
struct http *http_open(struct loop *loop, uint32_t in_flight);
void http_close(struct http *http);  // calls under way are forgotten

// `done` comes later, from the loop, once, unless the call is cancelled.
struct http_call *http_send(struct http *http, const struct http_request *request,
                            http_done *done, void *owner);
void http_cancel(struct http_call *call);

// Constant headers of a model: "Name: value" lines. A list is made once and shared by its calls.
struct http_headers *http_headers_new(void);
void http_headers_add(struct http_headers *headers, const char *line);
void http_headers_free(struct http_headers *headers);

// Connects to a URL's server, TLS included, and sends nothing. For programs that may wait.
// EX_UNAVAILABLE in curl's words.
bool http_reach(const char *url, int64_t timeout_ms, struct err *err) MUST_CHECK;

#endif
