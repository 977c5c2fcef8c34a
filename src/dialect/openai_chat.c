#include "dialect/openai_chat.h"

#include "dialect/chat.h"
#include "dialect/schema.h"

// --- messages

static void write_part(struct chat *chat, const struct message *message, const struct part *part) {
    struct buf *body = chat->members.body;
    (void)message;
    if (part->kind != PART_ATTACHMENT && part->node) {
        buf_slice_add(body, json_raw(&chat->messages.payload, part->node));
    } else if (part->kind == PART_TEXT) {
        buf_text(body, "{\"type\":\"text\",\"text\":");
        buf_json_string(body, part->text);
        buf_char(body, '}');
    } else if (chat_media(part) == CHAT_IMAGE) {
        buf_text(body, "{\"type\":\"image_url\",\"image_url\":{\"url\":");
        chat_data_url(chat, part);
        buf_text(body, "}}");
    } else if (chat_media(part) == CHAT_DOCUMENT) {
        buf_text(body, "{\"type\":\"file\",\"file\":{\"filename\":");
        chat_name(chat, part);
        buf_text(body, ",\"file_data\":");
        chat_data_url(chat, part);
        buf_text(body, "}}");
    } else {
        chat_refuse_media(chat, part);
    }
}

static bool refers(const struct chat *chat, const struct message *message) {
    const struct json *payload = &chat->messages.payload;
    for (uint32_t i = message->parts ? json_first(payload, message->parts) : 0; i;
         i = json_after(payload, message->parts, i)) {
        if (part_is_attachment(&chat->messages, i)) {
            return true;
        }
    }
    return false;
}

// As it is, but for the parts that stand for attachments.
static void write_message(struct chat *chat, const struct message *message) {
    const struct json *payload = &chat->messages.payload;
    struct buf *body = chat->members.body;
    if (message->node == 0) {
        chat_role_content(chat, message, write_part);
        return;
    }
    if (!refers(chat, message)) {
        buf_slice_add(body, json_raw(payload, message->node));
        return;
    }
    const char *comma = "{";
    for (uint32_t i = json_first(payload, message->node); i;
         i = json_after(payload, message->node, i)) {
        buf_text(body, comma);
        buf_slice_add(body, json_raw(payload, i));
        buf_char(body, ':');
        if (i + 1 == message->parts) {
            buf_char(body, '[');
            chat_parts(chat, message, write_part);
            buf_char(body, ']');
        } else {
            buf_slice_add(body, json_raw(payload, i + 1));
        }
        comma = ",";
    }
    buf_char(body, '}');
}

static void write_messages(struct chat *chat) {
    const struct messages *messages = &chat->messages;
    if (!members_add(&chat->members, "messages")) {
        return;
    }
    bool made = messages->form == MESSAGES_MADE || messages->form == MESSAGES_TEXT;
    if (!made && messages->request->attachment_count == 0) {
        buf_slice_add(chat->members.body, json_raw(&messages->payload, messages->list));
    } else {
        chat_messages(chat, CHAT_ALL, write_message);
    }
}

// --- the body

static bool is_body(const struct chat *chat) {
    return chat->messages.form == MESSAGES_BODY;
}

// The payload's own limit on output stands when it is the lower one.
static bool has_lower_limit(const struct json *payload, uint32_t most) {
    static const char *const names[] = {"max_completion_tokens", "max_tokens"};
    bool lower = false;
    for (size_t i = 0; i < 2; i++) {
        int64_t tokens;
        uint32_t node = json_get(payload, 0, names[i]);
        if (node == 0) {
            continue;
        }
        if (!json_integer(payload, node, &tokens) || tokens < 1 || tokens > most) {
            return false;
        }
        lower = true;
    }
    return lower;
}

// The limit on output is the model's, not the payload's.
static bool limits(const struct chat *chat) {
    uint32_t most = chat->messages.request->model->max_tokens;
    return most > 0 && !(is_body(chat) && has_lower_limit(&chat->messages.payload, most));
}

static void write_tokens(struct chat *chat) {
    if (limits(chat) && !members_extra_has(&chat->members, "max_tokens")) {
        chat_limit(chat, "max_completion_tokens", chat->messages.request->model->max_tokens);
    }
}

static void write_samples(const struct model *model, struct members *members) {
    if (members_add(members, "n")) {
        buf_printf(members->body, "%u", model->samples);
    }
}

static void write_logprobs(const struct model *model, struct members *members) {
    if (members_add(members, "logprobs")) {
        buf_text(members->body, "true");
    }
    if (model->top_logprobs > 0 && members_add(members, "top_logprobs")) {
        buf_printf(members->body, "%u", model->top_logprobs);
    }
}

static void write_format(struct chat *chat) {
    const struct answer_form *form = &chat->messages.request->path->answer;
    struct buf *body = chat->members.body;
    bool own = is_body(chat) && json_get(&chat->messages.payload, 0, "response_format");
    if (schema_applies(form) && !own && members_add(&chat->members, "response_format")) {
        buf_printf(body, "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\","
                   "\"strict\":%s,\"schema\":", schema_is_strict(form) ? "true" : "false");
        schema_write(body, form, SCHEMA_OPENAI,
                     chat->messages.request->model->confidence == CONFIDENCE_FIELD);
        buf_text(body, "}}");
    }
}

// The members of a payload that is a request body, but for those that are ours to say.
static void write_rest(struct chat *chat) {
    const char *but[9] = {"model", "messages", "stream", "stream_options"};
    size_t count = 4;
    if (chat->messages.request->model->confidence == CONFIDENCE_LOGPROB) {
        but[count++] = "logprobs";
        but[count++] = "top_logprobs";
    }
    if (chat->messages.request->model->confidence == CONFIDENCE_AGREEMENT) {
        but[count++] = "n";
    }
    if (limits(chat)) {
        but[count++] = "max_completion_tokens";
        but[count++] = "max_tokens";
    }
    if (is_body(chat)) {
        members_copy(&chat->members, &chat->messages.payload, 0, but);
    }
}

static void write_body(struct chat *chat) {
    const struct model *model = chat->messages.request->model;
    chat_model(chat);
    write_messages(chat);
    write_tokens(chat);
    if (model->confidence == CONFIDENCE_LOGPROB) {
        write_logprobs(model, &chat->members);
    }
    if (model->confidence == CONFIDENCE_AGREEMENT) {
        write_samples(model, &chat->members);
    }
    write_format(chat);
    write_rest(chat);
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    static const struct chat_form form = {NULL, write_body};
    return chat_build(request, &form, body, err);
}

const struct dialect openai_chat_dialect = {
    .name = "openai_chat",
    .build = build,
    .read = openai_chat_read,
    .key_header = "Authorization: Bearer ",
    .logprobs = true,
    .samples = true,
    .parts = true,
};
