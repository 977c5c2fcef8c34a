#include "gateway/turns.h"

#include "base/log.h"
#include "gateway/single.h"
#include "job/openai_input.h"

enum { EXPIRE_ROWS = 5000, LOCKED_S = 1 };

// The columns of the statement turns_before.
enum column { COLUMN_ITEMS, COLUMN_ANSWER, COLUMN_PATH, COLUMN_OPEN, COLUMN_RESPONSE };

static bool refuse(struct call *call, const char *code, const char *param, const char *what) {
    call_fail(call, &(struct call_fault){.status = 400, .code = code, .param = param}, "%s", what);
    return false;
}

// --- what the request says

static bool read_id(struct call *call, const char *key, uint32_t node, const char *prefix,
                    struct uuid *id) {
    if (json_type(&call->json, node) == JSON_STRING &&
        call_id_parse(json_string(&call->json, node, &call->arena), prefix, id)) {
        return true;
    }
    call_fail(call, &(struct call_fault){400, "invalid_value", key, 0, false},
              "'%s' is no id such as %s and a UUID", key, prefix);
    return false;
}

// "conv_…", or an object with that id.
static bool read_conversation(struct single *single, uint32_t node) {
    const struct json *json = &single->call->json;
    if (json_type(json, node) == JSON_OBJECT) {
        uint32_t id = json_get(json, node, "id");
        node = id ? id : node;
    }
    return read_id(single->call, "conversation", node, "conv_", &single->conversation);
}

static uint32_t given(const struct json *json, const char *key) {
    uint32_t node = json_get(json, 0, key);
    return node && json_type(json, node) != JSON_NULL ? node : 0;
}

bool turns_read(struct single *single) {
    struct call *call = single->call;
    const struct json *json = &call->json;
    uint32_t previous = given(json, "previous_response_id");
    uint32_t conversation = given(json, "conversation");
    uint32_t store = given(json, "store");
    single->stored = store == 0 || json_type(json, store) != JSON_FALSE;
    single->unplain = openai_input_unplain(json, &call->arena);
    if (single->kind == SINGLE_BACKGROUND && !single->stored) {
        return refuse(call, "invalid_value", "store",
                      "a response with background: true is stored, or nobody could ask about it");
    }
    if (previous == 0 && conversation == 0) {
        return true;
    }
    if (previous && conversation) {
        return refuse(call, "mutually_exclusive_parameters", "previous_response_id",
                      "'previous_response_id' and 'conversation' exclude each other");
    }
    single->recalls = true;
    if (single->unplain.at) {
        call_fail(call,
                  &(struct call_fault){400, "unsupported_parameter",
                                       arena_string(&call->arena, single->unplain), 0, false},
                  "'%.*s': what goes on from earlier turns is text or messages, with no more than "
                  "instructions, temperature, top_p and max_output_tokens",
                  SLICE_ARGS(single->unplain));
        return false;
    }
    return previous ? read_id(call, "previous_response_id", previous, "resp_", &single->previous)
                    : read_conversation(single, conversation);
}

// --- what was said before

// The messages of one turn; nothing where its response has no answer that stands.
static void write_turn(const struct pg_result *r, int row, struct arena *arena, struct buf *out) {
    struct json json;
    struct err err;
    struct slice answer = pg_get_slice(r, row, COLUMN_ANSWER);
    if (answer.at == NULL && pg_get_int(r, row, COLUMN_RESPONSE)) {
        return;
    }
    if (json_parse(&json, pg_get_slice(r, row, COLUMN_ITEMS), &json_default_limits, arena, &err)) {
        openai_input_turn(&json, 0, arena, out);
    }
    if (answer.at) {
        openai_input_answer(answer, arena, out);
    }
}

// As many of the newest turns as there is room for, the oldest first.
static void write_turns(struct single *single, const struct pg_result *r, struct buf *out) {
    struct call *call = single->call;
    struct buf turn = {0};
    int64_t room = call->gateway->settings->turn_bytes;
    int first = 0;
    for (; first < pg_rows(r); first++) {
        room -= (int64_t)(pg_get_slice(r, first, COLUMN_ITEMS).len +
                          pg_get_slice(r, first, COLUMN_ANSWER).len);
        if (room < 0) {
            break;
        }
    }
    for (int row = first - 1; row >= 0; row--) {
        buf_clear(&turn);
        write_turn(r, row, &call->arena, &turn);
        buf_text(out, out->len && turn.len ? "," : "");
        buf_slice_add(out, buf_slice(&turn));
    }
    buf_fini(&turn);
}

static bool is_open(const struct pg_result *r) {
    for (int row = 0; row < pg_rows(r); row++) {
        if (pg_get_int(r, row, COLUMN_OPEN)) {
            return true;
        }
    }
    return false;
}

static void on_turns(void *owner, const struct pg_result *result, const struct err *err) {
    struct single *single = owner;
    struct call *call = single->call;
    struct buf earlier = {0};
    bool goes_on = !uuid_is_nil(single->previous);
    if (result == NULL) {
        call_fail_err(call, err);
    } else if (goes_on && pg_rows(result) == 0) {
        refuse(call, "previous_response_not_found", "previous_response_id",
               "there is no response of this id that can be gone on from");
    } else if (is_open(result)) {
        call_fail(call,
                  &(struct call_fault){409, "conversation_locked",
                                       goes_on ? "previous_response_id" : "conversation", LOCKED_S,
                                       false},
                  "the response before this one has no outcome yet");
    } else {
        if (goes_on && single->path == NULL) {
            single_take_path(single, pg_get_slice(result, 0, COLUMN_PATH));
        }
        write_turns(single, result, &earlier);
        single_go(single, buf_slice(&earlier));
        buf_fini(&earlier);
    }
}

static void ask_turns(struct single *single) {
    struct call *call = single->call;
    struct pg_params params = {0};
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    const struct uuid ids[] = {single->conversation, single->previous, single->job};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        pg_scalar(&params, PG_UUID);
        if (!uuid_is_nil(ids[i])) {
            pg_uuid(&params, ids[i]);
        }
    }
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, call->gateway->settings->turns);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, call->gateway->settings->turn_bytes);
    asks_put(call->gateway->asks, PG_turns_before, &params, on_turns, single);
}

static void on_conversation(void *owner, const struct pg_result *result, const struct err *err) {
    enum { COLUMN_OF_PATH = 3 };
    struct single *single = owner;
    if (result == NULL) {
        call_fail_err(single->call, err);
    } else if (pg_rows(result) == 0) {
        call_not_found(single->call, "conversation", "conversation");
    } else {
        if (single->path == NULL) {
            single_take_path(single, pg_get_slice(result, 0, COLUMN_OF_PATH));
        }
        ask_turns(single);
    }
}

void turns_recall(struct single *single) {
    struct call *call = single->call;
    struct pg_params params = {0};
    if (uuid_is_nil(single->conversation)) {
        ask_turns(single);
        return;
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, single->conversation);
    asks_put(call->gateway->asks, PG_conversation_get, &params, on_conversation, single);
}

// --- what is left behind

static void on_trimmed(void *owner, const struct pg_result *result, const struct err *err) {
    (void)owner;
    if (result == NULL) {
        log_warn("a conversation was not trimmed: %s", err->text);
    }
}

void turns_trim(struct call *call, struct uuid conversation, struct slice path) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, call->tenant);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, conversation);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, path);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, call->gateway->settings->turns);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, call->gateway->settings->turn_bytes);
    asks_put(call->gateway->asks, PG_conversation_used, &params, on_trimmed, call->gateway);
}

static void on_expired(void *owner, const struct pg_result *result, const struct err *err) {
    (void)err;
    if (result && pg_rows(result) > 0 && pg_get_int(result, 0, 0) >= EXPIRE_ROWS) {
        turns_expire(owner);  // there may be more
    }
}

void turns_expire(struct gateway *gateway) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, gateway->settings->keep_ms);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, EXPIRE_ROWS);
    asks_put(gateway->asks, PG_conversations_expire, &params, on_expired, gateway);
}
