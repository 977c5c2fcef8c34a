#include "fleet/role.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "fleet/reload.h"
#include "fleet/startup.h"
#include "io/httpd.h"
#include "io/loop.h"
#include "io/notify.h"

enum {
    POOL_BYTES = 64 << 20,
    INSTANCE_TEXT = 128,
    PAGE_CONNECTIONS = 64,
    PAGE_IDLE_SECONDS = 10,
    PAGE_HEAD_BYTES = 32 << 10,
};

struct options {
    const char *config, *tier, *instance, *listen, *log_level;
};

struct program {
    const struct role *role;
    const struct options *options;
    struct process process;
    void *self;
    struct httpd *httpd;
    struct notify notify;
    int signals;
    bool reload_wanted;
    struct err fatal;
    bool failed;
    char instance[INSTANCE_TEXT];
};

static void print_help(const struct role *role) {
    printf("usage: %s%s [--config FILE]\n\n%s\n\n", role->program,
           role->of_tier ? " --tier TIER" : "", role->summary);
    if (role->of_tier) {
        puts("  --tier TIER       the tier whose jobs are taken");
    }
    puts("  -c, --config FILE configuration (default: $TASKFIT_CONFIG, then taskfit.yaml)\n"
         "  --instance NAME   names this process, and keeps its partitions over a restart\n"
         "  --listen ADDRESS  /metrics, /healthz and /readyz, e.g. 127.0.0.1:9100; port 0: any\n"
         "  --log-level L     error, warn, info or debug\n"
         "  --help            this text\n\n"
         "SIGTERM drains: what is in hand is brought to its end, then exit 0.\n"
         "SIGHUP loads the configuration anew; one with a mistake is refused, and the old one\n"
         "stays.");
}

static int usage(const struct role *role, const char *what, const char *which) {
    fprintf(stderr, "%s: %s%s; see %s --help\n", role->program, what, which, role->program);
    return EX_USAGE;
}

// -1: go on; else the exit status.
static int parse_options(const struct role *role, int argc, char **argv, struct options *o) {
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'},   {"tier", required_argument, NULL, 't'},
        {"instance", required_argument, NULL, 'i'}, {"listen", required_argument, NULL, 'l'},
        {"log-level", required_argument, NULL, 'g'}, {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    int c;
    *o = (struct options){.config = getenv("TASKFIT_CONFIG")};
    if (o->config == NULL) {
        o->config = "taskfit.yaml";
    }
    opterr = 0;
    while ((c = getopt_long(argc, argv, "c:", names, NULL)) != -1) {
        switch (c) {
        case 'c': o->config = optarg; break;
        case 't': o->tier = optarg; break;
        case 'i': o->instance = optarg; break;
        case 'l': o->listen = optarg; break;
        case 'g': o->log_level = optarg; break;
        case 'h': print_help(role); return EX_OK;
        default: return usage(role, "unknown or incomplete option ", argv[optind - 1]);
        }
    }
    if (optind < argc) {
        return usage(role, "unexpected argument ", argv[optind]);
    }
    if (role->of_tier && o->tier == NULL) {
        return usage(role, "--tier is missing", "");
    }
    return -1;
}

// --- events

static void on_fatal(void *owner, const struct err *err) {
    struct program *p = owner;
    if (!p->failed) {
        p->failed = true;
        p->fatal = *err;
        loop_stop(p->process.loop);
    }
}

static void on_stop(void *owner, int signal_number) {
    struct program *p = owner;
    p->signals++;
    log_info("signal %d: %s", signal_number, p->signals == 1 ? "draining" : "leaving at once");
    if (p->signals == 1) {
        notify_stopping(&p->notify, "draining: what is in hand is brought to its end");
        p->role->drain(p->self, loop_now_ms(p->process.loop));
    } else {
        loop_stop(p->process.loop);
    }
}

static void on_hangup(void *owner, int signal_number) {
    struct program *p = owner;
    (void)signal_number;
    p->reload_wanted = true;
}

// The configuration that holds is said in the log and in the metrics; level: what the command line
// says comes first.
static void use_config(struct program *p) {
    enum log_level level = (enum log_level)p->process.config->log_level;
    if (p->options->log_level && !log_level_parse(p->options->log_level, &level)) {
        return;  // was told at the start
    }
    log_open(p->role->program, level);
    metric_set(&p->process.metrics, METRIC_CONFIG_LOADED, "",
               (double)loop_wall_ms(p->process.loop) / 1000);
    metric_set(&p->process.metrics, METRIC_CONFIG_GOOD, "", 1);
}

static void load_anew(struct program *p) {
    struct err err;
    p->reload_wanted = false;
    if (p->signals > 0) {
        log_info("draining: no new configuration is loaded");
        return;
    }
    notify_reloading(&p->notify, clock_steady_ms());
    if (reload(&p->process, p->options->tier, &err)) {
        use_config(p);
        notify_ready(&p->notify, "running");
        log_info("%s loaded: it holds for what is taken from now on", p->options->config);
    } else {
        metric_set(&p->process.metrics, METRIC_CONFIG_GOOD, "", 0);
        notify_ready(&p->notify, "running; the last configuration was refused");
        log_error("%s; the configuration stays as it was", err.text);
    }
}

static int64_t on_turn(void *owner) {
    struct program *p = owner;
    if (p->reload_wanted) {
        load_anew(p);
    }
    int64_t wait_ms = p->role->turn(p->self, loop_now_ms(p->process.loop));
    if (p->role->drained(p->self)) {
        loop_stop(p->process.loop);
    }
    int64_t alive_ms = notify_alive(&p->notify, loop_now_ms(p->process.loop));
    return wait_ms < 0 || (alive_ms >= 0 && alive_ms < wait_ms) ? alive_ms : wait_ms;
}

static int page(const struct program *p, const char *path, struct buf *body) {
    if (strcmp(path, "/metrics") == 0) {
        metrics_write(&p->process.metrics, body);
        return 200;
    }
    if (strcmp(path, "/healthz") == 0) {
        buf_text(body, "alive\n");
        return 200;
    }
    if (strcmp(path, "/readyz") == 0) {
        bool ready = p->signals == 0 && p->role->ready(p->self);
        buf_text(body, ready ? "ready\n" : "not ready: waiting for database or partitions\n");
        return ready ? 200 : 503;
    }
    buf_text(body, "here are /metrics, /healthz and /readyz\n");
    return 404;
}

static void on_page(void *owner, struct httpd_request *request) {
    struct buf body = {0};
    struct httpd_reply reply = {.status = 405, .type = "text/plain; version=0.0.4; charset=utf-8"};
    if (strcmp(httpd_method(request), "GET") == 0) {
        reply.status = page(owner, httpd_path(request), &body);
    } else {
        buf_text(&body, "only GET is answered here\n");
    }
    reply.body = buf_slice(&body);
    httpd_reply(request, &reply);
    buf_fini(&body);
}

static bool open_pages(struct program *p, const char *listen, struct err *err) {
    static const struct httpd_events events = {.whole = on_page};
    const struct httpd_options options = {
        .address = listen,
        .connections = PAGE_CONNECTIONS,
        .head_seconds = PAGE_IDLE_SECONDS,
        .idle_seconds = PAGE_IDLE_SECONDS,
        .head_bytes = PAGE_HEAD_BYTES,
    };
    if (listen == NULL) {
        return true;
    }
    if (!httpd_open(&p->httpd, p->process.loop, &options, &events, p, err)) {
        return false;
    }
    log_info("listening on port %d", httpd_port(p->httpd));
    return true;
}

// --- start

static bool load(struct program *p, const struct options *o, struct err *err) {
    enum log_level level;
    if (!config_load(o->config, &p->process.config, err)) {
        return false;
    }
    if (o->log_level && !log_level_parse(o->log_level, &level)) {
        return err_exit(err, EX_USAGE, "--log-level: '%s' is none of error, warn, info, debug",
                        o->log_level);
    }
    use_config(p);
    if (o->tier && config_tier_find(p->process.config, slice_of(o->tier)) == NULL) {
        return err_exit(err, EX_CONFIG, "%s has no tier '%s'", o->config, o->tier);
    }
    return true;
}

static void name_instance(struct program *p, const struct options *o) {
    char host[64] = "localhost";
    gethostname(host, sizeof(host) - 1);
    if (o->instance) {
        snprintf(p->instance, INSTANCE_TEXT, "%s", o->instance);
    } else {
        snprintf(p->instance, INSTANCE_TEXT, "%s-%ld", host, (long)getpid());
    }
    p->process.instance = p->instance;
    p->process.static_member = o->instance != NULL;
}

static bool start(struct program *p, const struct options *o, struct err *err) {
    uint64_t seed = 0;
    p->process.loop = loop_new();
    loop_on_signal(p->process.loop, SIGHUP, on_hangup, p);  // one that comes now is obeyed then
    if (!notify_open(&p->notify, err) || !load(p, o, err)) {
        return false;
    }
    if (!startup_check(p->process.config, p->role->program, &p->notify, err)) {
        return false;
    }
    loop_read_clocks(p->process.loop);  // it may have waited: deadlines begin now
    name_instance(p, o);
    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
        return err_fatal(err, "no random numbers from the system");
    }
    random_seed(&p->process.random, seed);
    arena_pool_init(&p->process.pool, POOL_BYTES);
    p->process.program = p->role->program;
    p->process.fatal = on_fatal;
    p->process.fatal_owner = p;
    return open_pages(p, o->listen ? o->listen : p->process.config->listen, err) &&
           p->role->open(&p->self, &p->process, o->tier, err);
}

static void stop(struct program *p) {
    if (p->self) {
        p->role->close(p->self);
    }
    if (p->httpd) {
        httpd_close(p->httpd);
    }
    if (p->process.loop) {
        loop_free(p->process.loop);
    }
    notify_close(&p->notify);
    metrics_fini(&p->process.metrics);
    config_release(p->process.config);
    arena_pool_fini(&p->process.pool);
}

int role_main(const struct role *role, int argc, char **argv) {
    struct options options;
    struct program p = {.role = role, .options = &options, .notify.fd = -1};
    struct err err;
    int status = parse_options(role, argc, argv, &options);
    if (status >= 0) {
        return status;
    }
    log_open(role->program, LOG_INFO);
    process_keep_secrets();
    signal(SIGPIPE, SIG_IGN);
    if (start(&p, &options, &err)) {
        loop_on_signal(p.process.loop, SIGTERM, on_stop, &p);
        loop_on_signal(p.process.loop, SIGINT, on_stop, &p);
        log_info("started as %s", p.instance);
        notify_ready(&p.notify, "running");
        loop_on_turn(p.process.loop, on_turn, &p);
        loop_run(p.process.loop);
    } else {
        p.failed = true;
        p.fatal = err;
    }
    if (p.failed) {
        log_error("%s", p.fatal.text);
    }
    stop(&p);
    return p.failed ? p.fatal.exit_code : EX_OK;
}
