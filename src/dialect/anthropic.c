#include "dialect/anthropic.h"

#include "dialect/members.h"
#include "dialect/messages.h"
#include "dialect/reading.h"
#include "dialect/schema.h"
#include "job/answer.h"

// Asked for where the configuration names no limit: room for an answer and some thought before it.
enum { TOKENS_DEFAULT = 4096 };

struct draft {
    struct messages messages;
    struct members members;
};

// --- messages

static void write_source(const struct part *part, struct buf *body) {
    if (part->kind == PART_IMAGE_URL) {
        buf_text(body, "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":");
    } else {
        buf_text(body, "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":");
        buf_json_string(body, part->media_type);
        buf_text(body, ",\"data\":");
    }
    buf_json_string(body, part->text);
    buf_text(body, "}}");
}

// A text part is the same in both, and may hold a cache mark beside its text.
static void write_parts(const struct messages *messages, uint32_t parts, struct buf *body) {
    const struct json *payload = &messages->payload;
    const char *comma = "";
    buf_char(body, '[');
    for (uint32_t i = json_first(payload, parts); i; i = json_after(payload, parts, i)) {
        struct part part;
        part_read(payload, i, messages->arena, &part);
        buf_text(body, comma);
        if (part.kind == PART_IMAGE_DATA || part.kind == PART_IMAGE_URL) {
            write_source(&part, body);
        } else {
            buf_slice_add(body, json_raw(payload, i));
        }
        comma = ",";
    }
    buf_char(body, ']');
}

static void write_message(const struct messages *messages, const struct message *message,
                          struct buf *body) {
    if (message->role.at == NULL || (message->text.at == NULL && message->parts == 0)) {
        buf_slice_add(body, json_raw(&messages->payload, message->node));
        return;
    }
    buf_text(body, "{\"role\":");
    buf_json_string(body, message->role);
    buf_text(body, ",\"content\":");
    if (message->text.at) {
        buf_json_string(body, message->text);
    } else {
        write_parts(messages, message->parts, body);
    }
    buf_char(body, '}');
}

static void write_messages(struct draft *draft) {
    struct buf *body = draft->members.body;
    struct message message;
    const char *comma = "";
    if (!members_add(&draft->members, "messages")) {
        return;
    }
    buf_char(body, '[');
    for (uint32_t place = 0; messages_next(&draft->messages, &place, &message);) {
        if (!message_is_system(&message)) {
            buf_text(body, comma);
            write_message(&draft->messages, &message, body);
            comma = ",";
        }
    }
    buf_char(body, ']');
}

// --- system

static void write_block(struct buf *body, struct slice text, const char **comma) {
    buf_printf(body, "%s{\"type\":\"text\",\"text\":", *comma);
    buf_json_string(body, text);
    buf_char(body, '}');
    *comma = ",";
}

static void write_blocks(const struct messages *messages, const struct message *message,
                         struct buf *body, const char **comma) {
    const struct json *payload = &messages->payload;
    if (message->text.at) {
        write_block(body, message->text, comma);
        return;
    }
    for (uint32_t i = message->parts ? json_first(payload, message->parts) : 0; i;
         i = json_after(payload, message->parts, i)) {
        buf_text(body, *comma);
        buf_slice_add(body, json_raw(payload, i));
        *comma = ",";
    }
}

// False: no message is of the system.
static bool write_system(struct draft *draft) {
    struct buf *body = draft->members.body;
    struct message message;
    const char *comma = "";
    bool any = false;
    for (uint32_t place = 0; !any && messages_next(&draft->messages, &place, &message);) {
        any = message_is_system(&message);
    }
    if (!any || !members_add(&draft->members, "system")) {
        return any;
    }
    buf_char(body, '[');
    for (uint32_t place = 0; messages_next(&draft->messages, &place, &message);) {
        if (message_is_system(&message)) {
            write_blocks(&draft->messages, &message, body, &comma);
        }
    }
    buf_char(body, ']');
    return true;
}

// --- the other members

// The form stands beside what else is said of the output: effort.
static void write_output(struct draft *draft) {
    static const char *const none[] = {NULL};
    const struct messages *messages = &draft->messages;
    const struct answer_form *form = &messages->request->path->answer;
    struct buf *body = draft->members.body;
    struct members output;
    uint32_t own =
        messages->form == MESSAGES_BODY ? json_get(&messages->payload, 0, "output_config") : 0;
    bool format = own && json_get(&messages->payload, own, "format");
    if (!schema_applies(form) || !members_enter(&draft->members, "output_config", &output)) {
        return;
    }
    if (!format && members_add(&output, "format")) {
        buf_text(body, "{\"type\":\"json_schema\",\"schema\":");
        schema_write(body, form, SCHEMA_TYPED,
                     messages->request->model->confidence == CONFIDENCE_FIELD);
        buf_char(body, '}');
    }
    if (own && json_type(&messages->payload, own) == JSON_OBJECT) {
        members_copy(&output, &messages->payload, own, none);
    }
    members_close(&output);
}

// A body with `messages` may be meant for OpenAI, so only members that mean the same to Anthropic,
// or exist with it alone, are taken over.
static void write_rest(struct draft *draft, bool system) {
    static const char *const known[] = {"system",         "temperature",   "top_p",    "top_k",
                                        "stop_sequences", "output_config", "thinking", "metadata",
                                        "cache_control",  NULL};
    if (draft->messages.form == MESSAGES_BODY) {
        members_copy_only(&draft->members, &draft->messages.payload, known + system);
    }
}

static void write_body(struct draft *draft) {
    const struct model *model = draft->messages.request->model;
    struct members *members = &draft->members;
    uint32_t most = model->max_tokens ? model->max_tokens : TOKENS_DEFAULT;
    if (model->model && members_add(members, "model")) {
        buf_json_string(members->body, slice_of(model->model));
    }
    if (members_add(members, "max_tokens")) {
        buf_printf(members->body, "%u", messages_limit(&draft->messages, most));
    }
    bool system = write_system(draft);
    write_messages(draft);
    write_output(draft);
    write_rest(draft, system);
    members_close(members);
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct draft draft = {.members = {.body = body, .arena = &arena}};
    arena_init(&arena, &pool);
    bool ok = messages_find(&draft.messages, request, NULL, &arena, err) &&
              members_open(&draft.members, request->model->extra, err);
    if (ok) {
        write_body(&draft);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok;
}

// --- the reply

// input_tokens are those that no cache served; what was written to a cache counts as input.
static void read_usage(const struct json *body, struct usage *usage) {
    uint32_t node = json_get(body, 0, "usage");
    uint32_t cached = reading_tokens(body, node, "cache_read_input_tokens");
    *usage = (struct usage){
        .input_tokens = reading_tokens(body, node, "input_tokens") + cached +
                        reading_tokens(body, node, "cache_creation_input_tokens"),
        .cached_tokens = cached,
        .output_tokens = reading_tokens(body, node, "output_tokens"),
    };
}

// Why the message is no answer; true: it is none.
static bool read_stop(const struct request *request, const struct json *body, struct arena *arena,
                      struct reading *reading) {
    uint32_t stop = json_get(body, 0, "stop_reason");
    uint32_t details = json_get(body, 0, "stop_details");
    uint32_t category = reading_get(body, details, "category");
    struct slice why = category ? json_string(body, category, arena) : (struct slice){0};
    if (stop == 0) {
        return false;
    }
    if (json_string_is(body, stop, "refusal")) {
        reading->error = REASON_ERROR_CONTENT;
        reading_text(request, arena, reading, "stop_reason refusal%s%.*s", why.len ? ": " : "",
                     SLICE_ARGS(why));
    } else if (json_string_is(body, stop, "max_tokens") ||
               json_string_is(body, stop, "model_context_window_exceeded")) {
        reading->error = REASON_ERROR_TRUNCATED;
        reading_text(request, arena, reading, "stop_reason %.*s after %u tokens",
                     SLICE_ARGS(json_string(body, stop, arena)), reading->usage.output_tokens);
    }
    return reading->error != REASON_NONE;
}

// The text of all text blocks; where there is none, what the first tool was to be called with.
// Thinking is no answer.
static struct slice content_text(const struct json *body, uint32_t content, struct arena *arena) {
    struct buf text = {0};
    struct slice input = {0};
    for (uint32_t i = json_first(body, content); i; i = json_after(body, content, i)) {
        uint32_t type = json_get(body, i, "type");
        uint32_t part = json_get(body, i, "text");
        uint32_t tool = json_get(body, i, "input");
        if (type && part && json_string_is(body, type, "text")) {
            buf_slice_add(&text, json_string(body, part, arena));
        } else if (type && tool && json_string_is(body, type, "tool_use") && !input.at) {
            input = json_raw(body, tool);
        }
    }
    struct slice found = text.len > 0 ? arena_slice(arena, buf_slice(&text)) : input;
    buf_fini(&text);
    return found;
}

static void read_reply(const struct request *request, const struct json *body, struct arena *arena,
                       struct reading *reading) {
    uint32_t content = json_get(body, 0, "content");
    read_usage(body, &reading->usage);
    if (content == 0 || json_type(body, content) != JSON_ARRAY) {
        reading_misfit(request, body, arena, reading, "no content");
        return;
    }
    if (read_stop(request, body, arena, reading)) {
        return;
    }
    struct slice text = content_text(body, content, arena);
    if (text.len == 0) {
        reading_misfit(request, body, arena, reading, "no text in content");
        reading->error = REASON_ANSWER_MISSING;
        return;
    }
    reading->answer = answer_from_text(&request->path->answer, text, arena);
    if (request->model->confidence == CONFIDENCE_FIELD) {
        reading->signals.field = reading_confidence(body, reading->answer, arena);
    }
}

// The version of 2023 is the one that every gateway speaks and that takes a temperature still.
static const char *const headers[] = {"anthropic-version: 2023-06-01", NULL};

const struct dialect anthropic_dialect = {
    .name = "anthropic",
    .build = build,
    .read = read_reply,
    .key_header = "x-api-key: ",
    .headers = headers,
};
