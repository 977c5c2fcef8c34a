#include "io/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <uv.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "io/address.h"
#include "io/http_head.h"
#include "io/loop.h"

enum {
    SHARD_CALLS = 32,     // at which a multi handle is cheapest
    SHARDS_MOST = 128,
    RECEIVE_BYTES = 4096, // curl's own buffer; its default of 16 KiB is most of a call's memory
    SEND_BYTES = 16384,   // likewise, and its least: a call holds it as long as it lasts
    KEY_BYTES = 96,
    TRACE_BYTES = 80,
    BODY_KEPT = 8192,     // a larger reply's memory is given back
};

struct http_headers {
    struct curl_slist *list;
};

struct shard {
    struct http *http;
    CURLM *multi;
    uv_timer_t *timer;
    struct list idle;  // calls whose easy handles wait to be used again
    uint32_t running;
};

struct http {
    struct loop *loop;
    struct shard shards[SHARDS_MOST];
    uint32_t shard_count, next;
    CURLSH *share;  // names and TLS sessions, which every shard would look up and agree on anew
    struct http_call *all;  // every call there ever was, for closing
};

struct http_call {
    struct list_node node;
    struct http_call *next;
    struct shard *shard;
    CURL *easy;
    http_done *done;  // NULL: cancelled, or idle
    http_sent *sent;
    void *owner;
    struct slice unread;  // of a streamed request
    struct buf body;
    uint32_t body_most;
    struct http_head head;
    http_accepts *accepts;
    bool public_only;
    enum http_fault fault;  // why one of our own callbacks ended it
    char key[KEY_BYTES];
    char trace[TRACE_BYTES];
    struct curl_slist key_line, trace_line;  // their data are these; they go on to the model's
};

// A socket of a shard; freed when libuv has let go of it.
struct socket {
    uv_poll_t poll;
    struct shard *shard;
    curl_socket_t fd;
};

// --- requests

// Of a body that is streamed. Nothing is read twice: a request that was begun is not sent again
// (on_sending).
static size_t on_read(char *to, size_t one, size_t room, void *opaque) {
    struct http_call *call = opaque;
    size_t size = call->unread.len < room ? call->unread.len : room;
    (void)one;
    memcpy(to, call->unread.at, size);
    call->unread.at += size;
    call->unread.len -= size;
    if (call->unread.len == 0 && call->sent) {
        call->sent(call->owner);
        call->sent = NULL;
    }
    return size;
}

// --- replies

static size_t on_body(char *data, size_t one, size_t size, void *opaque) {
    struct http_call *call = opaque;
    (void)one;
    if (call->body.len + size > call->body_most) {
        call->fault = HTTP_FAULT_TOO_LARGE;
        return 0;
    }
    buf_bytes(&call->body, data, size);
    return size;
}

static size_t on_header(char *line, size_t one, size_t size, void *opaque) {
    struct http_call *call = opaque;
    long status = 0;
    (void)one;
    enum http_head_line what = http_head_add(&call->head, line, size);
    if (what == HTTP_HEAD_TOO_LARGE) {
        call->fault = HTTP_FAULT_TOO_LARGE;
        return 0;
    }
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (what == HTTP_HEAD_END && status >= 200 && call->accepts &&
        !call->accepts(call->owner, (uint32_t)status, slice_of(call->head.content_type))) {
        call->fault = HTTP_FAULT_UNWANTED;
        return 0;
    }
    return size;
}

// --- the guard

// Names are looked up by curl, so the address is looked at where it is used: a name that means
// another machine by then, or by the next look-up, does not get around it.
static curl_socket_t on_open(void *opaque, curlsocktype purpose, struct curl_sockaddr *to) {
    struct http_call *call = opaque;
    (void)purpose;
    if (call->public_only && !address_is_public(&to->addr)) {
        call->fault = HTTP_FAULT_PRIVATE;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

// Asked before a request is sent. When a connection that was used before ends in place of a reply,
// curl would send the request once more by itself: the model would be called twice, and nobody
// would know. What was not sent may be.
static int on_sending(void *opaque, char *to, char *from, int to_port, int from_port) {
    struct http_call *call = opaque;
    long sent = 0;
    (void)from;
    (void)to_port;
    (void)from_port;
    if (call->public_only && !address_text_is_public(to)) {
        call->fault = HTTP_FAULT_PRIVATE;  // a connection that an unguarded call left
        return CURL_PREREQFUNC_ABORT;
    }
    curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &sent);
    return sent > 0 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static const char *fault_text(const struct http_call *call, CURLcode code) {
    if (call->fault == HTTP_FAULT_PRIVATE) {
        return "the address is not a public one";
    }
    if (call->fault == HTTP_FAULT_UNWANTED) {
        return "the reply is not what was asked for";
    }
    // Of on_sending.
    return curl_easy_strerror(code == CURLE_ABORTED_BY_CALLBACK ? CURLE_GOT_NOTHING : code);
}

static enum http_fault fault_of(const struct http_call *call, CURLcode code) {
    long sent = 0;
    if (code == CURLE_OK) {
        return HTTP_FAULT_NONE;
    }
    if (call->fault != HTTP_FAULT_NONE) {
        return call->fault;
    }
    if (code == CURLE_FILESIZE_EXCEEDED) {
        return HTTP_FAULT_TOO_LARGE;
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return HTTP_FAULT_TIMEOUT;
    }
    curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &sent);
    return sent > 0 ? HTTP_FAULT_CUT : HTTP_FAULT_CONNECT;
}

static void call_rest(struct http_call *call) {
    call->done = NULL;
    call->sent = NULL;
    call->owner = NULL;
    call->unread = (struct slice){0};
    if (call->body.cap > BODY_KEPT) {
        buf_fini(&call->body);
    }
    buf_clear(&call->body);
    call->shard->running--;
    list_prepend(&call->shard->idle, &call->node);
}

static void call_finish(struct http_call *call, CURLcode code) {
    curl_off_t total_us = 0;
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    curl_multi_remove_handle(call->shard->multi, call->easy);
    struct http_reply reply = {
        .fault = fault_of(call, code),
        .fault_text = fault_text(call, code),
        .status = (uint32_t)status,
        .body = buf_slice(&call->body),
        .latency_ms = total_us / 1000,
    };
    reply.rates = buf_slice(&call->head.rates);
    if (call->head.has_retry_after) {
        reply.retry_after = slice_of(call->head.retry_after);
        reply.retry_after_is_ms = call->head.retry_after_is_ms;
    }
    reply.content_type = slice_of(call->head.content_type);
    call->done(call->owner, &reply);
    call_rest(call);
}

// Looks for finished transfers after every action: waiting for "none running" loses the last one.
static void shard_collect(struct shard *shard) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(shard->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            struct http_call *call;
            CURLcode code = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
            call_finish(call, code);
        }
    }
}

// --- curl's sockets and timers on the loop

static void on_socket_event(uv_poll_t *handle, int status, int events) {
    struct socket *s = handle->data;
    int running, flags = status < 0 ? CURL_CSELECT_ERR : 0;
    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    struct shard *shard = s->shard;  // s may be on its way out after the action
    curl_multi_socket_action(shard->multi, s->fd, flags, &running);
    shard_collect(shard);
}

static void on_closed(uv_handle_t *handle) {
    mem_free(handle->data);
}

static void on_timer_closed(uv_handle_t *handle) {
    mem_free(handle);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *opaque, void *known) {
    struct shard *shard = opaque;
    struct socket *s = known;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s) {
            uv_poll_stop(&s->poll);
            uv_close((uv_handle_t *)&s->poll, on_closed);
            curl_multi_assign(shard->multi, fd, NULL);
        }
        return 0;
    }
    if (s == NULL) {
        s = mem_zalloc(sizeof(*s));
        s->shard = shard;
        s->fd = fd;
        s->poll.data = s;
        uv_poll_init_socket(loop_uv(shard->http->loop), &s->poll, fd);
        curl_multi_assign(shard->multi, fd, s);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(&s->poll, events, on_socket_event);
    return 0;
}

static void on_timeout(uv_timer_t *timer) {
    struct shard *shard = timer->data;
    int running;
    curl_multi_socket_action(shard->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    shard_collect(shard);
}

static int on_curl_timer(CURLM *multi, long wait_ms, void *opaque) {
    struct shard *shard = opaque;
    (void)multi;
    if (wait_ms < 0) {
        uv_timer_stop(shard->timer);
    } else {
        uv_timer_start(shard->timer, on_timeout, (uint64_t)wait_ms, 0);
    }
    return 0;
}

static void shard_open(struct shard *shard, struct http *http, uint32_t calls) {
    shard->http = http;
    list_init(&shard->idle);
    shard->timer = mem_zalloc(sizeof(*shard->timer));
    uv_timer_init(loop_uv(http->loop), shard->timer);
    shard->timer->data = shard;
    shard->multi = curl_multi_init();
    curl_multi_setopt(shard->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(shard->multi, CURLMOPT_SOCKETDATA, shard);
    curl_multi_setopt(shard->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(shard->multi, CURLMOPT_TIMERDATA, shard);
    // A connection for each call, and as many to spare: fewer than calls cost a connect each.
    curl_multi_setopt(shard->multi, CURLMOPT_MAXCONNECTS, 2L * calls);
    curl_multi_setopt(shard->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
}

struct http *http_open(struct loop *loop, uint32_t in_flight) {
    assert(in_flight > 0);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct http *http = mem_zalloc(sizeof(*http));
    http->loop = loop;
    http->share = curl_share_init();
    assert(http->share);
    curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    http->shard_count = (in_flight + SHARD_CALLS - 1) / SHARD_CALLS;
    if (http->shard_count > SHARDS_MOST) {
        http->shard_count = SHARDS_MOST;
    }
    for (uint32_t i = 0; i < http->shard_count; i++) {
        shard_open(&http->shards[i], http, in_flight / http->shard_count + 1);
    }
    return http;
}

void http_close(struct http *http) {
    while (http->all) {
        struct http_call *call = http->all;
        http->all = call->next;
        curl_multi_remove_handle(call->shard->multi, call->easy);
        curl_easy_cleanup(call->easy);
        buf_fini(&call->body);
        http_head_fini(&call->head);
        mem_free(call);
    }
    for (uint32_t i = 0; i < http->shard_count; i++) {
        curl_multi_cleanup(http->shards[i].multi);
        uv_close((uv_handle_t *)http->shards[i].timer, on_timer_closed);
    }
    curl_share_cleanup(http->share);
    // Sockets close on the loop's next turns and know nothing of http.
    mem_free(http);
    curl_global_cleanup();
}

// --- calls

static void set_connection(CURL *easy) {
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

static struct http_call *call_new(struct shard *shard) {
    struct http_call *call = mem_zalloc(sizeof(*call));
    call->shard = shard;
    call->easy = curl_easy_init();
    call->key_line.data = call->key;
    call->trace_line.data = call->trace;
    call->next = shard->http->all;
    shard->http->all = call;
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(call->easy, CURLOPT_SHARE, shard->http->share);
    curl_easy_setopt(call->easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(call->easy, CURLOPT_READDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_PREREQFUNCTION, on_sending);
    curl_easy_setopt(call->easy, CURLOPT_PREREQDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(call->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(call->easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    curl_easy_setopt(call->easy, CURLOPT_USERAGENT, "taskfit");
    set_connection(call->easy);
    return call;
}

// The next shard in turn: with equal calls in each, so are the connections.
static struct shard *shard_choose(struct http *http) {
    struct shard *best = &http->shards[http->next];
    for (uint32_t i = 1; i < 4 && i < http->shard_count; i++) {
        struct shard *shard = &http->shards[(http->next + i) % http->shard_count];
        if (shard->running < best->running) {
            best = shard;
        }
    }
    http->next = (http->next + 1) % http->shard_count;
    return best;
}

static void call_prepare(struct http_call *call, const struct http_request *request) {
    struct curl_slist *headers = request->headers ? request->headers->list : NULL;
    if (request->idempotency_key) {
        snprintf(call->key, KEY_BYTES, "Idempotency-Key: %s", request->idempotency_key);
        call->key_line.next = headers;
        headers = &call->key_line;
    }
    if (request->trace.at) {
        snprintf(call->trace, TRACE_BYTES, "traceparent: %.*s", SLICE_ARGS(request->trace));
        call->trace_line.next = headers;
        headers = &call->trace_line;
    }
    call->body_most = request->reply_bytes;
    call->fault = HTTP_FAULT_NONE;
    call->accepts = request->accepts;
    call->public_only = request->public_only;
    http_head_begin(&call->head);
    curl_easy_setopt(call->easy, CURLOPT_URL, request->url);
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, headers);
    bool streamed = request->body.len > HTTP_STREAMED_BYTES;
    call->unread = streamed ? request->body : (struct slice){0};
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, streamed ? NULL : request->body.at);
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    curl_easy_setopt(call->easy, request->get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
    curl_easy_setopt(call->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->reply_bytes);
    curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
}

struct http_call *http_send(struct http *http, const struct http_request *request,
                            http_done *done, void *owner) {
    struct shard *shard = shard_choose(http);
    struct list_node *node = list_pop(&shard->idle);
    struct http_call *call = node ? LIST_ENTRY(node, struct http_call, node) : call_new(shard);
    call->done = done;
    call->sent = request->sent;
    call->owner = owner;
    call_prepare(call, request);
    shard->running++;
    CURLMcode code = curl_multi_add_handle(shard->multi, call->easy);
    assert(code == CURLM_OK);
    return call;
}

void http_cancel(struct http_call *call) {
    assert(call->done);
    curl_multi_remove_handle(call->shard->multi, call->easy);
    call_rest(call);
}

bool http_reach(const char *url, int64_t timeout_ms, struct err *err) {
    char words[CURL_ERROR_SIZE] = "";
    CURL *easy = curl_easy_init();
    assert(easy);
    set_connection(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, words);
    CURLcode code = curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    return code == CURLE_OK ||
           err_exit(err, EX_UNAVAILABLE, "%s", words[0] ? words : curl_easy_strerror(code));
}

struct http_headers *http_headers_new(void) {
    struct http_headers *headers = mem_zalloc(sizeof(*headers));
    // Without these curl waits for a "100 Continue" before larger bodies.
    headers->list = curl_slist_append(headers->list, "Expect:");
    headers->list = curl_slist_append(headers->list, "Content-Type: application/json");
    return headers;
}

void http_headers_add(struct http_headers *headers, const char *line) {
    headers->list = curl_slist_append(headers->list, line);
}

void http_headers_free(struct http_headers *headers) {
    curl_slist_free_all(headers->list);
    mem_free(headers);
}
