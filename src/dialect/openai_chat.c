#include "dialect/openai_chat.h"

#include "dialect/chat.h"
#include "dialect/schema.h"

// --- messages

static void write_part(struct chat *chat, const struct message *message, const struct part *part) {
    (void)message;
    buf_slice_add(chat->members.body, json_raw(&chat->messages.payload, part->node));
}

static void write_message(struct chat *chat, const struct message *message) {
    chat_role_content(chat, message, write_part);
}

static void write_messages(struct chat *chat) {
    const struct messages *messages = &chat->messages;
    if (!members_add(&chat->members, "messages")) {
        return;
    }
    if (messages->form == MESSAGES_LIST || messages->form == MESSAGES_BODY) {
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
};
