#include "fleet/caller.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "fleet/process.h"
#include "io/http.h"
#include "io/jq.h"
#include "io/loop.h"

enum { MODELS_MOST = 8, WARN_MS = 5000 };

// What is counted of a model, by its name: it outlives a configuration, so that a model's limit
// holds over the calls of an old one and a new one together.
struct caller_count {
    struct caller_count *next;
    const char *name;
    uint32_t running;
    struct metric_cell *calls, *seconds, *input_tokens, *output_tokens, *cost;
};

// A model as this process uses it.
struct caller_model {
    const struct config_model *conf;
    uint32_t weight;
    struct http_headers *headers;
    struct caller_count *count;
};

// The models of the tier by one configuration. Lives as long as that does: hops call those of the
// configuration that they began with.
struct caller_set {
    struct caller_set *next;
    struct config *config;
    struct caller_model models[MODELS_MOST];
    uint32_t model_count;
    uint32_t weights;  // their sum
};

struct caller {
    struct process *process;
    struct http *http;
    struct caller_events events;
    void *owner;
    char *tier;
    uint32_t in_flight_most;  // what http was opened for
    uint32_t in_flight;
    struct caller_set *sets;
    struct caller_count *counts;
    struct buf scratch, payload;
    int64_t warned_ms;        // when hops without an answer were told of last; 0: never
    uint32_t failures;        // such hops since
};

// --- models

static struct caller_count *count_of(struct caller *caller, const char *name) {
    struct metrics *metrics = &caller->process->metrics;
    for (struct caller_count *count = caller->counts; count; count = count->next) {
        if (strcmp(count->name, name) == 0) {
            return count;
        }
    }
    struct caller_count *count = mem_zalloc(sizeof(*count));
    *count = (struct caller_count){
        .next = caller->counts,
        .name = mem_string(name),
        .calls = metric_cell(metrics, METRIC_CALLS, name),
        .seconds = metric_cell(metrics, METRIC_CALL_SECONDS, name),
        .input_tokens = metric_cell(metrics, METRIC_TOKENS_INPUT, name),
        .output_tokens = metric_cell(metrics, METRIC_TOKENS_OUTPUT, name),
        .cost = metric_cell(metrics, METRIC_COST_USD, name),
    };
    caller->counts = count;
    return count;
}

static void model_open(struct caller *caller, struct caller_set *set,
                       const struct config_tier *tier, uint32_t i) {
    struct caller_model *m = &set->models[i];
    const struct model *model = &tier->models[i].model->model;
    m->conf = tier->models[i].model;
    m->weight = tier->models[i].weight;
    m->headers = http_headers_new();
    if (model->key && model->dialect->key_header) {
        char line[4096];
        snprintf(line, sizeof(line), "%s%s", model->dialect->key_header, model->key);
        http_headers_add(m->headers, line);
    }
    for (const char *const *line = model->dialect->headers; line && *line; line++) {
        http_headers_add(m->headers, *line);
    }
    m->count = count_of(caller, model->name);
    set->weights += m->weight;
}

static void set_free(struct caller_set *set) {
    for (uint32_t i = 0; i < set->model_count; i++) {
        http_headers_free(set->models[i].headers);
    }
    config_release(set->config);
    mem_free(set);
}

// Frees those of configurations that neither a hop has any more nor the process.
static void sets_tidy(struct caller *caller) {
    struct caller_set **at = &caller->sets;
    while (*at) {
        struct caller_set *set = *at;
        if (set->config->references > 1) {
            at = &set->next;
            continue;
        }
        *at = set->next;
        set_free(set);
    }
}

static struct caller_set *set_new(struct caller *caller, struct config *config,
                                  const struct config_tier *tier) {
    struct caller_set *set = mem_zalloc(sizeof(*set));
    set->next = caller->sets;
    caller->sets = set;
    set->config = config_keep(config);
    set->model_count = tier->model_count;
    for (uint32_t i = 0; i < tier->model_count; i++) {
        model_open(caller, set, tier, i);
    }
    return set;
}

static struct caller_set *set_of(struct caller *caller, struct config *config) {
    for (struct caller_set *set = caller->sets; set; set = set->next) {
        if (set->config == config) {
            return set;
        }
    }
    return set_new(caller, config, config_tier_find(config, slice_of(caller->tier)));
}

struct caller *caller_open(struct process *process, const struct config_tier *tier,
                           const struct caller_events *events, void *owner) {
    struct caller *caller = mem_zalloc(sizeof(*caller));
    caller->process = process;
    caller->events = *events;
    caller->owner = owner;
    caller->tier = mem_string(tier->name);
    caller->in_flight_most = process->config->limits.in_flight;
    caller->http = http_open(process->loop, caller->in_flight_most);
    set_new(caller, process->config, tier);
    return caller;
}

void caller_tidy(struct caller *caller) {
    sets_tidy(caller);
}

void caller_close(struct caller *caller) {
    http_close(caller->http);
    while (caller->sets) {
        struct caller_set *set = caller->sets;
        caller->sets = set->next;
        set_free(set);
    }
    while (caller->counts) {
        struct caller_count *count = caller->counts;
        caller->counts = count->next;
        mem_free((char *)count->name);
        mem_free(count);
    }
    buf_fini(&caller->scratch);
    buf_fini(&caller->payload);
    mem_free(caller->tier);
    mem_free(caller);
}

// --- which model

static bool model_has_room(const struct caller_model *m) {
    return m->weight > 0 && m->count->running < m->conf->model.in_flight;
}

// By weight, from the job's id: the same job always has the same model, as long as there is room.
static struct caller_model *model_choose(struct caller_set *set, const struct hop *hop) {
    uint64_t point = set->weights ? hash64(uuid_slice(&hop->job.id), 0) % set->weights : 0;
    uint32_t chosen = 0;
    while (chosen + 1 < set->model_count && point >= set->models[chosen].weight) {
        point -= set->models[chosen].weight;
        chosen++;
    }
    for (uint32_t i = 0; i < set->model_count; i++) {
        struct caller_model *m = &set->models[(chosen + i) % set->model_count];
        if (model_has_room(m)) {
            return m;
        }
    }
    return NULL;
}

// --- the request

static void fail(struct hop *hop, enum reason reason, struct slice text) {
    hop->attempt.error = slice_of(reason_code(reason));
    hop->attempt.error_text = text;
    hop->attempt.answer = (struct slice){0};
}

static struct request request_of(const struct hop *hop, struct slice payload) {
    const struct config_model *conf = hop->call.model->conf;
    return (struct request){.model = &conf->model,
                            .path = &hop->path->policy,
                            .payload = payload,
                            .prompted = conf->prompt != NULL};
}

static bool build(struct caller *caller, struct hop *hop) {
    const struct config_model *conf = hop->call.model->conf;
    struct slice payload = hop->job.input;
    struct err err;
    if (conf->prompt) {
        buf_clear(&caller->payload);
        if (!jq_run(conf->prompt, payload, &caller->payload, &err)) {
            fail(hop, REASON_ERROR_PROMPT, arena_printf(&hop->arena, "%s", err.text));
            return false;
        }
        payload = buf_slice(&caller->payload);
    }
    struct request request = request_of(hop, payload);
    buf_clear(&caller->scratch);
    if (!conf->model.dialect->build(&request, &caller->scratch, &err)) {
        fail(hop, REASON_ERROR_PROMPT, arena_printf(&hop->arena, "%s", err.text));
        return false;
    }
    hop->call.body = arena_slice(&hop->arena, buf_slice(&caller->scratch));
    return true;
}

// The key is the hop's, not the try's: a server that knows it answers a repeated call once.
static void make_key(struct hop *hop) {
    char id[UUID_TEXT];
    uuid_format(hop->job.id, id);
    hop->call.key = arena_string(&hop->arena,
                                 arena_printf(&hop->arena, "%s-%u", id, hop->job.hop));
}

// --- the reply

static void account(struct hop *hop, const struct reading *reading) {
    const struct caller_count *count = hop->call.model->count;
    struct attempt *a = &hop->attempt;
    int64_t cost = price_of(&hop->call.model->conf->model.price, &reading->usage);
    a->input_tokens += reading->usage.input_tokens;
    a->output_tokens += reading->usage.output_tokens;
    a->cached_tokens += reading->usage.cached_tokens;
    a->cost_pico_usd += cost;
    count->input_tokens->value += reading->usage.input_tokens;
    count->output_tokens->value += reading->usage.output_tokens;
    count->cost->value += (double)cost * 1e-12;
}

static void read_confidence(struct hop *hop, const struct reading *reading) {
    const struct model *model = &hop->call.model->conf->model;
    struct attempt *a = &hop->attempt;
    double raw = NAN;
    if (model->confidence == CONFIDENCE_FIELD || model->confidence == CONFIDENCE_AGREEMENT) {
        raw = reading->signals.field;
    } else if (model->confidence == CONFIDENCE_LOGPROB) {
        raw = confidence_from_logprobs(&hop->path->policy.answer, reading->answer,
                                       &reading->signals);
    }
    a->confidence_raw = confidence_checked(raw);
    a->confidence = a->confidence_raw;
    if (model->calibration && !isnan(a->confidence_raw)) {
        a->confidence = calibration_apply(model->calibration, a->confidence_raw);
        a->calibration = slice_of(model->calibration->version);
    }
}

static enum reason fault_reason(enum http_fault fault) {
    static const enum reason reasons[] = {
        [HTTP_FAULT_NONE] = REASON_NONE,
        [HTTP_FAULT_CONNECT] = REASON_ERROR_CONNECT,
        [HTTP_FAULT_TIMEOUT] = REASON_ERROR_TIMEOUT,
        [HTTP_FAULT_CUT] = REASON_ERROR_CUT,
        [HTTP_FAULT_TOO_LARGE] = REASON_ERROR_TOO_LARGE,
    };
    return reasons[fault];
}

// A model's `reply` mapping runs on bodies of success; its failure is a reply that cannot be read.
static bool map_reply(struct caller *caller, const struct hop *hop, struct reply *reply,
                      struct reading *reading) {
    struct jq *mapping = hop->call.model->conf->reply;
    struct err err;
    if (mapping == NULL || reply->status < 200 || reply->status > 299) {
        return true;
    }
    buf_clear(&caller->scratch);
    if (jq_run(mapping, reply->body, &caller->scratch, &err)) {
        reply->body = buf_slice(&caller->scratch);
        return true;
    }
    reading->error = REASON_ERROR_REPLY;
    reading->error_text = arena_printf((struct arena *)&hop->arena, "reply mapping: %s", err.text);
    return false;
}

static void read_reply(struct caller *caller, struct hop *hop, const struct http_reply *http,
                       struct reading *reading) {
    *reading = (struct reading){.retry_after_ms = -1};
    if (http->fault != HTTP_FAULT_NONE) {
        reading->error = fault_reason(http->fault);
        reading->error_text = arena_printf(&hop->arena, "%s", http->fault_text);
        reading->retry = http->fault != HTTP_FAULT_TOO_LARGE;
        return;
    }
    struct reply reply = {
        .status = http->status,
        .body = http->body,
        .retry_after = http->retry_after,
        .retry_after_is_ms = http->retry_after_is_ms,
        .now_ms = loop_wall_ms(caller->process->loop),
    };
    if (!map_reply(caller, hop, &reply, reading)) {
        return;
    }
    reply.body = arena_slice(&hop->arena, reply.body);
    struct request request = request_of(hop, hop->job.input);
    dialect_read(&request, &reply, &hop->arena, reading);
    if (http->status >= 200 && http->status < 300) {
        account(hop, reading);
    }
}

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
    hop->call.model->count->running--;
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

static void on_reply(void *owner, const struct http_reply *http) {
    struct hop *hop = owner;
    struct caller *caller = hop->call.caller;
    struct reading reading;
    int64_t now_ms = loop_now_ms(caller->process->loop);
    call_over(hop);
    metric_observe(hop->call.model->count->seconds, (double)http->latency_ms / 1000);
    hop->attempt.http_status = http->status;
    hop->attempt.latency_ms = now_ms - hop->call.first_ms;
    read_reply(caller, hop, http, &reading);
    if (reading.error == REASON_NONE) {
        hop->attempt.answer = reading.answer;
        read_confidence(hop, &reading);
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
    if (hop->call.tries > 0) {
        return true;
    }
    hop->call.first_ms = now_ms;
    hop->attempt.started_ms = loop_wall_ms(caller->process->loop);
    make_key(hop);
    return build(caller, hop);
}

bool caller_preview(struct caller *caller, struct hop *hop) {
    hop->call.model = model_choose(set_of(caller, hop->config), hop);
    hop->call.caller = caller;
    if (hop->call.model == NULL) {
        fail(hop, REASON_ERROR_TIER, (struct slice){0});
        return false;
    }
    return prepare(caller, hop, 0);
}

enum caller_verdict caller_start(struct caller *caller, struct hop *hop, int64_t now_ms) {
    struct caller_model *m = hop->call.model;
    if (caller->in_flight >= caller->in_flight_most) {
        return CALLER_FULL;
    }
    if (m == NULL) {
        m = model_choose(set_of(caller, hop->config), hop);
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
    };
    hop->call.tries++;
    hop->attempt.calls++;
    caller->in_flight++;
    m->count->running++;
    m->count->calls->value++;
    hop->call.http = http_send(caller->http, &request, on_reply, hop);
    return CALLER_STARTED;
}

void caller_cancel(struct caller *caller, struct hop *hop) {
    assert(hop->call.http);
    http_cancel(hop->call.http);
    call_over(hop);
    hop->attempt.latency_ms = loop_now_ms(caller->process->loop) - hop->call.first_ms;
}
