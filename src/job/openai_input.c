#include "job/openai_input.h"

#include "base/json_out.h"
#include "job/stored_outcome.h"

// What a plain body may have. PASSED goes to the model as it is, under its name for a chat.
enum member_kind { MEMBER_OURS, MEMBER_PASSED };

static const struct member {
    const char *name;
    enum member_kind kind;
    const char *chat_name;
} members[] = {
    {"input", MEMBER_OURS, NULL},
    {"instructions", MEMBER_OURS, NULL},
    {"previous_response_id", MEMBER_OURS, NULL},
    {"conversation", MEMBER_OURS, NULL},
    {"store", MEMBER_OURS, NULL},
    {"stream", MEMBER_OURS, NULL},
    {"stream_options", MEMBER_OURS, NULL},
    {"background", MEMBER_OURS, NULL},
    {"metadata", MEMBER_OURS, NULL},
    {"truncation", MEMBER_OURS, NULL},
    {"model", MEMBER_PASSED, "model"},
    {"temperature", MEMBER_PASSED, "temperature"},
    {"top_p", MEMBER_PASSED, "top_p"},
    {"user", MEMBER_PASSED, "user"},
    {"max_output_tokens", MEMBER_PASSED, "max_completion_tokens"},
};

static const struct member *find_member(const struct json *json, uint32_t key) {
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (json_string_is(json, key, members[i].name)) {
            return &members[i];
        }
    }
    return NULL;
}

// --- what is plain

static bool is_message(const struct json *json, uint32_t node) {
    uint32_t type = json_get(json, node, "type");
    uint32_t role = json_get(json, node, "role");
    uint32_t content = json_get(json, node, "content");
    return (type == 0 || json_string_is(json, type, "message")) && role && content &&
           json_type(json, role) == JSON_STRING &&
           (json_type(json, content) == JSON_STRING || json_type(json, content) == JSON_ARRAY);
}

bool openai_input_is_messages(const struct json *json, uint32_t node) {
    if (json_type(json, node) != JSON_ARRAY) {
        return false;
    }
    for (uint32_t i = json_first(json, node); i; i = json_after(json, node, i)) {
        if (!is_message(json, i)) {
            return false;
        }
    }
    return true;
}

static bool is_text(const struct json *json, uint32_t node) {
    enum json_type type = json_type(json, node);
    return type == JSON_STRING || type == JSON_NULL;
}

struct slice openai_input_unplain(const struct json *body, struct arena *arena) {
    for (uint32_t i = json_first(body, 0); i; i = json_after(body, 0, i)) {
        if (find_member(body, i) == NULL) {
            return json_string(body, i, arena);
        }
    }
    uint32_t input = json_get(body, 0, "input");
    uint32_t instructions = json_get(body, 0, "instructions");
    if (input == 0 ||
        (json_type(body, input) != JSON_STRING && !openai_input_is_messages(body, input))) {
        return slice_of("input");
    }
    return slice_of(instructions && !is_text(body, instructions) ? "instructions" : NULL);
}

void openai_input_items(const struct json *body, struct buf *out) {
    uint32_t input = json_get(body, 0, "input");
    if (json_type(body, input) == JSON_ARRAY) {
        buf_slice_add(out, json_raw(body, input));
        return;
    }
    buf_text(out, "[{\"role\":\"user\",\"content\":");
    buf_slice_add(out, json_raw(body, input));
    buf_text(out, "}]");
}

// --- messages

static void begin_message(struct slice role, struct buf *out) {
    char last = out->len > 0 ? out->data[out->len - 1] : '[';
    buf_text(out, last == '[' ? "{\"role\":" : ",{\"role\":");
    buf_json_string(out, role);
    buf_text(out, ",\"content\":");
}

static bool is_text_part(const struct json *json, uint32_t type) {
    return json_string_is(json, type, "input_text") || json_string_is(json, type, "output_text") ||
           json_string_is(json, type, "text");
}

// A part in the words of a chat; one of another kind stands as it came.
static void write_part(const struct json *json, uint32_t part, struct buf *out) {
    uint32_t type = json_get(json, part, "type");
    uint32_t text = json_get(json, part, "text");
    uint32_t url = json_get(json, part, "image_url");
    if (type && text && is_text_part(json, type)) {
        buf_text(out, "{\"type\":\"text\",\"text\":");
        buf_slice_add(out, json_raw(json, text));
        buf_char(out, '}');
    } else if (type && url && json_string_is(json, type, "input_image") &&
               json_type(json, url) == JSON_STRING) {
        buf_text(out, "{\"type\":\"image_url\",\"image_url\":{\"url\":");
        buf_slice_add(out, json_raw(json, url));
        buf_text(out, "}}");
    } else {
        buf_slice_add(out, json_raw(json, part));
    }
}

// Not every server takes parts: a single text stands without its part.
static bool write_single_text(const struct json *json, uint32_t parts, struct buf *out) {
    uint32_t first = json_at(json, parts, 0);
    uint32_t type = first ? json_get(json, first, "type") : 0;
    uint32_t text = first ? json_get(json, first, "text") : 0;
    if (json->nodes[parts].count != 1 || type == 0 || text == 0 || !is_text_part(json, type)) {
        return false;
    }
    buf_slice_add(out, json_raw(json, text));
    return true;
}

static void write_content(const struct json *json, uint32_t content, struct buf *out) {
    if (json_type(json, content) == JSON_STRING) {
        buf_slice_add(out, json_raw(json, content));
    } else if (!write_single_text(json, content, out)) {
        const char *comma = "";
        buf_char(out, '[');
        for (uint32_t i = json_first(json, content); i; i = json_after(json, content, i)) {
            buf_text(out, comma);
            write_part(json, i, out);
            comma = ",";
        }
        buf_char(out, ']');
    }
}

void openai_input_turn(const struct json *json, uint32_t items, struct arena *arena,
                       struct buf *out) {
    for (uint32_t i = json_first(json, items); i; i = json_after(json, items, i)) {
        if (is_message(json, i)) {
            begin_message(json_string(json, json_get(json, i, "role"), arena), out);
            write_content(json, json_get(json, i, "content"), out);
            buf_char(out, '}');
        }
    }
}

void openai_input_answer(struct slice answer, struct arena *arena, struct buf *out) {
    begin_message(slice_of("assistant"), out);
    buf_json_string(out, stored_outcome_plain(answer, arena));
    buf_char(out, '}');
}

void openai_input_write(const struct json *body, struct slice earlier, struct arena *arena,
                        struct buf *out) {
    uint32_t input = json_get(body, 0, "input");
    uint32_t instructions = json_get(body, 0, "instructions");
    buf_char(out, '{');
    for (uint32_t i = json_first(body, 0); i; i = json_after(body, 0, i)) {
        const struct member *member = find_member(body, i);
        if (member && member->kind == MEMBER_PASSED) {
            json_raw_text(out, member->chat_name, json_raw(body, i + 1));
        }
    }
    json_key(out, "messages");
    buf_char(out, '[');
    if (instructions && json_type(body, instructions) == JSON_STRING) {
        begin_message(slice_of("system"), out);
        buf_slice_add(out, json_raw(body, instructions));
        buf_char(out, '}');
    }
    if (earlier.len > 0) {
        buf_text(out, out->data[out->len - 1] == '[' ? "" : ",");
        buf_slice_add(out, earlier);
    }
    if (json_type(body, input) == JSON_STRING) {
        begin_message(slice_of("user"), out);
        buf_slice_add(out, json_raw(body, input));
        buf_char(out, '}');
    } else {
        openai_input_turn(body, input, arena, out);
    }
    buf_text(out, "]}");
}
