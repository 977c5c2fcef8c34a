#include "dialect/gemini.h"

#include "dialect/chat.h"
#include "dialect/schema.h"

// --- contents

static void write_part(struct chat *chat, const struct message *message, const struct part *part) {
    struct buf *body = chat->members.body;
    (void)message;
    switch (part->kind) {
    case PART_TEXT:
        buf_text(body, "{\"text\":");
        buf_json_string(body, part->text);
        buf_char(body, '}');
        break;
    case PART_DATA:
    case PART_ATTACHMENT:
        buf_text(body, "{\"inlineData\":{\"mimeType\":");
        buf_json_string(body, part->media_type);
        buf_text(body, ",\"data\":");
        chat_data(chat, part);
        buf_text(body, "}}");
        break;
    case PART_IMAGE_URL:
        buf_text(body, "{\"fileData\":{\"fileUri\":");
        buf_json_string(body, part->text);
        buf_text(body, "}}");
        break;
    case PART_RAW:
        buf_slice_add(body, json_raw(&chat->messages.payload, part->node));
        break;
    }
}

static void write_content(struct chat *chat, const struct message *message) {
    struct buf *body = chat->members.body;
    if (message->text.at == NULL && message->parts == 0) {  // a content of its own: parts
        buf_slice_add(body, json_raw(&chat->messages.payload, message->node));
        return;
    }
    buf_printf(body, "{\"role\":\"%s\",\"parts\":[",
               slice_is(message->role, "assistant") ? "model" : "user");
    chat_parts(chat, message, write_part);
    buf_text(body, "]}");
}

static void write_contents(struct chat *chat) {
    const struct messages *messages = &chat->messages;
    if (!members_add(&chat->members, "contents")) {
        return;
    }
    if (messages->form == MESSAGES_NATIVE) {
        buf_slice_add(chat->members.body, json_raw(&messages->payload, messages->list));
    } else {
        chat_messages(chat, CHAT_TALK, write_content);
    }
}

static void write_system(struct chat *chat) {
    if (chat_has(chat, CHAT_SYSTEM) && members_add(&chat->members, "systemInstruction")) {
        buf_text(chat->members.body, "{\"parts\":");
        chat_all_parts(chat, CHAT_SYSTEM, write_part);
        buf_char(chat->members.body, '}');
    }
}

// --- generationConfig

static void write_format(const struct chat *chat, struct members *config, uint32_t own) {
    static const char *const schemas[] = {"responseSchema", "responseJsonSchema",
                                          "responseFormat"};
    const struct answer_form *form = &chat->messages.request->path->answer;
    bool theirs = !schema_applies(form);
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        theirs |= members_extra_has(config, schemas[i]) ||
                  (own && json_get(&chat->messages.payload, own, schemas[i]));
    }
    if (theirs) {
        return;
    }
    if (!(own && json_get(&chat->messages.payload, own, "responseMimeType")) &&
        members_add(config, "responseMimeType")) {
        buf_text(config->body, "\"application/json\"");
    }
    if (members_add(config, "responseJsonSchema")) {
        schema_write(config->body, form, SCHEMA_TYPED,
                     chat->messages.request->model->confidence == CONFIDENCE_FIELD);
    }
}

static void write_limit(uint32_t limit, struct members *config) {
    if (members_add(config, "maxOutputTokens")) {
        buf_printf(config->body, "%u", limit);
    }
}

static void write_samples(const struct model *model, struct members *config) {
    if (members_add(config, "candidateCount")) {
        buf_printf(config->body, "%u", model->samples);
    }
}

static void write_logprobs(const struct model *model, struct members *config) {
    if (members_add(config, "responseLogprobs")) {
        buf_text(config->body, "true");
    }
    if (model->top_logprobs > 0 && members_add(config, "logprobs")) {
        buf_printf(config->body, "%u", model->top_logprobs);
    }
}

// What a chat body says of sampling; its names are in two words there, in one here.
static void write_sampling(const struct chat *chat, struct members *config) {
    static const char *const names[][2] = {
        {"temperature", "temperature"}, {"top_p", "topP"}, {"seed", "seed"}};
    const struct json *payload = &chat->messages.payload;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint32_t value = json_get(payload, 0, names[i][0]);
        if (chat->messages.form == MESSAGES_BODY && value && members_add(config, names[i][1])) {
            buf_slice_add(config->body, json_raw(payload, value));
        }
    }
}

// A body's own generationConfig; 0: none.
static uint32_t own_config(const struct chat *chat) {
    const struct json *payload = &chat->messages.payload;
    uint32_t own = chat->messages.form == MESSAGES_NATIVE
                       ? json_get(payload, 0, "generationConfig")
                       : 0;
    return own && json_type(payload, own) == JSON_OBJECT ? own : 0;
}

// Its limit stands where it is the lower one.
static uint32_t limit_of(const struct chat *chat, uint32_t own) {
    int64_t tokens;
    uint32_t most = messages_limit(&chat->messages, chat->messages.request->model->max_tokens);
    uint32_t node = own ? json_get(&chat->messages.payload, own, "maxOutputTokens") : 0;
    if (node && json_integer(&chat->messages.payload, node, &tokens) && tokens > 0 &&
        tokens < (most ? most : UINT32_MAX)) {
        return (uint32_t)tokens;
    }
    return most;
}

static void write_config(struct chat *chat) {
    const struct model *model = chat->messages.request->model;
    const struct json *payload = &chat->messages.payload;
    bool logprobs = model->confidence == CONFIDENCE_LOGPROB;
    const char *but[4] = {0};
    size_t count = 0;
    struct members config;
    uint32_t own = own_config(chat);
    uint32_t limit = limit_of(chat, own);
    if (!members_enter(&chat->members, "generationConfig", &config)) {
        return;
    }
    if (limit > 0) {
        but[count++] = "maxOutputTokens";
        write_limit(limit, &config);
    }
    if (logprobs) {
        but[count++] = "responseLogprobs";
        but[count++] = "logprobs";
        write_logprobs(model, &config);
    }
    if (model->confidence == CONFIDENCE_AGREEMENT) {
        but[count++] = "candidateCount";
        write_samples(model, &config);
    }
    write_format(chat, &config, own);
    write_sampling(chat, &config);
    if (own) {
        members_copy(&config, payload, own, but);
    }
    members_close(&config);
}

// --- the body

static void write_body(struct chat *chat) {
    static const char *const but[] = {"contents", "model", NULL};
    write_system(chat);
    write_contents(chat);
    write_config(chat);
    if (chat->messages.form == MESSAGES_NATIVE) {
        members_copy(&chat->members, &chat->messages.payload, 0, but);
    }
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    static const struct chat_form form = {"contents", write_body};
    return chat_build(request, &form, body, err);
}

const struct dialect gemini_dialect = {
    .name = "gemini",
    .build = build,
    .read = gemini_read,
    .key_header = "x-goog-api-key: ",
    .logprobs = true,
    .samples = true,
    .parts = true,
};
