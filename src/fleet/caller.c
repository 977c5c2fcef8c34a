#include "fleet/caller.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "fleet/models.h"
#include "fleet/process.h"
#include "fleet/replies.h"
#include "io/http.h"
#include "io/jq.h"
#include "io/loop.h"

enum { WARN_MS = 5000 };

struct caller {
    struct process *process;
    struct http *http;
    struct models *models;
    struct caller_events events;
    void *owner;
    uint32_t in_flight_most;  // what http was opened for
    uint32_t in_flight;
    size_t unsent;            // bytes of large bodies that are not out yet
    struct buf scratch, payload;
    int64_t warned_ms;        // when hops without an answer were told of last; 0: never
    uint32_t failures;        // such hops since
};

struct caller *caller_open(struct process *process, const struct config_tier *tier,
                           const struct caller_events *events, void *owner) {
    struct caller *caller = mem_zalloc(sizeof(*caller));
    caller->process = process;
    caller->events = *events;
    caller->owner = owner;
    caller->models = models_new(process, tier);
    caller->in_flight_most = process->config->limits.in_flight;
    caller->http = http_open(process->loop, caller->in_flight_most);
    return caller;
}

void caller_tidy(struct caller *caller) {
    models_tidy(caller->models);
}

void caller_close(struct caller *caller) {
    http_close(caller->http);
    models_free(caller->models);
    buf_fini(&caller->scratch);
    buf_fini(&caller->payload);
    mem_free(caller);
}

// --- the request

static void fail(struct hop *hop, enum reason reason, struct slice text) {
    hop->attempt.error = slice_of(reason_code(reason));
    hop->attempt.error_text = text;
    hop->attempt.answer = (struct slice){0};
}

static bool build(struct caller *caller, struct hop *hop) {
    const struct config_model *conf = hop->call.model->conf;
    struct slice payload = hop->job.input;
    struct err err;
    if (hop->call.body.at) {
        return true;  // of the try before
    }
    if (conf->prompt) {
        buf_clear(&caller->payload);
        if (!jq_run(conf->prompt, payload, &caller->payload, &err)) {
            fail(hop, REASON_ERROR_PROMPT, arena_printf(&hop->arena, "%s", err.text));
            return false;
        }
        payload = buf_slice(&caller->payload);
    }
    struct request request = reply_request(hop, payload);
    buf_clear(&caller->scratch);
    if (!conf->model.dialect->build(&request, &caller->scratch, &err)) {
        fail(hop, REASON_ERROR_PROMPT, arena_printf(&hop->arena, "%s", err.text));
        return false;
    }
    hop->call.body = arena_slice(&hop->arena, buf_slice(&caller->scratch));
    return true;
}

// Of no use any more, but for another try, which makes it anew: a large one would be the input once
// more for as long as the hop lasts.
static void body_release(struct hop *hop) {
    size_t len = hop->call.body.len;
    if (!arena_release(&hop->arena, hop->call.body.at)) {
        return;
    }
    hop->call.body = (struct slice){0};
    hop->call.caller->unsent -= len > HTTP_STREAMED_BYTES ? len : 0;
}

// The key is the hop's, not the try's: a server that knows it answers a repeated call once.
static void make_key(struct hop *hop) {
    char id[UUID_TEXT];
    uuid_format(hop->job.id, id);
    hop->call.key = arena_string(&hop->arena,
                                 arena_printf(&hop->arena, "%s-%u", id, hop->job.hop));
}

// --- tries

// When the next try may start, -1 when there is none: tries and time are used up, or the deadline
// would pass.
static int64_t retry_wait(struct caller *caller, const struct hop *hop,
                          const struct reading *reading) {
    const struct model *model = &hop->call.model->conf->model;
    int64_t now_ms = loop_now_ms(caller->process->loop);
    int64_t wall_ms = loop_wall_ms(caller->process->loop);
    if (!reading->retry || hop->call.tries >= model->attempts) {
        return -1;
    }
    int64_t wait_ms = backoff_wait_ms(&model->backoff, hop->call.tries, &caller->process->random);
    if (reading->retry_after_ms > wait_ms) {
        wait_ms = reading->retry_after_ms;
    }
    if (now_ms + wait_ms - hop->call.first_ms > model->retry_for_ms) {
        return -1;
    }
    if (hop->job.deadline_ms > 0 && wall_ms + wait_ms >= hop->job.deadline_ms) {
        return -1;
    }
    return wait_ms;
}

static void call_over(struct hop *hop) {
    hop->call.http = NULL;
    body_release(hop);
    hop->call.model->state->running--;
    hop->call.caller->in_flight--;
}

// Hops that a model gave no answer to are told of, but not each of them.
static void warn(struct caller *caller, const struct hop *hop, const struct reading *reading) {
    int64_t now_ms = loop_now_ms(caller->process->loop);
    caller->failures++;
    if (caller->warned_ms > 0 && now_ms - caller->warned_ms < WARN_MS) {
        return;
    }
    log_warn("%.*s gave no answer to %u hops: %s: %.*s", SLICE_ARGS(hop->attempt.model),
             caller->failures, reason_code(reading->error), SLICE_ARGS(reading->error_text));
    caller->warned_ms = now_ms;
    caller->failures = 0;
}

static void on_sent(void *owner) {
    body_release(owner);
}

static void on_reply(void *owner, const struct http_reply *http) {
    struct hop *hop = owner;
    struct caller *caller = hop->call.caller;
    struct reading reading;
    int64_t now_ms = loop_now_ms(caller->process->loop);
    call_over(hop);
    metric_observe(hop->call.model->state->seconds, (double)http->latency_ms / 1000);
    hop->attempt.http_status = http->status;
    hop->attempt.latency_ms = now_ms - hop->call.first_ms;
    reply_read(caller->process, hop, http, &caller->scratch, &reading);
    if (reading.error == REASON_NONE) {
        reply_judge(hop, &reading);
        caller->events.called(caller->owner, hop);
        return;
    }
    int64_t wait_ms = retry_wait(caller, hop, &reading);
    if (wait_ms >= 0) {
        metric_add(&caller->process->metrics, METRIC_RETRIES, reason_code(reading.error), 1);
        caller->events.waiting(caller->owner, hop, wait_ms);
        return;
    }
    warn(caller, hop, &reading);
    fail(hop, reading.error, reading.error_text);
    caller->events.called(caller->owner, hop);
}

// --- calls

static bool prepare(struct caller *caller, struct hop *hop, int64_t now_ms) {
    const struct model *model = &hop->call.model->conf->model;
    hop->attempt.model = slice_of(model->name);
    hop->attempt.prompt = slice_of(model->prompt_version);
    if (hop->call.tries == 0) {
        hop->call.first_ms = now_ms;
        hop->attempt.started_ms = loop_wall_ms(caller->process->loop);
        make_key(hop);
    }
    return build(caller, hop);
}

bool caller_preview(struct caller *caller, struct hop *hop) {
    if (hop->call.model == NULL) {
        hop->call.model = models_choose(caller->models, hop);
    }
    hop->call.caller = caller;
    if (hop->call.model == NULL) {
        fail(hop, REASON_ERROR_TIER, (struct slice){0});
        return false;
    }
    return prepare(caller, hop, 0);
}

enum caller_verdict caller_start(struct caller *caller, struct hop *hop, int64_t now_ms) {
    struct model_use *m = hop->call.model;
    if (caller->in_flight >= caller->in_flight_most ||
        caller->unsent >= process_buffer_bytes(caller->process)) {
        return CALLER_FULL;
    }
    if (m == NULL) {
        m = models_choose(caller->models, hop);
    } else if (!model_has_room(m)) {
        m = NULL;
    }
    if (m == NULL) {
        return CALLER_FULL;
    }
    hop->call.model = m;
    hop->call.caller = caller;
    if (!prepare(caller, hop, now_ms)) {
        return CALLER_FAILED;
    }
    const struct model *model = &m->conf->model;
    struct http_request request = {
        .url = model->url,
        .headers = m->headers,
        .body = hop->call.body,
        .idempotency_key = hop->call.key,
        .timeout_ms = model->timeout_ms,
        .reply_bytes = model->reply_bytes,
        .sent = on_sent,
    };
    hop->call.tries++;
    hop->attempt.calls++;
    caller->in_flight++;
    caller->unsent += request.body.len > HTTP_STREAMED_BYTES ? request.body.len : 0;
    m->state->running++;
    m->state->calls->value++;
    hop->call.http = http_send(caller->http, &request, on_reply, hop);
    return CALLER_STARTED;
}

void caller_cancel(struct caller *caller, struct hop *hop) {
    assert(hop->call.http);
    http_cancel(hop->call.http);
    call_over(hop);
    hop->attempt.latency_ms = loop_now_ms(caller->process->loop) - hop->call.first_ms;
}
