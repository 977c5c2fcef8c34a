#include "io/jq.h"

#include <assert.h>
#include <jq.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#ifndef sigev_notify_thread_id  // glibc names it from 2.38 on
#define sigev_notify_thread_id _sigev_un._tid
#endif

struct jq {
    jq_state *state;
    char *name;
    struct err *err;  // of a compilation under way: where jq's first complaint goes
};

// Before every program, on its first line. It takes away what shows the machine or writes to it,
// and as modules may only stand at the very beginning, include and import become syntax errors (in
// libjq 1.6 an include that is not found aborts the process).
static const char prelude[] = "def env: {}; def stderr: .; def get_search_list: []; "
                              "def modulemeta: error(\"there are no modules\"); {} as $ENV | ";

// --- the limit
//
// A timer over the thread's CPU time, so that it costs nothing while the loop sleeps and no system
// call a run: a run that sees more than TICKS_MOST ticks is halted between two of its instructions.
// A single huge operation of libjq is not interrupted.

enum { TICK_MS = 50, TICKS_MOST = 5 };

static jq_state *volatile running;
static volatile sig_atomic_t ticks, timed_out;

static void on_tick(int signal_number) {
    (void)signal_number;
    if (running && ++ticks > TICKS_MOST && !jq_halted(running)) {
        timed_out = 1;
        jq_halt(running, jv_null(), jv_null());
    }
}

static void limit_start(void) {
    static bool started;
    if (started) {
        return;
    }
    started = true;
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGVTALRM};
    struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
    struct itimerspec every = {tick, tick};
    timer_t timer;
    event.sigev_notify_thread_id = gettid();
    bool ok = sigaction(SIGVTALRM, &action, NULL) == 0 &&
              timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) == 0 &&
              timer_settime(timer, 0, &every, NULL) == 0;
    assert(ok);
}

static void run_begin(struct jq *jq, jv value) {
    jq_start(jq->state, value, 0);
    ticks = 0;
    timed_out = 0;
    running = jq->state;
}

static void run_end(void) {
    running = NULL;
}

// --- compiling

// "jq: error: foo/1 is not defined at <top-level>, line 2:\n…" becomes "name:2: foo/1 is not
// defined".
static void complain(struct jq *jq, const char *said) {
    static const char before[] = "jq: error: ", hint[] = " (Unix shell quoting issues?)";
    static const char place[] = " at <top-level>, line ";
    if (strncmp(said, before, strlen(before)) == 0) {
        said += strlen(before);
    }
    const char *at = strstr(said, place);
    long line = at ? strtol(at + strlen(place), NULL, 10) : 1;
    size_t len = at ? (size_t)(at - said) : strcspn(said, "\n");
    const char *quoting = strstr(said, hint);
    if (quoting && quoting < said + len) {
        len = (size_t)(quoting - said);
    }
    err_exit(jq->err, EX_CONFIG, "%s:%ld: %.*s", jq->name, line, (int)len, said);
}

static void on_complaint(void *owner, jv message) {
    struct jq *jq = owner;
    jv said = jq_format_error(message);
    if (jq->err && jq->err->kind == ERR_NONE) {
        complain(jq, jv_string_value(said));
    }
    jv_free(said);
}

bool jq_new(struct jq **jq, const char *name, const char *program, struct err *err) {
    struct buf text = {0};
    struct jq *made = mem_zalloc(sizeof(*made));
    limit_start();
    made->name = mem_string(name);
    made->state = jq_init();
    assert(made->state);
    // jq 1.6 leaves these two as they lay in memory: `input` and `debug` would call them.
    jq_set_input_cb(made->state, NULL, NULL);
    jq_set_debug_cb(made->state, NULL, NULL);
    made->err = err;
    *err = (struct err){0};
    jq_set_error_cb(made->state, on_complaint, made);
    jq_set_attr(made->state, jv_string("JQ_LIBRARY_PATH"), jv_array());
    buf_text(&text, prelude);
    buf_text(&text, program);
    bool ok = jq_compile(made->state, buf_string(&text)) != 0;
    buf_fini(&text);
    made->err = NULL;
    if (!ok) {
        if (err->kind == ERR_NONE) {
            err_exit(err, EX_CONFIG, "%s: does not compile", name);
        }
        jq_free(made);
        return false;
    }
    *jq = made;
    return true;
}

void jq_free(struct jq *jq) {
    if (jq) {
        jq_teardown(&jq->state);
        mem_free(jq->name);
        mem_free(jq);
    }
}

// --- running

// The text of an invalid value, which is used up. False: it has none.
static bool reason(jv invalid, jv *text) {
    jv said = jv_invalid_get_msg(invalid);
    if (jv_get_kind(said) == JV_KIND_NULL) {
        jv_free(said);
        return false;
    }
    *text = jv_get_kind(said) == JV_KIND_STRING ? said : jv_dump_string(said, 0);
    return true;
}

static bool parse_failed(const struct jq *jq, jv invalid, struct err *err) {
    jv said;
    if (!reason(invalid, &said)) {
        return err_poison(err, "%s: the input is not JSON", jq->name);
    }
    // It quotes the whole text after this.
    const char *words = jv_string_value(said), *quote = strstr(words, " (while parsing ");
    int len = quote ? (int)(quote - words) : (int)strlen(words);
    err_poison(err, "%s: the input is not JSON: %.*s", jq->name, len, words);
    jv_free(said);
    return false;
}

static bool run_failed(const struct jq *jq, jv invalid, struct err *err) {
    jv said;
    if (timed_out) {
        jv_free(invalid);
        return err_poison(err, "%s: the program ran longer than %d ms and was stopped", jq->name,
                          TICK_MS * TICKS_MOST);
    }
    if (!reason(invalid, &said)) {
        return err_poison(err, "%s: the program gave nothing", jq->name);
    }
    err_poison(err, "%s: %s", jq->name, jv_string_value(said));
    jv_free(said);
    return false;
}

bool jq_run(struct jq *jq, struct slice input, struct buf *out, struct err *err) {
    if (input.len > INT_MAX) {
        return err_poison(err, "%s: the input is larger than 2 GiB", jq->name);
    }
    jv value = jv_parse_sized(input.at ? input.at : "", (int)input.len);
    if (!jv_is_valid(value)) {
        return parse_failed(jq, value, err);
    }
    run_begin(jq, value);
    jv result = jq_next(jq->state);
    run_end();
    if (!jv_is_valid(result)) {
        return run_failed(jq, result, err);
    }
    jv line = jv_dump_string(result, 0);
    buf_bytes(out, jv_string_value(line), (size_t)jv_string_length_bytes(jv_copy(line)));
    jv_free(line);
    return true;
}
