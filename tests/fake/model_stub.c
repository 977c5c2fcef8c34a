// A model server that costs little: one thread, thousands of connections, answers that depend on
// nothing but the request. For benchmarks and for tests that count calls.
//
//   POST /score                 scorer dialect: {"answer": …, "confidence": …}
//   POST /v1/chat/completions   OpenAI's, with logprobs when they are asked for
//   GET  /stats                 calls, distinct keys, repeated calls, in flight now and at most
//   POST /limits                what is refused from now on (limits.h)
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "head.h"
#include "keys.h"
#include "limits.h"
#include "reply.h"
#include "wheel.h"

enum { EVENTS = 512, READ_BYTES = 256 << 10, REQUEST_MOST = 16 << 20, BYTES_A_TOKEN = 4 };

struct connection {
    struct timer timer;  // set: a call waits for its latency
    int fd;
    bool close;          // after the reply
    struct call call;
    char *in;            // bytes of a request that is not whole, or of the next one
    size_t in_len, in_size;
    char *out;           // what the socket did not take
    size_t out_len;
};

struct stats {
    uint64_t calls, repeats, without_key, refused, tokens;
    uint64_t place_ms;  // calls in flight, over time
    uint32_t in_flight, most_in_flight, connections, most_connections;
};

static struct {
    int epoll, listener, journal;
    int64_t latency_ms, jitter_ms, now_ms;
    uint64_t seed, random;
    struct labels labels;
    struct keys keys;
    struct stats stats;
    struct limits limits;
    struct wheel wheel;
    char read[READ_BYTES];
} stub;

static int64_t clock_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// --- connections

static void connection_close(struct connection *c) {
    if (c->timer.next) {
        wheel_unset(&stub.wheel, &c->timer);
        stub.stats.in_flight--;
    }
    stub.stats.connections--;
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

static void accept_all(void) {
    int fd;
    while ((fd = accept4(stub.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *c = calloc(1, sizeof(*c));
        struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = c}};
        int yes = 1;
        if (c == NULL) {
            abort();
        }
        c->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        epoll_ctl(stub.epoll, EPOLL_CTL_ADD, fd, &event);
        stub.stats.connections++;
        if (stub.stats.most_connections < stub.stats.connections) {
            stub.stats.most_connections = stub.stats.connections;
        }
    }
}

// False: the connection is gone.
static bool send_bytes(struct connection *c, const char *bytes, size_t len) {
    ssize_t sent = send(c->fd, bytes, len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        connection_close(c);
        return false;
    }
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    if (taken < len) {
        char *rest = malloc(len - taken);
        if (rest == NULL) {
            abort();
        }
        memcpy(rest, bytes + taken, len - taken);
        free(c->out);
        c->out = rest;
        c->out_len = len - taken;
        return true;
    }
    free(c->out);
    c->out = NULL;
    if (c->close) {
        connection_close(c);
        return false;
    }
    return true;
}

// --- requests

static bool send_json(struct connection *c, int status, const char *body) {
    char text[REPLY_MOST];
    return send_bytes(c, text, reply_write_json(text, status, "", body));
}

static bool send_stats(struct connection *c) {
    char body[512];
    const struct stats *s = &stub.stats;
    snprintf(body, sizeof(body),
             "{\"calls\":%llu,\"distinct_keys\":%zu,\"repeats\":%llu,\"without_key\":%llu,"
             "\"refused\":%llu,\"tokens\":%llu,\"place_ms\":%llu,\"now_ms\":%lld,"
             "\"in_flight\":%u,\"most_in_flight\":%u,\"connections\":%u,"
             "\"most_connections\":%u}\n",
             (unsigned long long)s->calls, stub.keys.used, (unsigned long long)s->repeats,
             (unsigned long long)s->without_key, (unsigned long long)s->refused,
             (unsigned long long)s->tokens, (unsigned long long)s->place_ms,
             (long long)stub.now_ms, s->in_flight, s->most_in_flight, s->connections,
             s->most_connections);
    return send_json(c, 200, body);
}

// One write a call, before its reply: what the file says outlives a kill -9.
static void journal_call(const struct head *head) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int len = head->key ? (int)head->key_len : 1;
    if (dprintf(stub.journal, "%lld.%06ld %.*s\n", (long long)t.tv_sec, t.tv_nsec / 1000, len,
                head->key ? head->key : "-") < 0) {
        abort();
    }
}

static void count_call(const struct head *head) {
    stub.stats.calls++;
    if (stub.journal >= 0) {
        journal_call(head);
    }
    if (head->key == NULL) {
        stub.stats.without_key++;
    } else if (!keys_add(&stub.keys, bytes_hash(head->key, head->key_len, 0))) {
        stub.stats.repeats++;
    }
}

static bool send_answer(struct connection *c) {
    char text[REPLY_MOST], headers[LIMITS_HEADERS];
    limits_headers(&stub.limits, false, stub.now_ms, headers);
    return send_bytes(c, text, reply_write(text, &stub.labels, &c->call, headers));
}

static bool refuse(struct connection *c) {
    char text[REPLY_MOST], headers[LIMITS_HEADERS];
    stub.stats.refused++;
    limits_headers(&stub.limits, true, stub.now_ms, headers);
    return send_bytes(c, text, reply_write_json(text, 429, headers,
                                                "{\"error\":{\"message\":\"slow down\"}}\n"));
}

static int64_t next_latency_ms(void) {
    // Xorshift: no more is asked of a jitter.
    stub.random ^= stub.random << 13;
    stub.random ^= stub.random >> 7;
    stub.random ^= stub.random << 17;
    return stub.latency_ms + (int64_t)(stub.random % (uint64_t)(stub.jitter_ms + 1));
}

static bool begin_call(struct connection *c, const struct head *head, const char *body) {
    count_call(head);
    c->call = (struct call){
        .kind = head_path_is(head, "/score") ? CALL_SCORE : CALL_CHAT,
        .hash = bytes_hash(body, head->body_len, stub.seed),
        .prompt_tokens = (uint32_t)(head->body_len / BYTES_A_TOKEN),
        .logprobs = memmem(body, head->body_len, "\"logprobs\":true", 15) != NULL,
    };
    if (!limits_admit(&stub.limits, stub.stats.in_flight, c->call.prompt_tokens + 1,
                      stub.now_ms)) {
        return refuse(c);
    }
    stub.stats.tokens += c->call.prompt_tokens + 1;
    int64_t latency_ms = next_latency_ms();
    if (latency_ms == 0) {
        if (stub.stats.most_in_flight == 0) {
            stub.stats.most_in_flight = 1;
        }
        return send_answer(c);
    }
    wheel_set(&stub.wheel, &c->timer, stub.now_ms + latency_ms);
    if (++stub.stats.in_flight > stub.stats.most_in_flight) {
        stub.stats.most_in_flight = stub.stats.in_flight;
    }
    return true;
}

static bool serve(struct connection *c, const struct head *head, const char *body) {
    c->close = head->close;
    if (head->chunked) {
        c->close = true;
        return send_json(c, 411, "{\"error\":\"no length\"}\n");
    }
    bool chat = head_path_is(head, "/v1/chat/completions");
    if (head->post && (chat || head_path_is(head, "/score"))) {
        return begin_call(c, head, body);
    }
    if (head->post && head_path_is(head, "/limits")) {
        bool set = limits_set(&stub.limits, body, head->body_len, stub.now_ms);
        return send_json(c, set ? 200 : 400, set ? "{}\n" : "{\"error\":\"no limits\"}\n");
    }
    if (!head->post && head_path_is(head, "/stats")) {
        return send_stats(c);
    }
    return send_json(c, 404, "{\"error\":\"no such page\"}\n");
}

// Serves what is whole, up to a call that waits. Returns how much was used; *gone: c is no more.
static size_t consume(struct connection *c, const char *bytes, size_t len, bool *gone) {
    struct head head;
    size_t used = 0;
    *gone = false;
    while (c->timer.next == NULL && c->out == NULL && head_read(&head, bytes + used, len - used)) {
        if (head.body_len > REQUEST_MOST) {
            connection_close(c);
            *gone = true;
            break;
        }
        if (head.whole > len - used) {
            break;
        }
        used += head.whole;
        if (!serve(c, &head, bytes + used - head.body_len)) {
            *gone = true;
            break;
        }
    }
    return used;
}

static void keep(struct connection *c, const char *bytes, size_t len) {
    if (c->in_len + len > c->in_size) {
        c->in_size = (c->in_len + len) * 2;
        c->in = realloc(c->in, c->in_size);
        if (c->in == NULL) {
            abort();
        }
    }
    memcpy(c->in + c->in_len, bytes, len);
    c->in_len += len;
}

// Goes on with what was kept. False: c is no more.
static bool continue_kept(struct connection *c) {
    bool gone;
    if (c->in_len == 0) {
        return true;
    }
    size_t used = consume(c, c->in, c->in_len, &gone);
    if (gone) {
        return false;
    }
    c->in_len -= used;
    memmove(c->in, c->in + used, c->in_len);
    if (c->in_len == 0) {
        free(c->in);
        c->in = NULL;
        c->in_size = 0;
    }
    return true;
}

static void on_readable(struct connection *c) {
    for (;;) {
        ssize_t got = recv(c->fd, stub.read, READ_BYTES, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN) || c->in_len > REQUEST_MOST + READ_BYTES) {
            connection_close(c);
            return;
        }
        if (got < 0) {
            return;
        }
        if (c->in_len > 0) {
            keep(c, stub.read, (size_t)got);
            if (!continue_kept(c)) {
                return;
            }
        } else {
            bool gone;
            size_t used = consume(c, stub.read, (size_t)got, &gone);
            if (gone) {
                return;
            }
            if (used < (size_t)got) {
                keep(c, stub.read + used, (size_t)got - used);
            }
        }
        if (got < READ_BYTES) {
            return;
        }
    }
}

static void on_event(const struct epoll_event *event) {
    struct connection *c = event->data.ptr;
    if (c == NULL) {
        accept_all();
    } else if (event->events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) {
        connection_close(c);
    } else {
        if (c->out) {
            char *rest = c->out;
            c->out = NULL;
            bool there = send_bytes(c, rest, c->out_len) && continue_kept(c);
            free(rest);
            if (!there) {
                return;
            }
        }
        if (event->events & EPOLLIN) {
            on_readable(c);
        }
    }
}

// --- start

static void run(void) {
    static struct epoll_event events[EVENTS];
    for (;;) {
        int n = epoll_wait(stub.epoll, events, EVENTS, wheel_wait_ms(&stub.wheel, clock_ms()));
        int64_t now_ms = clock_ms();
        stub.stats.place_ms += (uint64_t)(now_ms - stub.now_ms) * stub.stats.in_flight;
        stub.now_ms = now_ms;
        for (int i = 0; i < n; i++) {
            on_event(&events[i]);
        }
        // After the events: what a timer closes, no event of this round may name any more.
        struct timer *timer;
        while ((timer = wheel_due(&stub.wheel, stub.now_ms)) != NULL) {
            struct connection *c = (struct connection *)timer;  // its first member
            stub.stats.in_flight--;
            (void)(send_answer(c) && continue_kept(c));
        }
    }
}

static int listen_on(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int yes = 1;
    stub.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(stub.listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(stub.listener, (struct sockaddr *)&address, len) < 0 ||
        listen(stub.listener, 4096) < 0 ||
        getsockname(stub.listener, (struct sockaddr *)&address, &len) < 0) {
        fprintf(stderr, "model_stub: port %u: %s\n", port, strerror(errno));
        return EX_OSERR;
    }
    printf("http://127.0.0.1:%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return EX_OK;
}

static void set_labels(char *list) {
    char *rest = list, *name;
    stub.labels.count = 0;
    while ((name = strsep(&rest, ",")) != NULL && stub.labels.count < LABELS_MOST) {
        if (*name && strlen(name) <= LABEL_MOST) {
            stub.labels.names[stub.labels.count++] = name;
        }
    }
}

static int open_journal(const char *file) {
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        fprintf(stderr, "model_stub: %s: %s\n", file, strerror(errno));
        exit(EX_CANTCREAT);
    }
    return fd;
}

static int usage(void) {
    fputs("usage: model_stub [--port P] [--latency MS] [--jitter MS] [--labels A,B,…] [--seed N]\n"
          "                  [--journal FILE]\n"
          "Answers POST /score and /v1/chat/completions; GET /stats counts. Port 0: a free one,\n"
          "printed. A reply takes latency and up to jitter more. To the journal each call adds a\n"
          "line: when it came (Unix time), and its idempotency key.\n",
          stderr);
    return EX_USAGE;
}

int main(int argc, char **argv) {
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},   {"latency", required_argument, NULL, 'l'},
        {"jitter", required_argument, NULL, 'j'}, {"labels", required_argument, NULL, 'a'},
        {"seed", required_argument, NULL, 's'},   {"journal", required_argument, NULL, 'o'},
        {NULL, 0, NULL, 0}};
    static char labels[] = "yes,no";
    long port = 0;
    int option;
    stub.journal = -1;
    set_labels(labels);
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (option) {
        case 'p': port = strtol(optarg, NULL, 10); break;
        case 'l': stub.latency_ms = strtol(optarg, NULL, 10); break;
        case 'j': stub.jitter_ms = strtol(optarg, NULL, 10); break;
        case 'a': set_labels(optarg); break;
        case 's': stub.seed = strtoull(optarg, NULL, 10); break;
        case 'o': stub.journal = open_journal(optarg); break;
        default: return usage();
        }
    }
    if (port < 0 || port > UINT16_MAX || stub.latency_ms < 0 || stub.jitter_ms < 0 ||
        stub.latency_ms + stub.jitter_ms > WHEEL_MOST_MS || stub.labels.count == 0) {
        return usage();
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    stub.random = stub.seed * 2 + 1;
    stub.now_ms = clock_ms();
    wheel_init(&stub.wheel, stub.now_ms);
    int status = listen_on((uint16_t)port);
    if (status != EX_OK) {
        return status;
    }
    struct epoll_event event = {EPOLLIN, {.ptr = NULL}};
    stub.epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(stub.epoll, EPOLL_CTL_ADD, stub.listener, &event);
    run();
}
