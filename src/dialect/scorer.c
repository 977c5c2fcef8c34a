#include "dialect/scorer.h"

#include <math.h>

#include "dialect/members.h"
#include "dialect/reading.h"

static bool merge(const struct request *request, struct members *members, struct err *err) {
    static const char *const none[] = {NULL};
    struct json payload;
    if (!json_parse(&payload, request->payload, &json_default_limits, members->arena, err)) {
        return false;
    }
    if (json_type(&payload, 0) != JSON_OBJECT) {
        return err_poison(err, "the model's `extra` needs a payload that is an object, not %s",
                          json_type_name(json_type(&payload, 0)));
    }
    if (!members_open(members, request->model->extra, err)) {
        return false;
    }
    members_copy(members, &payload, 0, none);
    members_close(members);
    return true;
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    struct arena_pool pool = {0};
    struct arena arena;
    if (request->model->extra == NULL) {
        buf_slice_add(body, request->payload);
        return true;
    }
    arena_init(&arena, &pool);
    struct members members = {.body = body, .arena = &arena};
    bool ok = merge(request, &members, err);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok;
}

static void read_reply(const struct request *request, const struct json *body, struct arena *arena,
                       struct reading *reading) {
    uint32_t usage = json_get(body, 0, "usage");
    uint32_t confidence = json_get(body, 0, "confidence");
    uint32_t answer = json_get(body, 0, "answer");
    reading->usage = (struct usage){
        .input_tokens = reading_tokens(body, usage, "input_tokens"),
        .cached_tokens = reading_tokens(body, usage, "cached_tokens"),
        .output_tokens = reading_tokens(body, usage, "output_tokens"),
    };
    if (json_type(body, 0) != JSON_OBJECT) {
        reading_misfit(request, body, arena, reading, "no object with a member 'answer'");
        return;
    }
    if (answer == 0 || json_type(body, answer) == JSON_NULL) {
        reading_misfit(request, body, arena, reading, answer ? "'answer' is null" : "no 'answer'");
        reading->error = REASON_ANSWER_MISSING;
        return;
    }
    if (confidence && !json_number(body, confidence, &reading->signals.field)) {
        reading->signals.field = NAN;
    }
    reading->answer = json_raw(body, answer);
}

const struct dialect scorer_dialect = {
    .name = "scorer",
    .build = build,
    .read = read_reply,
    .key_header = "Authorization: Bearer ",
};
