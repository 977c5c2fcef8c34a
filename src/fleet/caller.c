#include "fleet/caller.h"

#include <assert.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "fleet/fetcher.h"
#include "fleet/models.h"
#include "fleet/process.h"
#include "fleet/replies.h"
#include "fleet/requests.h"
#include "io/http.h"
#include "io/jq.h"
#include "io/loop.h"

enum { WARN_MS = 5000 };

struct caller {
    struct process *process;
    struct http *http;
    struct fetcher *fetcher;
    struct models *models;
    struct caller_events events;
    void *owner;
    enum caller_kind kind;
    uint32_t in_flight_most;  // what http was opened for
    uint32_t in_flight;
    size_t unsent;            // bytes of large bodies that are not out yet
    int64_t wait_ms;          // after the last CALLER_FULL
    enum caller_full full;    // likewise
    struct heap slow;         // of hops whose call may become slow
    struct buf scratch, payload;
    int64_t warned_ms;        // when hops without an answer were told of last; 0: never
    uint32_t failures;        // such hops since
};

void caller_switch(struct caller *caller, struct slice weights) {
    models_switch(caller->models, weights);
}

void caller_tidy(struct caller *caller, double share, int64_t now_ms) {
    models_tidy(caller->models, share, now_ms);
}

// --- the request

static void fail(struct hop *hop, enum reason reason, struct slice text) {
    hop->attempt.error = slice_of(reason_code(reason));
    hop->attempt.error_text = text;
    hop->attempt.answer = (struct slice){0};
}

static bool build(struct caller *caller, struct hop *hop) {
    struct slice text;
    if (hop->call.body.at) {
        return true;  // of the try before
    }
    enum reason reason = request_make(hop, &caller->payload, &caller->scratch, &text);
    if (reason != REASON_NONE) {
        fail(hop, reason, text);
        return false;
    }
    hop->call.body = arena_slice(&hop->arena, buf_slice(&caller->scratch));
    return true;
}

// Of no use any more, but for another try, which makes it anew: a large one would be the input once
// more for as long as the hop lasts.
static void body_release(struct hop *hop) {
    size_t len = hop->call.body.len;
    if (hop->call.caller->kind != CALLER_PLAIN) {
        caller_forget(hop);  // who tries a model wants to see the request again
    }
    if (!arena_release(&hop->arena, hop->call.body.at)) {
        return;
    }
    hop->call.body = (struct slice){0};
    hop->call.caller->unsent -= len > HTTP_STREAMED_BYTES ? len : 0;
}

// The key is the hop's, not the try's: a server that knows it answers a repeated call once. A
// shadow's is another: it wants an answer of its own.
static void make_key(struct hop *hop) {
    const struct config_model *shadow = hop->call.only;
    char id[UUID_TEXT];
    uuid_format(hop->job.id, id);
    struct slice key = arena_printf(&hop->arena, "%s-%u", id, hop->job.hop);
    if (shadow) {
        key = arena_printf(&hop->arena, "%.*s-shadow-%016llx", SLICE_ARGS(key),
                           (unsigned long long)hash64(slice_of(shadow->model.name), 0));
    }
    hop->call.key = arena_string(&hop->arena, key);
}

// --- tries

// Nobody is there: the model is away, or was when this try failed. A call that is made to see
// whether it still is says so of itself only when there was no connection.
static bool is_away(const struct hop_try *try, enum gate_news news) {
    const struct model_use *use = try->hop->call.model;
    return use->holds && (news == GATE_UNREACHED ||
                          ((news == GATE_LATE || news == GATE_FAILED) && !try->gate.tries &&
                           gate_is_away(&use->state->gate)));
}

static struct hop_try *other_try(struct hop_try *try) {
    struct hop_try *tries = try->hop->call.tries;
    return &tries[try == &tries[0]];
}

static void try_over(struct hop_try *try) {
    struct hop *hop = try->hop;
    try->http = NULL;
    hop->call.caller->in_flight--;
    heap_remove(&hop->call.caller->slow, &hop->call.slow);
    if (other_try(try)->http == NULL) {
        body_release(hop);
    }
}

static void try_give_up(struct hop_try *try) {
    http_cancel(try->http);
    try_over(try);
    gate_forget(&try->hop->call.model->state->gate, &try->gate);
}

static int64_t longer(int64_t a, int64_t b) {
    return a > b ? a : b;
}

// May the next try start then? Not when the hop's time for retries or its deadline is over.
static bool in_time(const struct caller *caller, const struct hop *hop, int64_t wait_ms) {
    int64_t now_ms = loop_now_ms(caller->process->loop);
    int64_t wall_ms = loop_wall_ms(caller->process->loop);
    return now_ms + wait_ms - hop->call.since_ms <= hop->call.model->conf->model.retry_for_ms &&
           (hop->until_ms == 0 || now_ms + wait_ms < hop->until_ms) &&
           (hop->job.deadline_ms <= 0 || wall_ms + wait_ms < hop->job.deadline_ms);
}

// Until the next try, -1: there is none.
static int64_t wait_as_failed(struct caller *caller, struct hop *hop) {
    const struct model *model = &hop->call.model->conf->model;
    if (++hop->call.failures >= model->attempts) {
        return -1;
    }
    int64_t wait_ms = longer(
        backoff_wait_ms(&model->backoff, hop->call.failures, &caller->process->random),
        gate_retry_wait_ms(&hop->call.model->state->gate, loop_now_ms(caller->process->loop)));
    return in_time(caller, hop, wait_ms) ? wait_ms : -1;
}

static int64_t wait_as_refused(struct caller *caller, struct hop *hop,
                               const struct reading *reading) {
    const struct model *model = &hop->call.model->conf->model;
    if (caller->kind == CALLER_PLAIN && ++hop->call.failures >= model->attempts) {
        return -1;
    }
    int64_t wait_ms = longer(
        backoff_wait_ms(&model->backoff, ++hop->call.refusals, &caller->process->random),
        reading->retry_after_ms);
    return in_time(caller, hop, wait_ms) ? wait_ms : -1;
}

// Its time for retries begins anew when the model is back. The deadline is looked at before calls.
static int64_t wait_as_held(struct caller *caller, struct hop *hop) {
    hop->call.since_ms = 0;
    return backoff_wait_ms(&hop->call.model->conf->model.backoff, 1, &caller->process->random);
}

static int64_t retry_wait(struct caller *caller, const struct hop_try *try,
                          const struct reading *reading, enum gate_news news) {
    struct hop *hop = try->hop;
    if (!reading->retry || caller->kind == CALLER_SHADOWS) {
        return -1;
    }
    return news == GATE_BUSY     ? wait_as_refused(caller, hop, reading)
           : is_away(try, news) ? wait_as_held(caller, hop)
                                : wait_as_failed(caller, hop);
}

// Hops that a model gave no answer to are told of, but not each of them.
static void warn(struct caller *caller, const struct hop *hop, const struct reading *reading) {
    int64_t now_ms = loop_now_ms(caller->process->loop);
    caller->failures++;
    if (caller->warned_ms > 0 && now_ms - caller->warned_ms < WARN_MS) {
        return;
    }
    log_warn("%s gave no answer to %u hops: %s: %.*s", hop->call.model->conf->model.name,
             caller->failures, reason_code(reading->error), SLICE_ARGS(reading->error_text));
    caller->warned_ms = now_ms;
    caller->failures = 0;
}

static void on_sent(void *owner) {
    struct hop_try *try = owner;
    body_release(try->hop);
}

// Another try, or the end of them.
static void go_on(struct caller *caller, struct hop_try *try, const struct reading *reading,
                  enum gate_news news) {
    struct hop *hop = try->hop;
    int64_t wait_ms = retry_wait(caller, try, reading, news);
    if (wait_ms >= 0) {
        hop->call.error = reading->error;
        hop->call.error_text = reading->error_text;
        metric_add(&caller->process->metrics, METRIC_RETRIES, reason_code(reading->error), 1);
        caller->events.waiting(caller->owner, hop, wait_ms);
        return;
    }
    bool silent = hop->call.verified && reading->error == REASON_ANSWER_MISSING;
    warn(caller, hop, reading);
    fail(hop, silent ? REASON_ANSWER_VERIFIER : reading->error, reading->error_text);
    caller->events.called(caller->owner, hop);
}

// The first answer counts. What was given up for it was slower than it took till now.
static void answer(struct caller *caller, struct hop_try *try, const struct reading *reading,
                   int64_t now_ms) {
    struct hop *hop = try->hop;
    struct hop_try *other = other_try(try);
    struct tail *tail = &hop->call.model->state->tail;
    tail_hear(tail, now_ms - try->gate.at.sent_ms);
    usual_hear(&hop->call.model->state->usual, now_ms - try->gate.at.sent_ms, now_ms);
    if (other->http) {
        tail_hear(tail, now_ms - other->gate.at.sent_ms);
        try_give_up(other);
        reply_pay_twice(hop, reading);
    }
    if (caller->kind != CALLER_SHADOWS && reply_hold(hop, reading)) {
        caller->events.waiting(caller->owner, hop, 0);
        return;
    }
    reply_judge(hop, reading);
    caller->events.called(caller->owner, hop);
}

static void on_reply(void *owner, const struct http_reply *http) {
    struct hop_try *try = owner;
    struct hop *hop = try->hop;
    struct caller *caller = hop->call.caller;
    struct reading reading;
    int64_t now_ms = loop_now_ms(caller->process->loop);
    try_over(try);
    metric_observe(hop->call.model->state->seconds, (double)http->latency_ms / 1000);
    hop->attempt.http_status = http->status;
    hop->attempt.latency_ms = now_ms - hop->call.first_ms;
    reply_read(caller->process, hop, http, &caller->scratch, &reading);
    struct gate_reply news = reply_news(caller->process, hop, http, &reading);
    if (try->cut && http->fault == HTTP_FAULT_TIMEOUT) {  // it says nothing of the model
        reading = (struct reading){.error = REASON_LIMIT_LATENCY};
        gate_forget(&hop->call.model->state->gate, &try->gate);
    } else {
        model_heard(caller->models, hop->call.model, &try->gate, &news, now_ms);
    }
    if (reading.error == REASON_NONE) {
        answer(caller, try, &reading, now_ms);
    } else if (other_try(try)->http == NULL) {  // or that one may do better
        go_on(caller, try, &reading, news.news);
    }
}

// --- attachments

static void on_fetched(void *owner, struct hop *hop, const struct fetch_end *end) {
    struct caller *caller = owner;
    int64_t wait_ms = end->error == REASON_NONE ? 0 : end->retry ? wait_as_failed(caller, hop) : -1;
    hop->call.error = end->error;
    hop->call.error_text = end->text;
    hop->call.fetched = end->error == REASON_NONE;
    if (!hop->call.fetched) {
        caller_forget(hop);  // who holds some of his and wants more would stop others like him
    }
    if (wait_ms < 0) {
        fail(hop, end->error, end->text);
        caller->events.called(caller->owner, hop);
        return;
    }
    if (!hop->call.fetched) {
        metric_add(&caller->process->metrics, METRIC_RETRIES, reason_code(end->error), 1);
    }
    caller->events.waiting(caller->owner, hop, wait_ms);
}

void caller_forget(struct hop *hop) {
    hop->call.fetched = false;
    if (hop->call.caller) {
        fetcher_release(hop->call.caller->fetcher, hop);
    }
}

// --- calls

// The request is made for the model, and kept for as long as the hop stays with it.
static void adopt(struct caller *caller, struct hop *hop, struct model_use *use,
                    int64_t now_ms) {
    const struct model *model = &use->conf->model;
    if (hop->call.model != use && hop->call.body.at) {
        arena_release(&hop->arena, hop->call.body.at);
        hop->call.body = (struct slice){0};
    }
    hop->call.model = use;
    hop->call.caller = caller;
    if (hop->call.verified == NULL) {
        hop->attempt.model = slice_of(model->name);
        hop->attempt.prompt = slice_of(model->prompt_version);
    }
    if (hop->call.key == NULL) {
        hop->call.first_ms = now_ms;
        hop->attempt.started_ms = loop_wall_ms(caller->process->loop);
        make_key(hop);
    }
    if (hop->call.since_ms == 0) {
        hop->call.since_ms = now_ms;
    }
}

bool caller_preview(struct caller *caller, struct hop *hop) {
    struct model_use *first = hop->call.verified ? hop->call.verified : hop->call.model;
    if (hop->call.verified) {
        adopt(caller, hop, models_first(caller->models, hop), 0);
        hop->call.asked = build(caller, hop) ? hop->call.body : (struct slice){0};
        hop->call.body = (struct slice){0};
        hop->call.verified = NULL;
    }
    adopt(caller, hop, first ? first : models_first(caller->models, hop), 0);
    return build(caller, hop);
}

static void send(struct caller *caller, struct hop_try *try, char *key, int64_t now_ms) {
    struct hop *hop = try->hop;
    struct model_use *use = hop->call.model;
    const struct model *model = &use->conf->model;
    struct http_request request = {
        .url = model->url,
        .headers = use->headers,
        .body = hop->call.body,
        .idempotency_key = key,
        .trace = hop->trace,
        .timeout_ms = model->timeout_ms,
        .reply_bytes = model->reply_bytes,
        .sent = on_sent,
    };
    try->cut = hop->until_ms > 0 && hop->until_ms - now_ms < request.timeout_ms;
    request.timeout_ms = try->cut ? hop->until_ms - now_ms : request.timeout_ms;
    hop->attempt.calls++;
    caller->in_flight++;
    caller->unsent += request.body.len > HTTP_STREAMED_BYTES ? request.body.len : 0;
    use->state->calls->value++;
    try->gate = gate_send(&use->state->gate, hop->job.input.len, now_ms);
    try->http = http_send(caller->http, &request, on_reply, try);
}

static void send_first(struct caller *caller, struct hop *hop, int64_t now_ms) {
    struct model_state *state = hop->call.model->state;
    hop->call.tries[0].hop = hop->call.tries[1].hop = hop;
    send(caller, &hop->call.tries[0], hop->call.key, now_ms);
    if (hop->call.model->conf->model.hedge && caller->kind == CALLER_JOBS &&
        tail_ms(&state->tail) >= 0) {
        state->hedges = state->hedges < HEDGES_MOST ? state->hedges + 1.0 / HEDGED : HEDGES_MOST;
        heap_push(&caller->slow, &hop->call.slow, now_ms + tail_ms(&state->tail));
    }
}

// A second call, with a key of its own: a server that knows the first one's would wait for it, too.
// A large request may be gone by now, and is not made anew for this.
static void hedge(struct caller *caller, struct hop *hop, int64_t now_ms) {
    struct model_use *use = hop->call.model;
    bool late = hop->until_ms > 0 && now_ms >= hop->until_ms;  // the first one ends by itself
    if (late || use->state->hedges < 1 || hop->call.body.len > HTTP_STREAMED_BYTES ||
        hop->call.body.at == NULL || caller->in_flight >= caller->in_flight_most ||
        !model_may_call(caller->models, use, hop, now_ms)) {
        return;
    }
    use->state->hedges -= 1;
    use->state->hedged->value++;
    struct slice key = arena_printf(&hop->arena, "%s-second", hop->call.key);
    send(caller, &hop->call.tries[1], arena_string(&hop->arena, key), now_ms);
}

int64_t caller_turn(struct caller *caller, int64_t now_ms) {
    struct heap_node *due;
    while ((due = heap_first(&caller->slow)) != NULL && due->due <= now_ms) {
        heap_remove(&caller->slow, due);
        hedge(caller, LIST_ENTRY(due, struct hop, call.slow), now_ms);
    }
    return due ? due->due - now_ms : -1;
}

// No model of the tier is there, and the tier does not wait for one.
static enum caller_verdict pass_on(struct hop *hop) {
    bool tried = hop->call.error != REASON_NONE;
    fail(hop, tried ? hop->call.error : REASON_ERROR_TIER,
         tried                ? hop->call.error_text
         : hop->call.verified ? slice_of("the verifier is away")
                              : slice_of("its models are away"));
    return CALLER_FAILED;
}

// No model is asked while none can be called at all.
static enum caller_full full_for(struct caller *caller, const struct hop *hop,
                                 const struct models_wait *wait, int64_t now_ms) {
    if (!wait->asked) {
        return FULL_FOR_ALL;
    }
    if (hop->config != caller->process->config &&
        models_have_room(caller->models, hop->job.input.len, now_ms)) {
        return FULL_FOR_OLD;
    }
    return wait->too_large && wait->busy ? FULL_FOR_LARGE : FULL_FOR_ALL;
}

enum caller_verdict caller_start(struct caller *caller, struct hop *hop, int64_t now_ms) {
    struct models_wait wait = {.wait_ms = -1};
    struct model_use *use = NULL;
    if (caller->in_flight < caller->in_flight_most &&
        caller->unsent < process_buffer_bytes(caller->process)) {
        use = models_choose(caller->models, hop, now_ms, &wait);
    }
    caller->wait_ms = wait.wait_ms;
    if (use == NULL) {
        caller->full = full_for(caller, hop, &wait, now_ms);
        return wait.away && !models_first(caller->models, hop)->holds ? pass_on(hop)
                                                                      : CALLER_FULL;
    }
    adopt(caller, hop, use, now_ms);
    if (hop->call.body.at == NULL && request_needs_content(hop) && fetcher_wants(hop)) {
        caller->full = FULL_FOR_ALL;
        return fetcher_start(caller->fetcher, hop) ? CALLER_STARTED : CALLER_FULL;
    }
    if (!build(caller, hop)) {
        return CALLER_FAILED;
    }
    send_first(caller, hop, now_ms);
    return CALLER_STARTED;
}

int64_t caller_usual_ms(struct caller *caller, const struct hop *hop, int64_t now_ms) {
    return usual_ms(&models_first(caller->models, hop)->state->usual, now_ms);
}

enum caller_full caller_full(const struct caller *caller) {
    return caller->full;
}

int64_t caller_wait_ms(const struct caller *caller) {
    return caller->wait_ms;
}

bool caller_away(const struct caller *caller) {
    return models_away(caller->models);
}

bool caller_uses(struct caller *caller, const struct hop *hop, const struct config_model *model) {
    return models_use(caller->models, hop, model);
}

void caller_cancel(struct caller *caller, struct hop *hop) {
    struct hop_try *tries = hop->call.tries;
    assert(hop->call.fetch || tries[0].http || tries[1].http);
    fetcher_cancel(caller->fetcher, hop);
    for (int i = 0; i < 2; i++) {
        if (tries[i].http) {
            try_give_up(&tries[i]);
        }
    }
    hop->attempt.latency_ms = loop_now_ms(caller->process->loop) - hop->call.first_ms;
}

// --- opening and closing

struct caller *caller_open(struct process *process, const struct config_tier *tier,
                           enum caller_kind kind, const struct caller_events *events,
                           void *owner) {
    struct caller *caller = mem_zalloc(sizeof(*caller));
    caller->process = process;
    caller->events = *events;
    caller->owner = owner;
    caller->kind = kind;
    caller->models = models_new(process, tier, kind);
    caller->in_flight_most = kind == CALLER_SHADOWS ? process->config->limits.shadows
                                                    : process->config->limits.in_flight;
    caller->http = http_open(process->loop, caller->in_flight_most);
    caller->fetcher = fetcher_open(process, on_fetched, caller);
    return caller;
}

void caller_close(struct caller *caller) {
    http_close(caller->http);
    fetcher_close(caller->fetcher);
    models_free(caller->models);
    heap_fini(&caller->slow);
    buf_fini(&caller->scratch);
    buf_fini(&caller->payload);
    mem_free(caller);
}
