#include "io/httpd.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <uv.h>

#include "base/mem.h"
#include "io/loop.h"

enum { CONNECTIONS_MOST = 64, IDLE_SECONDS = 10 };

struct httpd {
    struct MHD_Daemon *daemon;
    uv_poll_t *poll;
    uv_timer_t *timer;
    httpd_answer *answer;
    void *owner;
};

static enum MHD_Result on_request(void *opaque, struct MHD_Connection *connection,
                                  const char *url, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **state) {
    struct httpd *httpd = opaque;
    struct buf body = {0};
    (void)version;
    (void)upload;
    (void)upload_size;
    (void)state;
    int status = MHD_HTTP_METHOD_NOT_ALLOWED;
    if (strcmp(method, "GET") == 0) {
        status = httpd->answer(httpd->owner, url, &body);
    } else {
        buf_text(&body, "only GET is answered here\n");
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, (void *)(uintptr_t)buf_string(&body), MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    buf_fini(&body);
    return result;
}

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

static void on_ready(uv_poll_t *poll, int status, int events) {
    (void)status;
    (void)events;
    serve(poll->data);
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

bool httpd_open(struct httpd **out, struct loop *loop, const char *address, httpd_answer *answer,
                void *owner, struct err *err) {
    struct sockaddr_in where;
    if (!parse_address(address, &where, err)) {
        return false;
    }
    struct httpd *httpd = mem_zalloc(sizeof(*httpd));
    httpd->answer = answer;
    httpd->owner = owner;
    httpd->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request,
                                     httpd, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&where,
                                     MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST,
                                     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
                                     MHD_OPTION_END);
    if (httpd->daemon == NULL) {
        mem_free(httpd);
        return err_exit(err, EX_UNAVAILABLE, "listen: %s cannot be listened on (in use?)", address);
    }
    int epoll_fd = MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    httpd->poll = mem_zalloc(sizeof(*httpd->poll));
    httpd->timer = mem_zalloc(sizeof(*httpd->timer));
    uv_poll_init(loop_uv(loop), httpd->poll, epoll_fd);
    uv_timer_init(loop_uv(loop), httpd->timer);
    httpd->poll->data = httpd->timer->data = httpd;
    uv_poll_start(httpd->poll, UV_READABLE, on_ready);
    *out = httpd;
    return true;
}

static void on_closed(uv_handle_t *handle) {
    mem_free(handle);
}

void httpd_close(struct httpd *httpd) {
    uv_poll_stop(httpd->poll);
    uv_close((uv_handle_t *)httpd->poll, on_closed);
    uv_close((uv_handle_t *)httpd->timer, on_closed);
    MHD_stop_daemon(httpd->daemon);
    mem_free(httpd);
}

int httpd_port(const struct httpd *httpd) {
    return MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}
