#include "fleet/replies.h"

#include <math.h>

#include "dialect/rate_headers.h"
#include "fleet/models.h"
#include "fleet/process.h"
#include "io/jq.h"
#include "io/loop.h"
#include "job/answer.h"
#include "job/verification.h"

struct request reply_request(const struct hop *hop, struct slice payload) {
    const struct config_model *conf = hop->call.model->conf;
    return (struct request){.model = &conf->model,
                            .path = hop->call.verified ? &verification_path
                                                       : &hop->path->policy,
                            .payload = payload,
                            .prompted = conf->prompt != NULL,
                            .attachments = hop->job.attachments,
                            .attachment_count = hop->job.attachment_count};
}

static void account(struct hop *hop, const struct reading *reading) {
    const struct model_state *state = hop->call.model->state;
    struct attempt *a = &hop->attempt;
    int64_t cost = price_of(&hop->call.model->conf->model.price, &reading->usage);
    a->input_tokens += reading->usage.input_tokens;
    a->output_tokens += reading->usage.output_tokens;
    a->cached_tokens += reading->usage.cached_tokens;
    a->cost_pico_usd += cost;
    state->input_tokens->value += reading->usage.input_tokens;
    state->output_tokens->value += reading->usage.output_tokens;
    state->cost->value += (double)cost * 1e-12;
}

static enum reason fault_reason(enum http_fault fault) {
    static const enum reason reasons[] = {
        [HTTP_FAULT_NONE] = REASON_NONE,
        [HTTP_FAULT_CONNECT] = REASON_ERROR_CONNECT,
        [HTTP_FAULT_TIMEOUT] = REASON_ERROR_TIMEOUT,
        [HTTP_FAULT_CUT] = REASON_ERROR_CUT,
        [HTTP_FAULT_TOO_LARGE] = REASON_ERROR_TOO_LARGE,
        [HTTP_FAULT_PRIVATE] = REASON_ERROR_CONNECT,
        [HTTP_FAULT_UNWANTED] = REASON_ERROR_REPLY,
    };
    return reasons[fault];
}

// A model's `reply` mapping runs on bodies of success; its failure is a reply that cannot be read.
static bool map_reply(const struct hop *hop, struct buf *scratch, struct reply *reply,
                      struct reading *reading) {
    struct jq *mapping = hop->call.model->conf->reply;
    struct err err;
    if (mapping == NULL || reply->status < 200 || reply->status > 299) {
        return true;
    }
    buf_clear(scratch);
    if (jq_run(mapping, reply->body, scratch, &err)) {
        reply->body = buf_slice(scratch);
        return true;
    }
    reading->error = REASON_ERROR_REPLY;
    reading->error_text = arena_printf((struct arena *)&hop->arena, "reply mapping: %s", err.text);
    return false;
}

// A server that tells the credential back would have it stored and shown.
static void hide_key(const struct model *model, struct slice body, struct reading *reading) {
    enum { LEAST = 8 };  // a shorter one would be found by chance
    size_t len = model->key ? strlen(model->key) : 0;
    if (len < LEAST || memmem(body.at, body.len, model->key, len) == NULL) {
        return;
    }
    reading->answer = (struct slice){0};
    reading->error_text = slice_of("the reply tells the credential, and is not kept");
    if (reading->error == REASON_NONE) {
        reading->error = REASON_ERROR_REPLY;
    }
}

void reply_read(struct process *process, struct hop *hop, const struct http_reply *http,
                struct buf *scratch, struct reading *reading) {
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
        .now_ms = loop_wall_ms(process->loop),
    };
    if (map_reply(hop, scratch, &reply, reading)) {
        struct request request = reply_request(hop, hop->job.input);
        reply.body = arena_slice(&hop->arena, reply.body);
        dialect_read(&request, &reply, &hop->arena, reading);
    }
    hide_key(&hop->call.model->conf->model, http->body, reading);
    if (http->status >= 200 && http->status < 300) {
        account(hop, reading);  // an answer that cannot be read was one, and costs what it costs
    }
}

void reply_pay_twice(struct hop *hop, const struct reading *reading) {
    account(hop, reading);
}

// --- what it says of the model

static enum gate_news news_of(const struct http_reply *http, const struct reading *reading) {
    static const struct {
        enum reason error;
        enum gate_news news;
    } table[] = {
        {REASON_ERROR_CONNECT, GATE_UNREACHED}, {REASON_ERROR_TIMEOUT, GATE_LATE},
        {REASON_ERROR_CUT, GATE_FAILED},        {REASON_ERROR_BUSY, GATE_BUSY},
        {REASON_ERROR_AUTH, GATE_LOCKED},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].error == reading->error) {
            return table[i].news;
        }
    }
    if (reading->error == REASON_ERROR_REFUSED && http->status == 429) {
        return GATE_LOCKED;  // nothing more is paid for: no other request fares better
    }
    return reading->error == REASON_ERROR_SERVER && reading->retry ? GATE_FAILED : GATE_ANSWERED;
}

struct gate_reply reply_news(struct process *process, const struct hop *hop,
                             const struct http_reply *http, const struct reading *reading) {
    const struct usage *usage = &reading->usage;
    struct gate_reply reply = {
        .news = news_of(http, reading),
        .pause_ms = reading->retry_after_ms,
        .paid = reading->error == REASON_NONE,
    };
    rate_headers_read(http->rates, loop_wall_ms(process->loop), reply.told);
    if (reply.paid) {
        reply.size[GATE_REQUESTS] = 1;
        reply.size[GATE_INPUT] = usage->input_tokens;
        reply.size[GATE_OUTPUT] = usage->output_tokens;
        reply.size[GATE_TOKENS] = reply.size[GATE_INPUT] + reply.size[GATE_OUTPUT];
        reply.size[GATE_SPEND] =
            (double)price_of(&hop->call.model->conf->model.price, usage);
    }
    return reply;
}

// --- answers

static double sure_of(const struct model *model, const struct answer_form *form,
                      const struct reading *reading) {
    switch (model->confidence) {
    case CONFIDENCE_FIELD:
    case CONFIDENCE_AGREEMENT:
        return confidence_checked(reading->signals.field);
    case CONFIDENCE_LOGPROB:
        return confidence_checked(
            confidence_from_logprobs(form, reading->answer, &reading->signals));
    case CONFIDENCE_NONE:
    case CONFIDENCE_VERIFIER:
        break;
    }
    return NAN;
}

// A verifier that is asked for no confidence is taken at its word.
static void judge_verified(struct hop *hop, const struct reading *reading) {
    const struct model *verifier = &hop->call.model->conf->model;
    struct attempt *a = &hop->attempt;
    struct verification verification;
    double sure = verifier->confidence == CONFIDENCE_NONE
                      ? 1
                      : sure_of(verifier, &verification_path.answer, reading);
    enum reason reason = verification_read(reading->answer, sure, &hop->arena, &verification);
    if (reason != REASON_NONE) {
        a->error = slice_of(reason_code(reason));
        a->error_text = arena_printf(&hop->arena, "%s: %.*s", verifier->name,
                                     SLICE_ARGS(verification.detail));
        return;
    }
    a->answer = hop->call.answer;
    a->verifier_says = verification.word;
    a->confidence_raw = verification.confidence;
}

bool reply_hold(struct hop *hop, const struct reading *reading) {
    struct hop_call *call = &hop->call;
    struct slice detail;
    if (call->verified || call->model->conf->verifier == NULL ||
        answer_check(&hop->path->policy.answer, reading->answer, &hop->arena, &detail) !=
            REASON_NONE) {
        return false;
    }
    call->answer = reading->answer;
    call->verified = call->model;
    call->since_ms = 0;
    call->failures = call->refusals = 0;
    call->error = REASON_NONE;
    call->key = arena_string(&hop->arena, arena_printf(&hop->arena, "%s-verify", call->key));
    hop->attempt.verifier = slice_of(call->model->conf->verifier->model.name);
    return true;
}

void reply_judge(struct hop *hop, const struct reading *reading) {
    struct attempt *a = &hop->attempt;
    if (hop->call.verified) {
        judge_verified(hop, reading);
    } else {
        a->answer = reading->answer;
        a->confidence_raw = sure_of(&hop->call.model->conf->model, &hop->path->policy.answer,
                                    reading);
    }
    confidence_calibrate(&hop->path->policy, a);
}
