// A request to the gateway, from its head to its reply: the first byte chooses method and path, or
// says that the path is the first line; the next line is the query, with headers behind a tab; the
// rest is the body, which comes in two pieces. httpd, the database and the brokers are stood in for
// here: the database is away and the brokers take all. Every request gets one reply, and one of
// type JSON is JSON.
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "fuzz.h"
#include "gateway/call.h"
#include "gateway/registry.h"
#include "gateway/singles.h"
#include "gateway/watch.h"
#include "io/loop.h"
#include "job/job.h"

enum { ASKS_MOST = 16, PATH_BYTES = 256, LINE_BYTES = 2048 };

static const char *const requests[][2] = {
    {"POST", NULL},
    {"GET", NULL},
    {"POST", "/v1/responses"},
    {"POST", "/v1/chat/completions"},
    {"POST", "/v1/taskfit/jobs"},
    {"POST", "/v1/batches"},
    {"POST", "/v1/conversations"},
    {"POST", "/v1/conversations/conv_01a21236-4937-764f-9935-db491c63b689/items"},
    {"GET", "/v1/conversations/conv_01a21236-4937-764f-9935-db491c63b689/items"},
    {"GET", "/v1/files"},
    {"GET", "/v1/batches"},
    {"GET", "/v1/taskfit/batches/01a21236-4937-764f-9935-db491c63b689/outcomes"},
    {"GET", "/v1/taskfit/events"},
};

struct httpd_request {
    const char *method;
    char path[PATH_BYTES], query[LINE_BYTES], value[LINE_BYTES];
    void *own;
    int replies;
};

static struct {
    struct process process;
    struct gateway gateway;
    struct {
        pg_done *done;
        void *owner;
    } asks[ASKS_MOST];
    size_t ask_count;
    struct delivery *sent;
} scene;

// --- httpd

const char *httpd_method(const struct httpd_request *request) {
    return request->method;
}
const char *httpd_path(const struct httpd_request *request) {
    return request->path;
}
// "name=value" between ampersands; a name alone has the value "".
const char *httpd_query(const struct httpd_request *request, const char *name) {
    struct httpd_request *r = (struct httpd_request *)(uintptr_t)request;
    size_t len = strlen(name);
    for (const char *at = r->query; *at; at += strcspn(at, "&\t"), at += *at == '&') {
        size_t part = strcspn(at, "&\t");
        if (part >= len && memcmp(at, name, len) == 0 && (part == len || at[len] == '=')) {
            size_t from = part == len ? len : len + 1;
            snprintf(r->value, sizeof(r->value), "%.*s", (int)(part - from), at + from);
            return r->value;
        }
        if (at[part] == '\t') {
            break;
        }
    }
    return NULL;
}
// What lies behind the tab is the value of every header that may be any text.
const char *httpd_header(const struct httpd_request *request, const char *name) {
    const char *tab = strchr(request->query, '\t');
    return tab && strcmp(name, "Content-Length") != 0 ? tab + 1 : NULL;
}
const char *httpd_cookie(const struct httpd_request *request, const char *name) {
    return httpd_header(request, name);
}
void httpd_set_own(struct httpd_request *request, void *own) {
    request->own = own;
}
void *httpd_own(const struct httpd_request *request) {
    return request->own;
}

void httpd_reply(struct httpd_request *request, const struct httpd_reply *reply) {
    struct err err;
    FUZZ_CHECK(request->replies++ == 0 && reply->status >= 200 && reply->status < 600);
    FUZZ_CHECK(strcmp(reply->type, "application/json") != 0 ||
               json_check(reply->body, &json_default_limits, &err));
}
void httpd_reply_file(struct httpd_request *request, const struct httpd_reply *reply, int fd,
                      uint64_t size) {
    (void)size;
    FUZZ_CHECK(request->replies++ == 0 && reply->status == 200);
    close(fd);
}
void httpd_stream(struct httpd_request *request, const struct httpd_reply *reply) {
    FUZZ_CHECK(request->replies++ == 0 && reply->status == 200);
}
void httpd_put(struct httpd_request *request, struct slice piece) {
    FUZZ_CHECK(request->replies == 1 && piece.at);
}
void httpd_end(struct httpd_request *request) {
    FUZZ_CHECK(request->replies == 1);
}
struct httpd_shared *httpd_share(struct slice piece) {
    (void)piece;
    return NULL;
}
void httpd_put_shared(struct httpd_request *request, struct httpd_shared *shared) {
    FUZZ_CHECK(request->replies == 1 && shared == NULL);
}
void httpd_unshare(struct httpd_shared *shared) {
    (void)shared;
}

// --- the database and the brokers

void asks_put(struct asks *asks, enum pg_statement statement, struct pg_params *params,
              pg_done *done, void *owner) {
    (void)asks;
    (void)statement;
    FUZZ_CHECK(scene.ask_count < ASKS_MOST);
    scene.asks[scene.ask_count].done = done;
    scene.asks[scene.ask_count++].owner = owner;
    pg_params_fini(params);
}
void asks_forget(struct asks *asks, const void *owner) {
    (void)asks;
    (void)owner;
}

bool gateway_send(struct gateway *gateway, const struct job *job, struct delivery *delivery,
                  struct err *err) {
    (void)gateway;
    FUZZ_CHECK(job->has_id && job->path.len > 0 && job->tier.len > 0);
    FUZZ_CHECK(json_check(job->input, &json_default_limits, err));
    scene.sent = delivery;
    return true;
}

// --- one request

static void set_up(void) {
    static const char text[] =
        "kafka: {brokers: 'b:9'}\npostgres: {url: 'postgresql://u@h/d'}\n"
        "models: {m@1: {dialect: scorer, url: 'http://127.0.0.1:9/', confidence: field}}\n"
        "tiers: {t: {models: [m@1]}}\npaths: {p: {tiers: [t], accept: {t: 0.5}}}\n"
        "gateway: {files: /tmp}\n";
    struct err err;
    char name[64];
    int fd = memfd_create("taskfit.yaml", MFD_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, sizeof(text) - 1) == sizeof(text) - 1;
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    ok = ok && config_load(name, &scene.process.config, &err);
    assert(ok);
    close(fd);
    scene.process.loop = loop_new();
    scene.process.program = scene.process.instance = "fuzz";
    random_seed(&scene.process.random, 1);
    arena_pool_init(&scene.process.pool, 0);
    struct gateway *gateway = &scene.gateway;
    gateway->process = &scene.process;
    gateway->first = scene.process.config;
    gateway->newest = scene.process.config;
    gateway->settings = &gateway->first->gateway;
    audit_open(gateway);
    gateway->registry = registry_new(gateway);
    gateway->singles = singles_new(gateway);
    gateway->watch = watch_new(gateway);
}

static struct slice take_line(struct slice *rest) {
    const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
    struct slice line = {rest->at, end ? (size_t)(end - rest->at) : rest->len};
    size_t taken = line.len + (end ? 1 : 0);
    *rest = (struct slice){rest->at + taken, rest->len - taken};
    return line;
}

// Everything that was asked is answered: nobody is there.
static void answer_all(void) {
    struct err err;
    err_retry(&err, "away");
    for (int round = 0; round < ASKS_MOST; round++) {
        if (scene.sent) {
            struct delivery *sent = scene.sent;
            scene.sent = NULL;
            sent->delivered(sent->owner, NULL);
        }
        registry_turn(scene.gateway.registry);
        size_t count = scene.ask_count;
        scene.ask_count = 0;
        for (size_t i = 0; i < count; i++) {
            scene.asks[i].done(scene.asks[i].owner, NULL, &err);
        }
    }
}

static void ask(struct httpd_request *request, struct slice body) {
    struct gateway *gateway = &scene.gateway;
    size_t half = body.len / 2;
    call_begun(gateway, request);
    struct call *call = request->own;
    if (!request->replies && call->route->body == BODY_UPLOAD) {
        call_gone(gateway, request);  // fuzz_multipart's
        return;
    }
    if (!request->replies && half > 0) {
        call_piece(gateway, request, (struct slice){body.at, half});
    }
    if (!request->replies && body.len > half) {
        call_piece(gateway, request, (struct slice){body.at + half, body.len - half});
    }
    if (!request->replies) {
        call_whole(gateway, request);
        answer_all();
        bool waits = request->replies == 0;  // for an outcome, as it should
        FUZZ_CHECK(!waits || call->own);
    }
    call_gone(gateway, request);
    FUZZ_CHECK(gateway->calls == 0 && gateway->body_bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct httpd_request request = {0};
    if (size < 1) {
        return 0;
    }
    if (scene.process.loop == NULL) {
        set_up();
    }
    const char *const *chosen = requests[data[0] % (sizeof(requests) / sizeof(requests[0]))];
    struct slice rest = fuzz_slice(data + 1, size - 1);
    struct slice path = chosen[1] ? slice_of(chosen[1]) : take_line(&rest);
    struct slice query = take_line(&rest);
    request.method = chosen[0];
    snprintf(request.path, sizeof(request.path), "%.*s", SLICE_ARGS(path));
    snprintf(request.query, sizeof(request.query), "%.*s", SLICE_ARGS(query));
    ask(&request, rest);
    return 0;
}
