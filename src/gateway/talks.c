#include "gateway/talks.h"

#include <stdlib.h>

#include "base/json_out.h"
#include "gateway/call.h"
#include "gateway/turns.h"
#include "io/loop.h"
#include "job/openai_input.h"
#include "job/stored_outcome.h"

enum { ITEMS_MOST = 20, LIST_USUAL = 20, LIST_MOST = 100, PLACE_ANSWER = 1000000 };

// The columns of the statement conversation_items.
enum column { COLUMN_TURN, COLUMN_PLACE, COLUMN_ITEM, COLUMN_ANSWER };

static void reply_conversation(struct call *call, const struct pg_result *result) {
    struct buf body = {0};
    buf_char(&body, '{');
    call_id(&body, "id", "conv_", pg_get_uuid(result, 0, 0));
    json_text(&body, "object", slice_of("conversation"));
    json_count(&body, "created_at", pg_get_time(result, 0, 2) / 1000);
    json_raw_text(&body, "metadata", pg_get_slice(result, 0, 1));
    buf_char(&body, '}');
    call_reply(call, 200, &body);
    buf_fini(&body);
}

// False: it has replied.
static bool is_there(struct call *call, const struct pg_result *result, const struct err *err) {
    if (result == NULL) {
        call_fail_err(call, err);
        return false;
    }
    if (pg_rows(result) == 0) {
        call_not_found(call, "conversation", "conversation_id");
        return false;
    }
    return true;
}

static void on_conversation(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (is_there(call, result, err)) {
        reply_conversation(call, result);
    }
}

// items of the body; absent: there are none.
static bool read_items(struct call *call, bool required, struct slice *items) {
    const struct json *json = &call->json;
    uint32_t node = json_get(json, 0, "items");
    *items = (struct slice){0};
    if (!required && (node == 0 || json_type(json, node) == JSON_NULL)) {
        return true;
    }
    if (node == 0 || !openai_input_is_messages(json, node) ||
        json->nodes[node].count > ITEMS_MOST ||
        (int64_t)json->nodes[node].len > call->gateway->settings->turn_bytes) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "items", 0, false},
                  "'items' is an array of up to %d messages, of up to gateway.turn_bytes in all",
                  ITEMS_MOST);
        return false;
    }
    *items = json_raw(json, node);
    return true;
}

// $1 and $2 of every statement.
static void begin(struct call *call, struct uuid id, struct pg_params *params) {
    pg_scalar(params, PG_TEXT);
    pg_slice(params, call->tenant);
    pg_scalar(params, PG_UUID);
    pg_uuid(params, id);
}

static struct uuid new_id(struct call *call) {
    struct process *process = call->gateway->process;
    return uuid_v7(loop_wall_ms(process->loop), &process->random);
}

// --- create, retrieve, update, delete

void talks_create(struct call *call) {
    struct pg_params params = {0};
    struct slice metadata, items, model;
    if (!call_metadata(call, &metadata) || !read_items(call, false, &items) ||
        !call_text(call, "model", false, &model)) {
        return;
    }
    begin(call, new_id(call), &params);
    pg_scalar(&params, PG_JSON);
    pg_slice(&params, metadata);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, model);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, new_id(call));
    pg_scalar(&params, PG_JSON);
    pg_slice(&params, items);
    asks_put(call->gateway->asks, PG_conversation_add, &params, on_conversation, call);
}

void talks_get(struct call *call) {
    call_ask(call, PG_conversation_get, on_conversation);
}

void talks_set(struct call *call) {
    struct pg_params params = {0};
    struct slice metadata;
    if (!call_metadata(call, &metadata)) {
        return;
    }
    begin(call, call->subject, &params);
    pg_scalar(&params, PG_JSON);
    pg_slice(&params, metadata);
    asks_put(call->gateway->asks, PG_conversation_set, &params, on_conversation, call);
}

static void on_deleted(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    if (is_there(call, result, err)) {
        call_reply_deleted(call, "conv_", "conversation.deleted");
    }
}

void talks_delete(struct call *call) {
    call_ask(call, PG_conversation_delete, on_deleted);
}

// --- items

static void write_part(struct buf *out, bool answers, struct slice json) {
    buf_printf(out, "{\"type\":\"%s\",\"text\":", answers ? "output_text" : "input_text");
    buf_slice_add(out, json);
    buf_text(out, answers ? ",\"annotations\":[]}" : "}");
}

// "id": the turn's, and its place but for the answer's.
static void write_id(struct buf *out, struct uuid turn, int64_t place) {
    char id[UUID_TEXT];
    uuid_format(turn, id);
    buf_printf(out, "\"msg_%s", id);
    if (place < PLACE_ANSWER) {
        buf_printf(out, "_%lld", (long long)place);
    }
    buf_char(out, '"');
}

static void write_message(struct call *call, struct buf *out, struct slice item) {
    struct json json;
    struct err err;
    if (!json_parse(&json, item, &json_default_limits, &call->arena, &err)) {
        buf_text(out, "\"role\":\"unknown\",\"content\":[]");
        return;
    }
    uint32_t content = json_get(&json, 0, "content"), role = json_get(&json, 0, "role");
    buf_text(out, "\"role\":");
    buf_slice_add(out, json_raw(&json, role));
    buf_text(out, ",\"content\":");
    if (json_type(&json, content) == JSON_STRING) {
        buf_char(out, '[');
        write_part(out, json_string_is(&json, role, "assistant"), json_raw(&json, content));
        buf_char(out, ']');
    } else {
        buf_slice_add(out, json_raw(&json, content));
    }
}

static void write_answer(struct call *call, struct buf *out, struct slice answer) {
    struct buf text = {0};
    buf_json_string(&text, stored_outcome_plain(answer, &call->arena));
    buf_text(out, "\"role\":\"assistant\",\"content\":[");
    write_part(out, true, buf_slice(&text));
    buf_char(out, ']');
    buf_fini(&text);
}

static void write_items(struct call *call, struct buf *out, const struct pg_result *r, int rows) {
    for (int row = 0; row < rows; row++) {
        struct slice item = pg_get_slice(r, row, COLUMN_ITEM);
        buf_text(out, row ? ",{\"id\":" : "{\"id\":");
        write_id(out, pg_get_uuid(r, row, COLUMN_TURN), pg_get_int(r, row, COLUMN_PLACE));
        buf_text(out, ",\"type\":\"message\",\"status\":\"completed\",");
        if (item.at) {
            write_message(call, out, item);
        } else {
            write_answer(call, out, pg_get_slice(r, row, COLUMN_ANSWER));
        }
        buf_char(out, '}');
    }
}

static void add_end(struct buf *out, const char *key, const struct pg_result *r, int row) {
    json_key(out, key);
    if (row < 0 || row >= pg_rows(r)) {
        buf_text(out, "null");
    } else {
        write_id(out, pg_get_uuid(r, row, COLUMN_TURN), pg_get_int(r, row, COLUMN_PLACE));
    }
}

static void on_items(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct buf body = {0};
    if (result == NULL) {
        call_fail_err(call, err);
        return;
    }
    int rows = pg_rows(result) < call->limit ? pg_rows(result) : (int)call->limit;
    buf_text(&body, "{\"object\":\"list\",\"data\":[");
    write_items(call, &body, result, rows);
    buf_char(&body, ']');
    add_end(&body, "first_id", result, rows ? 0 : -1);
    add_end(&body, "last_id", result, rows - 1);
    json_bool(&body, "has_more", pg_rows(result) > rows);
    buf_char(&body, '}');
    call_reply(call, 200, &body);
    buf_fini(&body);
}

// "msg_<turn>" or "msg_<turn>_<place>"
static bool read_after(struct call *call, struct uuid *turn, int64_t *place) {
    enum { PREFIX = 4, ID = PREFIX + UUID_TEXT - 1 };
    const char *text = httpd_query(call->request, "after");
    char *end = NULL;
    *place = PLACE_ANSWER;
    if (text == NULL) {
        return true;
    }
    bool good = strlen(text) >= ID && call_id_parse((struct slice){text, ID}, "msg_", turn);
    if (good && text[ID] == '_') {
        *place = strtoll(text + ID + 1, &end, 10);
        good = end != text + ID + 1 && *end == '\0' && *place > 0 && *place < PLACE_ANSWER;
    } else if (good) {
        good = text[ID] == '\0';
    }
    if (!good) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "after", 0, false},
                  "'after' is no id of an item");
    }
    return good;
}

static void ask_items(struct call *call, bool descending, struct uuid turn, int64_t place) {
    struct pg_params params = {0};
    begin(call, call->subject, &params);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, call->limit);
    pg_scalar(&params, PG_BOOL);
    pg_bool(&params, descending);
    pg_scalar(&params, PG_UUID);
    if (!uuid_is_nil(turn)) {
        pg_uuid(&params, turn);
    }
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, place);
    asks_put(call->gateway->asks, PG_conversation_items, &params, on_items, call);
}

static void on_to_list(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    const char *order = httpd_query(call->request, "order");
    struct uuid turn = {{0}};
    int64_t place;
    if (!is_there(call, result, err) || !read_after(call, &turn, &place)) {
        return;
    }
    if (order && strcmp(order, "asc") != 0 && strcmp(order, "desc") != 0) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "order", 0, false},
                  "'order' is 'asc' or 'desc'");
        return;
    }
    ask_items(call, order == NULL || strcmp(order, "desc") == 0, turn, place);
}

void talks_items(struct call *call) {
    if (call_limit(call, LIST_USUAL, LIST_MOST, &call->limit)) {
        call_ask(call, PG_conversation_get, on_to_list);
    }
}

// The reply are the items that were added, which are all of one turn.
static void on_turn(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct buf body = {0};
    if (!is_there(call, result, err)) {
        return;
    }
    turns_trim(call, call->subject, (struct slice){0});
    struct uuid turn = pg_get_uuid(result, 0, 0);
    uint32_t items = json_get(&call->json, 0, "items");
    uint32_t count = call->json.nodes[items].count;
    int64_t place = 0;
    buf_text(&body, "{\"object\":\"list\",\"data\":[");
    for (uint32_t i = json_first(&call->json, items); i; i = json_after(&call->json, items, i)) {
        buf_text(&body, place++ ? ",{\"id\":" : "{\"id\":");
        write_id(&body, turn, place);
        buf_text(&body, ",\"type\":\"message\",\"status\":\"completed\",");
        write_message(call, &body, json_raw(&call->json, i));
        buf_char(&body, '}');
    }
    buf_text(&body, "],\"first_id\":");
    write_id(&body, turn, 1);
    buf_text(&body, ",\"last_id\":");
    write_id(&body, turn, count);
    buf_text(&body, ",\"has_more\":false}");
    call_reply(call, 200, &body);
    buf_fini(&body);
}

void talks_add(struct call *call) {
    struct pg_params params = {0};
    struct slice items;
    if (!read_items(call, true, &items)) {
        return;
    }
    if (call->json.nodes[json_get(&call->json, 0, "items")].count == 0) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "items", 0, false},
                  "'items' is empty");
        return;
    }
    begin(call, call->subject, &params);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, new_id(call));
    pg_scalar(&params, PG_JSON);
    pg_slice(&params, items);
    asks_put(call->gateway->asks, PG_turn_add, &params, on_turn, call);
}
