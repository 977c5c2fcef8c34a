// io/http.h over models that answer as the seed says: well, badly, late, or not at all.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check.h"
#include "facts.h"
#include "fakes.h"
#include "io/http.h"
#include "node.h"
#include "table.h"

struct http {
    struct node *node;
    uint32_t most;
    struct list calls;
};

struct http_call {
    struct list_node node;
    struct event event;
    struct http *http;
    http_done *done;
    http_sent *sent;
    void *owner;
    struct subject *subject;
    unsigned hop;
    int shade;  // which shadow model is called; -1: none
    bool good;  // an answer that can be read
    int64_t cost_pico_usd;
    struct http_reply reply;
    char body[128], retry_after[16];
};

struct http_headers {
    int nothing;
};

struct http *http_open(struct loop *loop, uint32_t in_flight) {
    struct http *http = mem_zalloc(sizeof(*http));
    http->node = node_of(loop);
    http->most = in_flight;
    list_init(&http->calls);
    return http;
}

static void call_free(struct http_call *call) {
    event_stop(&call->event);
    list_remove(&call->node);
    mem_free(call);
}

void http_close(struct http *http) {
    while (!list_empty(&http->calls)) {
        call_free(LIST_ENTRY(list_first(&http->calls), struct http_call, node));
    }
    mem_free(http);
}

void http_cancel(struct http_call *call) {
    tally(TALLY_GIVEN_UP);
    call_free(call);
}

static void on_reply(void *owner) {
    struct http_call *call = owner;
    struct node *node = call->http->node;
    if (list_first(&call->http->calls) != &call->node) {
        tally(TALLY_OVERTOOK);
    }
    list_remove(&call->node);
    if (node_op(node, OP_REPLY)) {
        call->sent(call->owner);
        call->done(call->owner, &call->reply);
        if (call->shade >= 0) {
            call->subject->shadows[call->hop][call->shade].cost_pico_usd +=
                call->reply.status == 200 ? call->cost_pico_usd : 0;
        } else if (call->reply.status == 200) {
            subject_visit(call->subject, call->hop, node->life)->cost_pico_usd +=
                call->cost_pico_usd;
        }
        if (call->shade < 0 && call->good && call->reply.status == 200) {
            subject_visit(call->subject, call->hop, node->life)->good++;
        }
    }
    call_free(call);
}

// --- what a model says

static void say(struct http_call *call, uint32_t status, const char *body) {
    call->reply.status = status;
    snprintf(call->body, sizeof(call->body), "%s", body);
    call->reply.body = slice_of(call->body);
}

// The same prices as in sim.yaml.
static const struct {
    const char *url;
    int64_t call, token;
} prices[] = {{"http://simulated/tiny", 1000000, 0},
              {"http://simulated/mid", 20000000, 1000000},
              {"http://simulated/mid2", 30000000, 0},
              {"http://simulated/large", 1000000000, 0},
              {"http://simulated/judge", 5000000, 0},
              {"http://simulated/shade", 7000000, 0},
              {"http://simulated/shade2", 3000000, 0}};

const char *model_away;

const char *some_model(void) {
    return prices[between(0, sizeof(prices) / sizeof(prices[0]) - 1)].url;
}

static int64_t cost_of(const char *url, int64_t tokens) {
    for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++) {
        if (strcmp(url, prices[i].url) == 0) {
            return prices[i].call + tokens * prices[i].token;
        }
    }
    broken("a call to %s", url);
    return 0;
}

static bool is_judge(const char *url) {
    return strcmp(url, "http://simulated/judge") == 0;
}

static void say_answer(struct http_call *call, const struct http_request *request) {
    bool fields = memmem(request->body.at, request->body.len, "fields", 6) != NULL;
    int64_t tokens = between(1, 100);
    const char *label = &"A\0B\0C\0X"[2 * between(0, chance(0.1) ? 3 : 1)];
    if (is_judge(request->url)) {
        fields = false;
        label = chance(0.05) ? label : chance(0.7) ? "correct" : "wrong";
        tally(TALLY_VERIFIED);
    }
    double confidence = chance(0.5) ? 0.97 : (double)between(30, 99) / 100;
    char body[128];
    snprintf(body, sizeof(body),
             fields ? "{\"answer\":{\"label\":\"%s\"},\"confidence\":%.2f,"
                      "\"usage\":{\"input_tokens\":%d}}"
                    : "{\"answer\":\"%s\",\"confidence\":%.2f,\"usage\":{\"input_tokens\":%d}}",
             label, confidence, (int)tokens);
    say(call, 200, body);
    call->cost_pico_usd = cost_of(request->url, tokens);
    call->good = true;
}

static void say_busy(struct http_call *call) {
    tally(TALLY_BUSY);
    say(call, 429, "{\"error\":{\"message\":\"slow down\"}}");
    snprintf(call->retry_after, sizeof(call->retry_after), "%d", (int)between(0, 3));
    call->reply.retry_after = slice_of(call->retry_after);
}

static void say_refused(struct http_call *call) {
    static const uint32_t statuses[] = {400, 401, 403, 404, 413, 422};
    tally(TALLY_REFUSED);
    say(call, statuses[between(0, sizeof(statuses) / sizeof(statuses[0]) - 1)], "{}");
}

static void say_fault(struct http_call *call, enum http_fault how, enum tally kind) {
    tally(kind);
    call->reply.fault = how;
    call->reply.fault_text = "as the seed says";
}

static void say_garbage(struct http_call *call) {
    static const char *const bodies[] = {
        "<html>", "", "{", "{\"answer\":null,\"confidence\":1}", "{\"confidence\":0.9}",
        "{\"answer\":\"A\"}", "{\"answer\":\"A\",\"confidence\":1.7}", "[1,2]",
        "{\"answer\":\"\\u0000\",\"confidence\":0.9}",
    };
    tally(TALLY_GARBAGE);
    say(call, 200, bodies[between(0, sizeof(bodies) / sizeof(bodies[0]) - 1)]);
}

// Faults of models never stop: tries are bounded.
static int64_t choose(struct http_call *call, const struct http_request *request) {
    int64_t latency_us = about_us(100 * MS_US);
    if (model_away && strcmp(model_away, request->url) == 0) {
        say_fault(call, HTTP_FAULT_CONNECT, TALLY_UNREACHABLE);
        call->reply.latency_ms = 1;
        return MS_US;
    }
    switch (between(0, world.faults ? 30 : 60)) {
    case 0: say_busy(call); break;
    case 1: tally(TALLY_SERVER); say(call, 503, "busy"); break;
    case 2: tally(TALLY_SERVER); say(call, 500, "<h1>oops</h1>"); break;
    case 3: say_refused(call); break;
    case 4: say_fault(call, HTTP_FAULT_CUT, TALLY_CUT); break;
    case 5: say_fault(call, HTTP_FAULT_CONNECT, TALLY_UNREACHABLE); break;
    case 6:
        say_fault(call, HTTP_FAULT_TIMEOUT, TALLY_TIMEOUT);
        latency_us = request->timeout_ms * MS_US;
        break;
    case 7: say_fault(call, HTTP_FAULT_TOO_LARGE, TALLY_REPLY_TOO_LARGE); break;
    case 8: say_garbage(call); call->cost_pico_usd = cost_of(request->url, 0); break;
    default: say_answer(call, request); break;
    }
    if (latency_us > request->timeout_ms * MS_US) {
        call->reply = (struct http_reply){0};
        say_fault(call, HTTP_FAULT_TIMEOUT, TALLY_TIMEOUT);
        latency_us = request->timeout_ms * MS_US;
    }
    call->reply.latency_ms = latency_us / MS_US;
    return latency_us;
}

// --- calls

// Each try is made of the job's own input, also when the body of the try before is gone.
static void check_body(const struct http_call *call, struct slice body) {
    char own[32];
    int len = snprintf(own, sizeof(own), "\"n\":%u,", call->subject->number);
    if (memmem(body.at, body.len, own, (size_t)len) == NULL) {
        broken("job %u hop %u: a model is called with another input", call->subject->number,
               call->hop);
    }
}

// Does this process still have the partition that the job is in?
static bool is_zombie(const struct node *node, const struct subject *subject, unsigned hop) {
    const char *lane = hop == 0 ? subject->first_lane : subject->lane;
    const struct log *log = log_for(topic_of_tier(node->tier, lane), subject_key(subject));
    return log->owner == NULL || log->owner->node != node;
}

static void check_switch(const struct http_call *call, const struct node *node, const char *url) {
    if (is_judge(url)) {
        return;  // it belongs to an answer that is there
    }
    if (node->switch_heard < 0) {
        broken("job %u hop %u: a model is called before it is known whether the tier was switched",
               call->subject->number, call->hop);
    } else if (!switch_lets(node->switch_heard, node->tier, url)) {
        broken("job %u hop %u: %s is called, and the tier was switched to another",
               call->subject->number, call->hop, url);
    }
}

static void check_left_out(const struct http_call *call, const struct node *node) {
    if (call->subject->certified && strcmp(node->tier, "mid") == 0 &&
        subject_outcome(call->subject) == NULL) {
        broken("job %u hop %u: a model is called of a tier that the certificate leaves out",
               call->subject->number, call->hop);
    }
}

static void check_call(const struct http_call *call, struct node *node, const char *url) {
    const struct subject *subject = call->subject;
    const struct attempt_row *row = &subject->attempts[call->hop];
    const struct visit *visit = subject_visit(call->subject, call->hop, node->life);
    if (call->http->calls.count > call->http->most) {
        broken("%s: more than %u calls at a time", node->instance, call->http->most);
    }
    if (visit->admitted_us < 0) {
        broken("job %u hop %u: a model is called without admission", subject->number, call->hop);
    }
    if (subject->expires_ms > 0 && world_wall_ms() >= subject->expires_ms) {
        broken("job %u hop %u: a model is called after the deadline", subject->number, call->hop);
    }
    const struct batch_row *batch = subject->batch >= 0 ? &batches[subject->batch] : NULL;
    if ((subject->cancelled && subject->cancelled_us < node->recalled_us) ||
        (batch && batch->cancelled && batch->cancelled_us < node->recalled_us)) {
        broken("job %u hop %u: a model is called, and it was heard that it is cancelled",
               subject->number, call->hop);
    }
    if (batch && batch->capped_us > 0 && batch->capped_us < node->recalled_us) {
        broken("job %u hop %u: a model is called, and it was heard that its batch is at its cap",
               subject->number, call->hop);
    }
    // An answer that is there is verified to the end: it was paid for.
    if ((node->draining || node->giving_back) && !is_judge(url)) {
        broken("job %u hop %u: a model is called while the process %s", subject->number,
               call->hop, node->draining ? "drains" : "gives back its partitions");
    }
    if (row->stored && row->stored_us <= node->woke_us) {
        broken("job %u hop %u: a model is called, and the attempt was stored while the process "
               "stood still", subject->number, call->hop);
    }
    // Between admission and call only one who had the partition before, or has it now, can store.
    if (row->stored && (row->stored_us <= visit->admitted_us || row->life == node->life)) {
        broken("job %u hop %u: a model is called, and the attempt is stored", subject->number,
               call->hop);
    }
}

static int shade_of(const char *url) {
    return strcmp(url, "http://simulated/shade") == 0    ? 0
           : strcmp(url, "http://simulated/shade2") == 0 ? 1
                                                         : -1;
}

// A shadow follows an attempt that is stored, and is called once, whoever dies.
static void check_shadow(const struct http_call *call, const struct node *node) {
    const struct attempt_row *row = &call->subject->attempts[call->hop];
    if (!row->stored || row->life != node->life) {
        broken("job %u hop %u: a shadow is called, and the attempt is not stored by this life",
               call->subject->number, call->hop);
    }
    if (call->subject->shadows[call->hop][call->shade].calls++ > 0) {
        broken("job %u hop %u: a shadow is called twice", call->subject->number, call->hop);
    }
    if (call->http->calls.count > call->http->most) {
        broken("%s: more than %u shadows at a time", node->instance, call->http->most);
    }
    if (node->draining) {
        broken("job %u hop %u: a shadow is called while the process drains",
               call->subject->number, call->hop);
    }
    tally(TALLY_SHADOWS);
}

static void identify(struct http_call *call, const char *key) {
    struct uuid id;
    if (key == NULL || strlen(key) < UUID_TEXT ||
        !uuid_parse((struct slice){key, UUID_TEXT - 1}, &id)) {
        broken("a call without its idempotency key");
        return;
    }
    call->subject = subject_find(uuid_slice(&id));
    call->hop = (unsigned)strtoul(key + UUID_TEXT, NULL, 10);
}

struct http_call *http_send(struct http *http, const struct http_request *request,
                            http_done *done, void *owner) {
    struct http_call *call = mem_zalloc(sizeof(*call));
    bool counts = node_op(http->node, OP_CALL);
    call->http = http;
    call->done = done;
    call->sent = request->sent;
    call->owner = owner;
    list_append(&http->calls, &call->node);
    identify(call, request->idempotency_key);
    call->shade = shade_of(request->url);
    if (counts && call->subject && call->shade >= 0) {
        check_shadow(call, http->node);
        check_body(call, request->body);
        event_for(&call->event, http->node, choose(call, request), on_reply, call);
    } else if (counts && call->subject) {
        check_call(call, http->node, request->url);
        check_body(call, request->body);
        check_left_out(call, http->node);
        check_switch(call, http->node, request->url);
        check_turn(http->node, call->subject, call->hop);
        subject_visit(call->subject, call->hop, http->node->life)->calls++;
        tally(TALLY_CALLS);
        if (is_zombie(http->node, call->subject, call->hop)) {
            tally(TALLY_ZOMBIE_CALLS);
        }
        trace("%s: calls for job %u hop %u", http->node->instance, call->subject->number,
              call->hop);
        event_for(&call->event, http->node, choose(call, request), on_reply, call);
    }
    return call;
}

struct http_headers *http_headers_new(void) {
    return mem_zalloc(sizeof(struct http_headers));
}

void http_headers_add(struct http_headers *headers, const char *line) {
    (void)headers;
    (void)line;
}

void http_headers_free(struct http_headers *headers) {
    mem_free(headers);
}
