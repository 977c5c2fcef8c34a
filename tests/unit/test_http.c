// The bounds of a call whose URL others name, before a server on the loopback.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/http.h"
#include "io/loop.h"
#include "unit.h"

// What the server saw; it is another process.
static struct seen {
    int connections, requests;
    char first_line[64];
} * seen;

static int listener;
static pid_t server;
static char url[64];

static void answer(int fd) {
    static const char reply[] =
        "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
        "Content-Length: 10\r\n\r\n0123456789";
    char request[2048];
    size_t len = 0;
    ssize_t got;
    while ((got = read(fd, request + len, sizeof(request) - 1 - len)) > 0) {
        len += (size_t)got;
        request[len] = '\0';
        if (strstr(request, "\r\n\r\n")) {
            seen->requests++;
            snprintf(seen->first_line, sizeof(seen->first_line), "%.*s",
                     (int)strcspn(request, "\r"), request);
            if (write(fd, reply, sizeof(reply) - 1) < 0) {
                break;
            }
            len = 0;
        }
    }
    close(fd);
}

static void serve(void) {
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        seen->connections++;
        if (fork() == 0) {
            answer(fd);
            _exit(0);
        }
        close(fd);
    }
}

static int begin(void **state) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    (void)state;
    seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(seen, MAP_FAILED);
    memset(seen, 0, sizeof(*seen));
    listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    snprintf(url, sizeof(url), "http://localhost:%d/cat.png", ntohs(at.sin_port));
    server = fork();
    if (server == 0) {
        signal(SIGCHLD, SIG_IGN);
        serve();
    }
    return 0;
}

static int end(void **state) {
    (void)state;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    close(listener);
    munmap(seen, sizeof(*seen));
    return 0;
}

// --- calls

struct outcome {
    struct loop *loop;
    enum http_fault fault;
    uint32_t status;
    char body[32], type[32];
};

static void on_done(void *owner, const struct http_reply *reply) {
    struct outcome *outcome = owner;
    outcome->fault = reply->fault;
    outcome->status = reply->status;
    snprintf(outcome->body, sizeof(outcome->body), "%.*s", SLICE_ARGS(reply->body));
    snprintf(outcome->type, sizeof(outcome->type), "%.*s", SLICE_ARGS(reply->content_type));
    loop_stop(outcome->loop);
}

static struct outcome call(struct http *http, struct loop *loop, struct http_request request) {
    struct outcome outcome = {.loop = loop};
    request.url = url;
    request.timeout_ms = 20000;
    request.reply_bytes = request.reply_bytes ? request.reply_bytes : 100;
    http_send(http, &request, on_done, &outcome);
    loop_run(loop);
    return outcome;
}

static struct outcome call_once(struct http_request request) {
    struct loop *loop = loop_new();
    struct http *http = http_open(loop, 1);
    struct outcome outcome = call(http, loop, request);
    http_close(http);
    loop_free(loop);
    return outcome;
}

static bool refuse(void *owner, uint32_t status, struct slice content_type) {
    (void)owner;
    assert_int_equal(status, 200);
    assert_slice(content_type, "image/png");
    return false;
}

static void test_a_get(void **state) {
    struct outcome outcome = call_once((struct http_request){.get = true});
    (void)state;
    assert_int_equal(outcome.fault, HTTP_FAULT_NONE);
    assert_string_equal(outcome.body, "0123456789");
    assert_string_equal(outcome.type, "image/png");
    assert_string_equal(seen->first_line, "GET /cat.png HTTP/1.1");
}

static void test_the_loopback_is_not_public(void **state) {
    struct outcome outcome = call_once((struct http_request){.get = true, .public_only = true});
    (void)state;
    assert_int_equal(outcome.fault, HTTP_FAULT_PRIVATE);
    // The server takes connections in their order.
    assert_int_equal(call_once((struct http_request){.get = true}).fault, HTTP_FAULT_NONE);
    assert_int_equal(seen->connections, 1);
}

static void test_nor_is_a_connection_that_was_left(void **state) {
    struct loop *loop = loop_new();
    struct http *http = http_open(loop, 1);
    struct http_request request = {.get = true};
    (void)state;
    assert_int_equal(call(http, loop, request).fault, HTTP_FAULT_NONE);
    request.public_only = true;
    assert_int_equal(call(http, loop, request).fault, HTTP_FAULT_PRIVATE);
    assert_int_equal(seen->requests, 1);
    request.public_only = false;
    assert_int_equal(call(http, loop, request).fault, HTTP_FAULT_NONE);
    http_close(http);
    loop_free(loop);
}

static void test_a_head_that_is_not_wanted(void **state) {
    struct outcome outcome = call_once((struct http_request){.get = true, .accepts = refuse});
    (void)state;
    assert_int_equal(outcome.fault, HTTP_FAULT_UNWANTED);
    assert_string_equal(outcome.body, "");
}

static void test_a_length_above_the_limit(void **state) {
    struct outcome outcome = call_once((struct http_request){.get = true, .reply_bytes = 9});
    (void)state;
    assert_int_equal(outcome.fault, HTTP_FAULT_TOO_LARGE);
    assert_string_equal(outcome.body, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_get, begin, end),
        cmocka_unit_test_setup_teardown(test_the_loopback_is_not_public, begin, end),
        cmocka_unit_test_setup_teardown(test_nor_is_a_connection_that_was_left, begin, end),
        cmocka_unit_test_setup_teardown(test_a_head_that_is_not_wanted, begin, end),
        cmocka_unit_test_setup_teardown(test_a_length_above_the_limit, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
