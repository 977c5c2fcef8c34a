// load PORT PATH CONNECTIONS RATE SECONDS FILE: POSTs the bytes of FILE over so many connections,
// RATE times a second (0: each connection as fast as it is answered), and prints what came of it as
// JSON. A latency begins when its request was due, so that a server that stalls cannot hide what it
// kept from being sent.
//
// load PORT PATH CONNECTIONS hold: GETs PATH on so many connections, says `held` when each has had
// some of its answer, and holds them until the standard input ends.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, REPLY_BYTES = 8192, DRAIN_S = 10 };

struct connection {
    int fd;
    bool busy;
    size_t sent, received;
    double due_s;
    char reply[REPLY_BYTES];
};

static struct {
    int port, epoll, count;
    const char *path;
    char *request;
    size_t request_len;
    struct connection *connections;
    double *latencies;
    long answered, refused, broken, latency_room;
} load;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void connect_one(struct connection *c) {
    const struct sockaddr_in where = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)load.port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&where, sizeof(where)) != 0) {
        die("connect");
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static char *read_file(const char *name, size_t *len) {
    FILE *file = fopen(name, "rb");
    char *text = file ? calloc(1, 1 << 20) : NULL;
    if (text == NULL) {
        die(name);
    }
    *len = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

static void make_request(const char *file) {
    size_t len = 0;
    char *body = file ? read_file(file, &len) : NULL, head[512];
    int head_len =
        snprintf(head, sizeof(head),
                 "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                 "Content-Length: %zu\r\n\r\n",
                 file ? "POST" : "GET", load.path, len);
    load.request_len = (size_t)head_len + len;
    load.request = calloc(1, load.request_len + 1);
    memcpy(load.request, head, (size_t)head_len);
    if (body) {
        memcpy(load.request + head_len, body, len);
    }
    free(body);
}

static void send_some(struct connection *c) {
    while (c->sent < load.request_len) {
        ssize_t sent =
            send(c->fd, load.request + c->sent, load.request_len - c->sent, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        c->sent += (size_t)sent;
    }
}

static void begin(struct connection *c, double due_s) {
    c->busy = true;
    c->due_s = due_s;
    c->sent = c->received = 0;
    send_some(c);
}

// Whether all of a reply is there.
static bool is_whole(const struct connection *c) {
    const char *end = strstr(c->reply, "\r\n\r\n");
    const char *length = strcasestr(c->reply, "content-length:");
    return end && length &&
           c->received >= (size_t)(end + 4 - c->reply) + strtoul(length + 15, NULL, 10);
}

static void count_reply(const struct connection *c) {
    if (c->reply[9] == '2') {
        if (load.answered < load.latency_room) {
            load.latencies[load.answered] = now_s() - c->due_s;
        }
        load.answered++;
    } else {
        load.refused++;
    }
}

static void receive(struct connection *c) {
    ssize_t got = recv(c->fd, c->reply + c->received, REPLY_BYTES - 1 - c->received, 0);
    if (got > 0) {
        c->received += (size_t)got;
        c->reply[c->received] = '\0';
        if (is_whole(c)) {
            count_reply(c);
            c->busy = false;
        }
    } else if (got == 0 || errno != EAGAIN) {
        load.broken += c->busy;
        close(c->fd);
        c->busy = false;
        connect_one(c);
    }
}

static void wait_for_replies(int wait_ms) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(load.epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        receive(events[i].data.ptr);
    }
}

static bool any_busy(void) {
    for (int i = 0; i < load.count; i++) {
        if (load.connections[i].busy) {
            return true;
        }
    }
    return false;
}

// Sends what is due on connections that are free.
static void send_due(double start_s, double rate, long *begun) {
    double now = now_s();
    for (int i = 0; i < load.count; i++) {
        struct connection *c = &load.connections[i];
        if (c->busy && c->sent < load.request_len) {
            send_some(c);
        }
        if (!c->busy && rate > 0 && start_s + (double)*begun / rate <= now) {
            begin(c, start_s + (double)(*begun)++ / rate);
        } else if (!c->busy && rate <= 0) {
            begin(c, now);
        }
    }
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void run(double rate, double seconds) {
    double start_s = now_s(), end_s = start_s + seconds;
    long begun = 0;
    load.latency_room = (long)(seconds * (rate > 0 ? rate * 2 : 100000)) + 1;
    load.latencies = calloc((size_t)load.latency_room, sizeof(double));
    while (now_s() < end_s) {
        send_due(start_s, rate, &begun);
        wait_for_replies(1);
    }
    long answered = load.answered;
    double took_s = now_s() - start_s;
    while (any_busy() && now_s() < end_s + DRAIN_S) {
        wait_for_replies(1);
    }
    long count = load.answered < load.latency_room ? load.answered : load.latency_room;
    qsort(load.latencies, (size_t)count, sizeof(double), compare);
    printf(
        "{\"rate\": %.1f, \"answered\": %ld, \"refused\": %ld, \"broken\": %ld, "
        "\"p50_ms\": %.2f, \"p99_ms\": %.2f, \"most_ms\": %.2f}\n",
        (double)answered / took_s, load.answered, load.refused, load.broken,
        count ? load.latencies[count / 2] * 1000 : 0,
        count ? load.latencies[count * 99 / 100] * 1000 : 0,
        count ? load.latencies[count - 1] * 1000 : 0);
}

static void hold(void) {
    char byte;
    for (int i = 0; i < load.count; i++) {
        begin(&load.connections[i], 0);
        while (recv(load.connections[i].fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN) {
            usleep(100);
        }
    }
    puts("held");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
}

int main(int argc, char **argv) {
    struct rlimit files;
    if (argc != 5 && argc != 7) {
        fputs("load PORT PATH CONNECTIONS hold | RATE SECONDS FILE\n", stderr);
        return 64;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    load.port = (int)strtol(argv[1], NULL, 10);
    load.path = argv[2];
    load.count = (int)strtol(argv[3], NULL, 10);
    load.epoll = epoll_create1(0);
    load.connections = calloc((size_t)load.count, sizeof(*load.connections));
    make_request(argc == 7 ? argv[6] : NULL);
    for (int i = 0; i < load.count; i++) {
        connect_one(&load.connections[i]);
    }
    if (argc == 7) {
        run(strtod(argv[4], NULL), strtod(argv[5], NULL));
    } else {
        hold();
    }
    return 0;
}
