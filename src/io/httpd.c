#include "io/httpd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/loop.h"
#include "io/pace.h"
#include "io/tls.h"

// A body that nobody wants is read up to here, so that the client sees the reply to it and not a
// connection that was reset.
enum { UNWANTED_BYTES = 1 << 20, STREAM_BYTES = 256, PACE_MS = 250 };

struct httpd {
    struct MHD_Daemon *daemon;
    uv_poll_t *poll;
    uv_timer_t *timer, *pace_timer;
    struct pace pace;
    struct httpd_events events;
    void *owner;
    uint64_t body_bytes;
    struct list requests;
    bool closing;
};

struct httpd_shared {
    size_t references, len;
    char bytes[];
};

struct httpd_request {
    struct httpd *httpd;
    struct list_node node;
    struct MHD_Connection *connection;
    struct pace_client *client;
    struct MHD_Response *response;  // that waits to be given to libmicrohttpd
    unsigned status;
    bool replied, whole, resting;
    uint64_t received;
    const char *method, *path;  // libmicrohttpd's, as long as the request
    struct buf unsent;          // of a stream
    struct httpd_shared *shared;  // after that; NULL: none
    size_t shared_at;           // so far it is sent
    bool ended;
    void *own;
};

static int64_t now_of(const struct httpd *httpd) {
    return (int64_t)uv_now(httpd->timer->loop);
}

// --- a request's life

static enum MHD_Result hand_over(struct httpd_request *r) {
    enum MHD_Result result = MHD_queue_response(r->connection, r->status, r->response);
    MHD_destroy_response(r->response);
    r->response = NULL;
    return result;
}

static uint64_t announced_bytes(const struct httpd_request *r) {
    const char *length = httpd_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length) {
        return strtoull(length, NULL, 10);
    }
    return httpd_header(r, MHD_HTTP_HEADER_TRANSFER_ENCODING) ? UINT64_MAX : 0;
}

static enum MHD_Result begin(struct httpd *httpd, struct MHD_Connection *connection,
                             const char *path, const char *method, void **state) {
    struct httpd_request *r = mem_zalloc(sizeof(*r));
    r->httpd = httpd;
    r->connection = connection;
    r->client = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
                    ->socket_context;
    pace_head_came(&httpd->pace, r->client, now_of(httpd));
    r->method = method;
    r->path = path;
    list_append(&httpd->requests, &r->node);
    *state = r;
    if (httpd->events.begun) {
        httpd->events.begun(httpd->owner, r);
    }
    return r->replied && announced_bytes(r) > UNWANTED_BYTES ? hand_over(r) : MHD_YES;
}

static enum MHD_Result take_piece(struct httpd_request *r, struct slice piece) {
    r->received += piece.len;
    r->client->bytes += piece.len;
    if (r->received > r->httpd->body_bytes) {
        return MHD_NO;
    }
    if (!r->replied && r->httpd->events.piece) {
        r->httpd->events.piece(r->httpd->owner, r, piece);
    }
    return MHD_YES;
}

// Called for the head, for each piece of the body, at its end, and when a rest is over.
static enum MHD_Result on_request(void *opaque, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state) {
    struct httpd *httpd = opaque;
    struct httpd_request *r = *state;
    (void)version;
    if (r == NULL) {
        return begin(httpd, connection, path, method, state);
    }
    if (*upload_size > 0) {
        struct slice piece = {upload, *upload_size};
        *upload_size = 0;
        return take_piece(r, piece);
    }
    pace_body_came(r->client);
    if (!r->whole && !r->replied) {
        r->whole = true;
        httpd->events.whole(httpd->owner, r);
    }
    if (r->response) {
        return hand_over(r);
    }
    if (httpd->closing) {
        return MHD_NO;
    }
    r->resting = true;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

static void on_over(void *opaque, struct MHD_Connection *connection, void **state,
                    enum MHD_RequestTerminationCode why) {
    struct httpd *httpd = opaque;
    struct httpd_request *r = *state;
    (void)connection;
    (void)why;
    if (r == NULL) {
        return;
    }
    if (httpd->events.gone) {
        httpd->events.gone(httpd->owner, r);
    }
    if (r->response) {
        MHD_destroy_response(r->response);
    }
    pace_replied(&httpd->pace, r->client, now_of(httpd));
    list_remove(&r->node);
    buf_fini(&r->unsent);
    httpd_unshare(r->shared);
    mem_free(r);
    *state = NULL;
}

static void on_connection(void *opaque, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what) {
    struct httpd *httpd = opaque;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct pace_client *client = mem_zalloc(sizeof(*client));
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        pace_opened(&httpd->pace, client, fd, now_of(httpd));
        *socket_context = client;
    } else {
        pace_closed(*socket_context);
        mem_free(*socket_context);
    }
}

// --- the loop

static void on_timer(uv_timer_t *timer);

static void serve(struct httpd *httpd) {
    MHD_UNSIGNED_LONG_LONG wait_ms;
    MHD_run(httpd->daemon);
    if (MHD_get_timeout(httpd->daemon, &wait_ms) == MHD_YES) {
        uv_timer_start(httpd->timer, on_timer, wait_ms, 0);
    }
}

static void on_timer(uv_timer_t *timer) {
    serve(timer->data);
}

static void on_pace(uv_timer_t *timer) {
    struct httpd *httpd = timer->data;
    int count = pace_turn(&httpd->pace, now_of(httpd));
    if (count > 0) {
        log_debug("http: %d clients were too slow, or have left", count);
    }
}

static void on_ready(uv_poll_t *poll, int status, int events) {
    (void)status;
    (void)events;
    serve(poll->data);
}

// A resumed connection goes on in the next run, which nothing but this timer would bring about.
static void wake(struct httpd_request *r) {
    if (r->resting) {
        r->resting = false;
        MHD_resume_connection(r->connection);
        uv_timer_start(r->httpd->timer, on_timer, 0, 0);
    }
}

static bool parse_address(const char *address, struct sockaddr_in *out, struct err *err) {
    char host[64];
    const char *colon = strrchr(address, ':');
    char *end = NULL;
    long port = colon ? strtol(colon + 1, &end, 10) : -1;
    size_t len = colon ? (size_t)(colon - address) : 0;
    *out = (struct sockaddr_in){.sin_family = AF_INET};
    if (port < 0 || port > 65535 || end == colon + 1 || *end || len >= sizeof(host)) {
        return err_exit(err, EX_CONFIG, "listen: '%s' is no address such as 127.0.0.1:9100",
                        address);
    }
    memcpy(host, address, len);
    host[len] = '\0';
    out->sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, len ? host : "0.0.0.0", &out->sin_addr) != 1) {
        return err_exit(err, EX_CONFIG, "listen: '%s' is no IPv4 address", host);
    }
    return true;
}

bool httpd_is_loopback(const char *address) {
    struct sockaddr_in where;
    struct err err;
    return parse_address(address, &where, &err) &&
           ntohl(where.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

// What libmicrohttpd says of connections is about what strangers sent: not for every log.
static void on_words(void *opaque, const char *format, va_list args) FORMAT(2, 0);

static void on_words(void *opaque, const char *format, va_list args) {
    char text[256];
    (void)opaque;
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\r\n")] = '\0';
    log_debug("http: %s", text);
}

static void watch(struct httpd *httpd, struct loop *loop) {
    int epoll_fd = MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    httpd->poll = mem_zalloc(sizeof(*httpd->poll));
    httpd->timer = mem_zalloc(sizeof(*httpd->timer));
    httpd->pace_timer = mem_zalloc(sizeof(*httpd->pace_timer));
    uv_poll_init(loop_uv(loop), httpd->poll, epoll_fd);
    uv_timer_init(loop_uv(loop), httpd->timer);
    uv_timer_init(loop_uv(loop), httpd->pace_timer);
    httpd->poll->data = httpd->timer->data = httpd->pace_timer->data = httpd;
    uv_timer_start(httpd->pace_timer, on_pace, PACE_MS, PACE_MS);
    uv_poll_start(httpd->poll, UV_READABLE, on_ready);
}

bool httpd_open(struct httpd **out, struct loop *loop, const struct httpd_options *options,
                const struct httpd_events *events, void *owner, struct err *err) {
    struct sockaddr_in where;
    if (!parse_address(options->address, &where, err)) {
        return false;
    }
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls_retrieve()},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    struct httpd *httpd = mem_zalloc(sizeof(*httpd));
    httpd->events = *events;
    httpd->owner = owner;
    httpd->body_bytes = options->body_bytes;
    list_init(&httpd->requests);
    pace_init(&httpd->pace, (int64_t)options->head_seconds * 1000,
              (int64_t)options->idle_seconds * 1000);
    httpd->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
            (options->tls ? MHD_USE_TLS : 0),
        0, NULL, NULL, on_request, httpd, MHD_OPTION_ARRAY, options->tls ? secure : plain,
        MHD_OPTION_EXTERNAL_LOGGER, on_words, NULL, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&where,
        MHD_OPTION_NOTIFY_COMPLETED, on_over, httpd, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        httpd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)options->address_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)options->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)options->head_bytes, MHD_OPTION_END);
    if (httpd->daemon == NULL) {
        mem_free(httpd);
        return err_exit(err, EX_UNAVAILABLE, "listen: %s cannot be listened on (in use?)",
                        options->address);
    }
    watch(httpd, loop);
    *out = httpd;
    return true;
}

static void on_closed(uv_handle_t *handle) {
    mem_free(handle);
}

void httpd_close(struct httpd *httpd) {
    httpd->closing = true;
    LIST_FOR(node, &httpd->requests) {
        wake(LIST_ENTRY(node, struct httpd_request, node));
    }
    MHD_run(httpd->daemon);  // those that rested are out of their rest, as the next call demands
    uv_poll_stop(httpd->poll);
    uv_close((uv_handle_t *)httpd->poll, on_closed);
    uv_close((uv_handle_t *)httpd->timer, on_closed);
    uv_close((uv_handle_t *)httpd->pace_timer, on_closed);
    MHD_stop_daemon(httpd->daemon);
    mem_free(httpd);
}

void httpd_quiesce(struct httpd *httpd) {
    int fd = MHD_quiesce_daemon(httpd->daemon);
    if (fd >= 0) {
        close(fd);
    }
}

int httpd_port(const struct httpd *httpd) {
    return MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

// --- what its owner reads and says

const char *httpd_method(const struct httpd_request *request) {
    return request->method;
}

const char *httpd_path(const struct httpd_request *request) {
    return request->path;
}

const char *httpd_query(const struct httpd_request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *httpd_header(const struct httpd_request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *httpd_cookie(const struct httpd_request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name);
}

void httpd_set_own(struct httpd_request *request, void *own) {
    request->own = own;
}

void *httpd_own(const struct httpd_request *request) {
    return request->own;
}

static void reply(struct httpd_request *r, const struct httpd_reply *reply,
                  struct MHD_Response *response) {
    assert(!r->replied);
    r->replied = true;
    r->status = (unsigned)reply->status;
    r->response = response;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
    for (size_t i = 0; i < reply->field_count; i++) {
        MHD_add_response_header(response, reply->fields[i].name, reply->fields[i].value);
    }
    wake(r);
}

void httpd_reply(struct httpd_request *request, const struct httpd_reply *given) {
    reply(request, given,
          MHD_create_response_from_buffer(given->body.len,
                                          (void *)(uintptr_t)(given->body.at ? given->body.at : ""),
                                          MHD_RESPMEM_MUST_COPY));
}

void httpd_reply_file(struct httpd_request *request, const struct httpd_reply *given, int fd,
                      uint64_t size) {
    reply(request, given, MHD_create_response_from_fd64(size, fd));
}

// --- streams

void httpd_unshare(struct httpd_shared *shared) {
    if (shared && --shared->references == 0) {
        mem_free(shared);
    }
}

static struct slice unsent(const struct httpd_request *r) {
    if (r->unsent.len > 0 || r->shared == NULL) {
        return buf_slice(&r->unsent);
    }
    return (struct slice){r->shared->bytes + r->shared_at, r->shared->len - r->shared_at};
}

// So many bytes of that are sent.
static void take(struct httpd_request *r, size_t len) {
    if (r->unsent.len > 0) {
        r->unsent.len -= len;
        memmove(r->unsent.data, r->unsent.data + len, r->unsent.len);
        return;
    }
    r->shared_at += len;
    if (r->shared_at == r->shared->len) {
        httpd_unshare(r->shared);
        r->shared = NULL;
    }
}

// libmicrohttpd wants up to most bytes; without any, the connection rests until there are.
static ssize_t read_stream(void *opaque, uint64_t at, char *out, size_t most) {
    struct httpd_request *r = opaque;
    struct slice rest = unsent(r);
    size_t len = rest.len < most ? rest.len : most;
    (void)at;
    if (len == 0 && (r->ended || r->httpd->closing)) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (len == 0) {
        r->resting = true;
        MHD_suspend_connection(r->connection);
        return 0;
    }
    memcpy(out, rest.at, len);
    take(r, len);
    return (ssize_t)len;
}

void httpd_stream(struct httpd_request *request, const struct httpd_reply *given) {
    reply(request, given,
          MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BYTES, read_stream, request,
                                            NULL));
}

void httpd_put(struct httpd_request *request, struct slice piece) {
    buf_slice_add(&request->unsent, piece);
    wake(request);
}

void httpd_end(struct httpd_request *request) {
    request->ended = true;
    wake(request);
}

struct httpd_shared *httpd_share(struct slice piece) {
    struct httpd_shared *shared = mem_alloc(sizeof(*shared) + piece.len);
    shared->references = 1;
    shared->len = piece.len;
    memcpy(shared->bytes, piece.at, piece.len);
    return shared;
}

void httpd_put_shared(struct httpd_request *request, struct httpd_shared *shared) {
    if (unsent(request).len == 0) {
        request->shared = shared;
        request->shared_at = 0;
        shared->references++;
        wake(request);
    }
}
