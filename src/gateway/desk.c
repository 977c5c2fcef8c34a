#include "gateway/desk.h"

#include "base/json_out.h"
#include "fleet/config.h"
#include "fleet/reviews.h"
#include "gateway/call.h"
#include "gateway/desk_form.h"
#include "job/answer.h"

enum { NUMBER_MOST = 1000 };

// Of reviews whose path the configuration does not have, and before the path is known.
static const struct review_policy fallback = {.lease_ms = 900000};

struct desk {
    struct call *call;
    struct slice person;
    struct review_filter filter;
    struct uuid job;
    struct review_facts facts;
    struct review_lease lease;
    struct review_word word;
    struct ruling ruling;
    bool skips, asked;
    void (*with_facts)(struct desk *desk);
};

static void ask(struct desk *desk, enum pg_statement statement, struct pg_params *params,
                pg_done *done) {
    asks_put(desk->call->gateway->asks, statement, params, done, desk);
}

static bool failed(struct desk *desk, const struct pg_result *result, const struct err *err) {
    if (result == NULL) {
        call_fail_err(desk->call, err);
    }
    return result == NULL;
}

static void fail(struct desk *desk, int status, const char *code, const char *text) {
    const struct call_fault fault = {.status = status, .code = code, .final = true};
    call_fail(desk->call, &fault, "%s", text);
}

static const struct config_path *path_of(const struct desk *desk, struct slice path) {
    return config_path_find(desk->call->gateway->process->config, path);
}

static const struct review_policy *policy_of(const struct desk *desk, struct slice path) {
    const struct config_path *found = path_of(desk, path);
    return found ? &found->policy.review : &fallback;
}

// --- who, and what

static bool is_name(struct slice name) {
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.at[i] < ' ' || name.at[i] == ',') {
            return false;
        }
    }
    return name.len > 0 && name.len <= PERSON_BYTES_MOST;
}

static bool read_person(struct desk *desk) {
    struct call *call = desk->call;
    const struct api_keys *keys = &call->gateway->access.keys;
    char id[API_KEY_ID];
    if (call->key.at) {
        snprintf(id, sizeof(id), "%.*s", SLICE_ARGS(call->key));
        const struct api_key *key = api_keys_by_id(keys, id);
        desk->person = arena_slice(&call->arena, slice_of(key ? key->name : ""));
    } else if (!call_text(call, "reviewer", true, &desk->person)) {
        return false;
    }
    if (is_name(desk->person)) {
        return true;
    }
    call_fail(call, &(struct call_fault){400, "invalid_value", "reviewer", 0, false},
              "'%.*s' is no name of a person: up to %d bytes, no commas and no control characters",
              SLICE_ARGS(desk->person), PERSON_BYTES_MOST);
    return false;
}

static struct desk *begin(struct call *call) {
    struct desk *desk = arena_alloc(&call->arena, sizeof(*desk));
    *desk = (struct desk){.call = call, .job = call->subject};
    desk->filter.tenant = call->tenant;
    return read_person(desk) ? desk : NULL;
}

static bool set_filter(struct desk *desk, struct slice path, struct slice batch,
                       struct slice reason) {
    struct call *call = desk->call;
    struct review_filter *filter = &desk->filter;
    filter->path = path.at ? arena_string(&call->arena, path) : NULL;
    filter->reason = reason.at ? arena_string(&call->arena, reason) : NULL;
    filter->has_batch = batch.at != NULL;
    if (!filter->has_batch || uuid_parse(batch, &filter->batch)) {
        return true;
    }
    call_fail(call, &(struct call_fault){400, "invalid_value", "batch_id", 0, false},
              "'batch_id' is no UUID");
    return false;
}

// An integer of the body; absent: that one.
static bool read_integer(struct desk *desk, const char *key, int64_t most, int64_t absent,
                         int64_t *value) {
    struct call *call = desk->call;
    uint32_t node = json_get(&call->json, 0, key);
    *value = absent;
    if (node == 0 || json_type(&call->json, node) == JSON_NULL) {
        return true;
    }
    if (json_integer(&call->json, node, value) && *value >= 0 && *value <= most) {
        return true;
    }
    call_fail(call, &(struct call_fault){400, "invalid_value", key, 0, false},
              "'%s' is a number from 0 to %lld", key, (long long)most);
    return false;
}

// --- the task

static void on_task(void *owner, const struct pg_result *result, const struct err *err) {
    struct desk *desk = owner;
    struct buf body = {0};
    if (failed(desk, result, err)) {
        return;
    }
    if (pg_rows(result) == 0) {
        call_not_found(desk->call, "job with an outcome", "id");
        return;
    }
    buf_char(&body, '{');
    json_raw_text(&body, "task", pg_get_slice(result, 0, 0));
    json_text(&body, "reviewer", desk->person);
    json_time(&body, "lease_until", desk->lease.until_ms);
    desk_form_write(&body, path_of(desk, desk->lease.path));
    buf_char(&body, '}');
    call_reply(desk->call, 200, &body);
    buf_fini(&body);
}

static void give_task(struct desk *desk) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, desk->lease.job);
    ask(desk, PG_review_task, &params, on_task);
}

// --- facts of a job, whose tenant must be the caller's

static void on_facts(void *owner, const struct pg_result *result, const struct err *err) {
    struct desk *desk = owner;
    if (failed(desk, result, err)) {
        return;
    }
    if (!review_facts_read(result, &desk->call->arena, &desk->facts) ||
        !slice_equal(desk->facts.tenant, desk->call->tenant)) {
        call_not_found(desk->call, "job with an outcome", "id");
        return;
    }
    desk->with_facts(desk);
}

static void ask_facts(struct desk *desk, void (*with_facts)(struct desk *desk)) {
    struct pg_params params = {0};
    desk->with_facts = with_facts;
    review_facts_encode(&desk->job, desk->person, &params);
    ask(desk, PG_review_facts, &params, on_facts);
}

// --- taking

static void fail_taken(struct desk *desk) {
    if (desk->facts.barred) {
        fail(desk, 409, "other_eyes",
             "you said the last word on this job: another person has to "
             "look at it now");
    } else if (desk->facts.lease_by.at) {
        call_fail(desk->call, &(struct call_fault){.status = 409, .code = "leased", .final = true},
                  "'%.*s' looks at this job", SLICE_ARGS(desk->facts.lease_by));
    } else {
        fail(desk, 409, "review_changed", "the job does not wait for people any more");
    }
}

static void take(struct desk *desk, int64_t lease_ms, const struct uuid *job, pg_done *done) {
    struct pg_params params = {0};
    review_take_encode(desk->person, lease_ms, &desk->filter, job, &params);
    ask(desk, PG_review_take, &params, done);
}

static void on_taken(void *owner, const struct pg_result *result, const struct err *err) {
    struct desk *desk = owner;
    if (failed(desk, result, err)) {
        return;
    }
    if (review_take_read(result, &desk->call->arena, &desk->lease)) {
        give_task(desk);
    } else {
        ask_facts(desk, fail_taken);
    }
}

// Only now it is known whose path's lease it is.
static void on_next(void *owner, const struct pg_result *result, const struct err *err) {
    struct desk *desk = owner;
    struct buf body = {0};
    if (failed(desk, result, err)) {
        return;
    }
    if (!review_take_read(result, &desk->call->arena, &desk->lease)) {
        buf_text(&body, "{\"task\":null}");
        call_reply(desk->call, 200, &body);
        buf_fini(&body);
        return;
    }
    int64_t lease_ms = policy_of(desk, desk->lease.path)->lease_ms;
    if (lease_ms == fallback.lease_ms) {
        give_task(desk);
    } else {
        desk->job = desk->lease.job;
        take(desk, lease_ms, &desk->job, on_taken);
    }
}

void desk_next(struct call *call) {
    struct desk *desk = begin(call);
    struct slice path, batch, reason;
    if (desk && call_text(call, "path", false, &path) &&
        call_text(call, "batch_id", false, &batch) && call_text(call, "reason", false, &reason) &&
        set_filter(desk, path, batch, reason)) {
        take(desk, fallback.lease_ms, NULL, on_next);
    }
}

static void take_it(struct desk *desk) {
    take(desk, policy_of(desk, desk->facts.path)->lease_ms, &desk->job, on_taken);
}

static void on_asked(void *owner, const struct pg_result *result, const struct err *err) {
    struct desk *desk = owner;
    if (!failed(desk, result, err)) {
        take_it(desk);
    }
}

static void lease(struct desk *desk) {
    struct pg_params params = {0};
    if (slice_is(desk->facts.state, "open")) {
        take_it(desk);
    } else if (desk->asked) {
        pg_scalar(&params, PG_UUID);
        pg_uuid(&params, desk->job);
        ask(desk, PG_review_ask, &params, on_asked);
    } else {
        fail(desk, 409, "review_changed",
             "the job does not wait for people; \"ask\": true begins "
             "another round");
    }
}

void desk_lease(struct call *call) {
    struct desk *desk = begin(call);
    if (desk) {
        uint32_t node = json_get(&call->json, 0, "ask");
        desk->asked = node && json_type(&call->json, node) == JSON_TRUE;
        ask_facts(desk, lease);
    }
}

// --- a word

static void on_closed(void *owner, const struct pg_result *result, const struct err *err) {
    struct desk *desk = owner;
    struct buf body = {0};
    uint32_t revision;
    if (failed(desk, result, err)) {
        return;
    }
    if (!review_close_read(result, &revision)) {
        fail(desk, 409, "review_changed", "the job changed while it was looked at: look again");
        return;
    }
    buf_char(&body, '{');
    call_id(&body, "job_id", "", desk->job);
    json_raw_text(&body, "answer", desk->word.answer);
    json_count(&body, "revision", revision);
    json_text(&body, "next", slice_of(round_why_name(desk->ruling.next)));
    buf_char(&body, '}');
    call_reply(desk->call, 200, &body);
    buf_fini(&body);
}

static void on_opinions(void *owner, const struct pg_result *result, const struct err *err) {
    struct desk *desk = owner;
    struct opinion opinions[OPINIONS_MOST];
    struct pg_params params = {0};
    if (failed(desk, result, err)) {
        return;
    }
    uint32_t count = review_opinions_read(result, &desk->word, &desk->call->arena, opinions);
    desk->ruling =
        opinion_rule(policy_of(desk, desk->facts.path), opinions, count, review_chance(&desk->job));
    review_close_encode(&desk->word, &desk->ruling, &desk->call->arena, &params);
    ask(desk, PG_review_close, &params, on_closed);
}

static void say(struct desk *desk) {
    struct pg_params params = {0};
    review_opinions_encode(&desk->word, &params);
    ask(desk, PG_review_opinions, &params, on_opinions);
}

static void on_attempt(void *owner, const struct pg_result *result, const struct err *err) {
    struct desk *desk = owner;
    if (failed(desk, result, err)) {
        return;
    }
    if (pg_rows(result) == 0) {
        fail(desk, 400, "invalid_value", "'hop': the job has no answer of that hop");
        return;
    }
    desk->word.answer = arena_slice(&desk->call->arena, pg_get_slice(result, 0, 0));
    say(desk);
}

// Who says it may have said it before: the reply may have been lost.
static bool is_current(struct desk *desk) {
    if (desk->facts.round == desk->word.round && desk->facts.revision == desk->word.revision &&
        slice_is(desk->facts.state, "open")) {
        return true;
    }
    fail(desk, 409, "review_changed", "the job changed while it was looked at: look again");
    return false;
}

static void answer(struct desk *desk) {
    struct call *call = desk->call;
    struct pg_params params = {0};
    struct slice detail = {0};
    const struct config_path *path = path_of(desk, desk->facts.path);
    if (!is_current(desk)) {
        return;
    }
    if (desk->word.answer_hop >= 0) {
        pg_scalar(&params, PG_UUID);
        pg_uuid(&params, desk->job);
        pg_scalar(&params, PG_INT2);
        pg_int2(&params, (int16_t)desk->word.answer_hop);
        ask(desk, PG_review_attempt, &params, on_attempt);
    } else if (path == NULL) {
        fail(desk, 409, "path_unknown",
             "the configuration has no such path any more, so what an "
             "answer is like is not known; 'hop' works");
    } else if (answer_check(&path->policy.answer, desk->word.answer, &call->arena, &detail) !=
               REASON_NONE) {
        call_fail(call, &(struct call_fault){422, "answer_form", "answer", 0, false},
                  "that is no answer of path %s: %.*s", path->policy.name, SLICE_ARGS(detail));
    } else {
        say(desk);
    }
}

void desk_answer(struct call *call) {
    struct desk *desk = begin(call);
    int64_t round, revision, hop;
    if (desk == NULL || !read_integer(desk, "round", NUMBER_MOST, 0, &round) ||
        !read_integer(desk, "revision", NUMBER_MOST, 0, &revision) ||
        !read_integer(desk, "hop", NUMBER_MOST, -1, &hop)) {
        return;
    }
    uint32_t node = json_get(&call->json, 0, "answer");
    if ((node == 0) == (hop < 0)) {
        call_fail(call, &(struct call_fault){400, "missing_required_parameter", "answer", 0, false},
                  "either 'answer' or 'hop', whose answer is right");
        return;
    }
    desk->word = (struct review_word){
        .job = desk->job,
        .round = (uint32_t)round,
        .revision = (uint32_t)revision,
        .person = desk->person,
        .answer = node ? json_raw(&call->json, node) : (struct slice){0},
        .answer_hop = (int)hop,
    };
    if (call_text(call, "note", false, &desk->word.note)) {
        ask_facts(desk, answer);
    }
}

// --- no word, or a word taken back

static void on_released(void *owner, const struct pg_result *result, const struct err *err) {
    struct desk *desk = owner;
    struct buf body = {0};
    if (failed(desk, result, err)) {
        return;
    }
    if (pg_rows(result) == 0) {
        fail(desk, 409, "review_changed", "somebody else looks at the job, or it is done");
        return;
    }
    buf_char(&body, '{');
    call_id(&body, "job_id", "", desk->job);
    json_bool(&body, "skipped", desk->skips);
    buf_char(&body, '}');
    call_reply(desk->call, 200, &body);
    buf_fini(&body);
}

static void release(struct desk *desk) {
    struct pg_params params = {0};
    const struct review_lease given = {.job = desk->job, .round = desk->facts.round};
    review_release_encode(&given, desk->person, desk->skips, &params);
    ask(desk, PG_review_release, &params, on_released);
}

void desk_skip(struct call *call) {
    struct desk *desk = begin(call);
    if (desk) {
        desk->skips = true;
        ask_facts(desk, release);
    }
}

void desk_release(struct call *call) {
    struct desk *desk = begin(call);
    if (desk) {
        ask_facts(desk, release);
    }
}

static void on_undone(void *owner, const struct pg_result *result, const struct err *err) {
    struct desk *desk = owner;
    if (failed(desk, result, err)) {
        return;
    }
    if (pg_rows(result) == 0) {
        fail(desk, 409, "nothing_to_undo",
             "you said nothing on this job that could be taken back: "
             "the last word is another's, or there is none");
        return;
    }
    take_it(desk);
}

static void undo(struct desk *desk) {
    struct pg_params params = {0};
    review_undo_encode(&desk->job, desk->person, policy_of(desk, desk->facts.path)->lease_ms,
                       &params);
    ask(desk, PG_review_undo, &params, on_undone);
}

void desk_undo(struct call *call) {
    struct desk *desk = begin(call);
    if (desk) {
        ask_facts(desk, undo);
    }
}
