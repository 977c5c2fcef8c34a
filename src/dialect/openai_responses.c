#include "dialect/openai_responses.h"

#include "dialect/chat.h"
#include "dialect/schema.h"

// --- input

static void write_data(struct chat *chat, const struct part *part) {
    struct buf *body = chat->members.body;
    if (chat_media(part) == CHAT_IMAGE) {
        buf_text(body, "{\"type\":\"input_image\",\"image_url\":");
    } else {
        buf_text(body, "{\"type\":\"input_file\",\"filename\":");
        chat_name(chat, part);
        buf_text(body, ",\"file_data\":");
    }
    chat_data_url(chat, part);
    buf_char(body, '}');
}

static void write_part(struct chat *chat, const struct message *message, const struct part *part) {
    struct buf *body = chat->members.body;
    const struct json *payload = &chat->messages.payload;
    switch (part->kind) {
    case PART_TEXT:
        buf_text(body, slice_is(message->role, "assistant")
                           ? "{\"type\":\"output_text\",\"text\":"
                           : "{\"type\":\"input_text\",\"text\":");
        buf_json_string(body, part->text);
        buf_char(body, '}');
        break;
    case PART_IMAGE_URL:
        buf_text(body, "{\"type\":\"input_image\",\"image_url\":");
        buf_json_string(body, part->text);
        buf_char(body, '}');
        break;
    case PART_DATA:
    case PART_ATTACHMENT:
        write_data(chat, part);
        break;
    case PART_RAW:
        buf_slice_add(body, json_raw(payload, part->node));
        break;
    }
}

static void write_item(struct chat *chat, const struct message *message) {
    chat_role_content(chat, message, write_part);
}

static void write_input(struct chat *chat) {
    const struct messages *messages = &chat->messages;
    if (!members_add(&chat->members, "input")) {
        return;
    }
    if (messages->form == MESSAGES_NATIVE) {
        buf_slice_add(chat->members.body, json_raw(&messages->payload, messages->list));
    } else {
        chat_messages(chat, CHAT_ALL, write_item);
    }
}

// --- the other members

// `text` holds more than the format, verbosity for one, so what extra and a body of the dialect's
// own have there is kept beside it.
static void write_text(struct chat *chat) {
    static const char *const none[] = {NULL};
    const struct messages *messages = &chat->messages;
    const struct answer_form *form = &messages->request->path->answer;
    struct buf *body = chat->members.body;
    struct members text;
    uint32_t own = messages->form == MESSAGES_NATIVE ? json_get(&messages->payload, 0, "text") : 0;
    bool format = own && json_get(&messages->payload, own, "format");
    if (!schema_applies(form) || !members_enter(&chat->members, "text", &text)) {
        return;
    }
    if (!format && members_add(&text, "format")) {
        buf_printf(body, "{\"type\":\"json_schema\",\"name\":\"answer\",\"strict\":%s,\"schema\":",
                   schema_is_strict(form) ? "true" : "false");
        schema_write(body, form, SCHEMA_OPENAI,
                     messages->request->model->confidence == CONFIDENCE_FIELD);
        buf_char(body, '}');
    }
    if (own && json_type(&messages->payload, own) == JSON_OBJECT) {
        members_copy(&text, &messages->payload, own, none);
    }
    members_close(&text);
}

static void write_logprobs(const struct model *model, struct members *members) {
    if (members_add(members, "include")) {
        buf_text(members->body, "[\"message.output_text.logprobs\"]");
    }
    if (model->top_logprobs > 0 && members_add(members, "top_logprobs")) {
        buf_printf(members->body, "%u", model->top_logprobs);
    }
}

// Of a chat body only what means the same here.
static void write_rest(struct chat *chat, uint32_t limit) {
    static const char *const same[] = {"temperature", "top_p", "user", "metadata", NULL};
    const char *but[10] = {"model", "input", "messages", "stream", "stream_options", "background"};
    size_t count = 6;
    if (chat->messages.request->model->confidence == CONFIDENCE_LOGPROB) {
        but[count++] = "include";
        but[count++] = "top_logprobs";
    }
    if (limit > 0) {
        but[count++] = "max_output_tokens";
    }
    if (chat->messages.form == MESSAGES_NATIVE) {
        members_copy(&chat->members, &chat->messages.payload, 0, but);
    } else if (chat->messages.form == MESSAGES_BODY) {
        members_copy_only(&chat->members, &chat->messages.payload, same);
    }
}

static void write_body(struct chat *chat) {
    const struct model *model = chat->messages.request->model;
    uint32_t limit = messages_limit(&chat->messages, model->max_tokens);
    chat_model(chat);
    write_input(chat);
    if (members_add(&chat->members, "store")) {
        buf_text(chat->members.body, "false");
    }
    chat_limit(chat, "max_output_tokens", limit);
    if (model->confidence == CONFIDENCE_LOGPROB) {
        write_logprobs(model, &chat->members);
    }
    write_text(chat);
    write_rest(chat, limit);
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    static const struct chat_form form = {"input", write_body};
    return chat_build(request, &form, body, err);
}

const struct dialect openai_responses_dialect = {
    .name = "openai_responses",
    .build = build,
    .read = openai_responses_read,
    .key_header = "Authorization: Bearer ",
    .logprobs = true,
    .parts = true,
};
