#include "dialect/anthropic.h"

#include "dialect/chat.h"
#include "dialect/reading.h"
#include "dialect/schema.h"
#include "job/answer.h"

// Asked for where the configuration names no limit: room for an answer and some thought before it.
enum { TOKENS_DEFAULT = 4096 };

// --- messages

static void write_url(const struct part *part, struct buf *body) {
    buf_text(body, "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":");
    buf_json_string(body, part->text);
    buf_text(body, "}}");
}

static void write_data(struct chat *chat, const struct part *part) {
    struct buf *body = chat->members.body;
    enum chat_media media = chat_media(part);
    if (media == CHAT_OTHER) {
        chat_refuse_media(chat, part);
        return;
    }
    buf_printf(body, "{\"type\":\"%s\",\"source\":{\"type\":\"base64\",\"media_type\":",
               media == CHAT_IMAGE ? "image" : "document");
    buf_json_string(body, part->media_type);
    buf_text(body, ",\"data\":");
    chat_data(chat, part);
    buf_text(body, "}}");
}

// A text part is the same in both, and may hold a cache mark beside its text.
static void write_part(struct chat *chat, const struct message *message, const struct part *part) {
    struct buf *body = chat->members.body;
    (void)message;
    if (part->kind == PART_IMAGE_URL) {
        write_url(part, body);
    } else if (part->kind == PART_DATA || part->kind == PART_ATTACHMENT) {
        write_data(chat, part);
    } else if (part->node) {
        buf_slice_add(body, json_raw(&chat->messages.payload, part->node));
    } else {
        buf_text(body, "{\"type\":\"text\",\"text\":");
        buf_json_string(body, part->text);
        buf_char(body, '}');
    }
}

static void write_message(struct chat *chat, const struct message *message) {
    chat_role_content(chat, message, write_part);
}

static void write_messages(struct chat *chat) {
    if (members_add(&chat->members, "messages")) {
        chat_messages(chat, CHAT_TALK, write_message);
    }
}

// False: no message is of the system.
static bool write_system(struct chat *chat) {
    bool any = chat_has(chat, CHAT_SYSTEM);
    if (any && members_add(&chat->members, "system")) {
        chat_all_parts(chat, CHAT_SYSTEM, write_part);
    }
    return any;
}

// --- the other members

// The form stands beside what else is said of the output: effort.
static void write_output(struct chat *chat) {
    static const char *const none[] = {NULL};
    const struct messages *messages = &chat->messages;
    const struct answer_form *form = &messages->request->path->answer;
    struct buf *body = chat->members.body;
    struct members output;
    uint32_t own =
        messages->form == MESSAGES_BODY ? json_get(&messages->payload, 0, "output_config") : 0;
    bool format = own && json_get(&messages->payload, own, "format");
    if (!schema_applies(form) || !members_enter(&chat->members, "output_config", &output)) {
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
static void write_rest(struct chat *chat, bool system) {
    static const char *const known[] = {"system",         "temperature",   "top_p",    "top_k",
                                        "stop_sequences", "output_config", "thinking", "metadata",
                                        "cache_control",  NULL};
    if (chat->messages.form == MESSAGES_BODY) {
        members_copy_only(&chat->members, &chat->messages.payload, known + system);
    }
}

static void write_body(struct chat *chat) {
    uint32_t most = chat->messages.request->model->max_tokens;
    chat_model(chat);
    chat_limit(chat, "max_tokens", messages_limit(&chat->messages, most ? most : TOKENS_DEFAULT));
    bool system = write_system(chat);
    write_messages(chat);
    write_output(chat);
    write_rest(chat, system);
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    static const struct chat_form form = {NULL, write_body};
    return chat_build(request, &form, body, err);
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
    .parts = true,
};
