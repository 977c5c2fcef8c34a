#include "dialect/gemini.h"

#include "dialect/members.h"
#include "dialect/messages.h"
#include "dialect/schema.h"

struct draft {
    struct messages messages;
    struct members members;
};

// --- contents

static void text_part(struct buf *body, struct slice text) {
    buf_text(body, "{\"text\":");
    buf_json_string(body, text);
    buf_char(body, '}');
}

static void write_part(const struct messages *messages, uint32_t node, struct buf *body) {
    struct part part;
    part_read(&messages->payload, node, messages->arena, &part);
    switch (part.kind) {
    case PART_TEXT:
        text_part(body, part.text);
        break;
    case PART_IMAGE_DATA:
        buf_text(body, "{\"inlineData\":{\"mimeType\":");
        buf_json_string(body, part.media_type);
        buf_text(body, ",\"data\":");
        buf_json_string(body, part.text);
        buf_text(body, "}}");
        break;
    case PART_IMAGE_URL:
        buf_text(body, "{\"fileData\":{\"fileUri\":");
        buf_json_string(body, part.text);
        buf_text(body, "}}");
        break;
    case PART_RAW:
        buf_slice_add(body, json_raw(&messages->payload, node));
        break;
    }
}

static void write_parts(const struct messages *messages, const struct message *message,
                        struct buf *body, const char **comma) {
    const struct json *payload = &messages->payload;
    if (message->text.at) {
        buf_text(body, *comma);
        text_part(body, message->text);
        *comma = ",";
        return;
    }
    for (uint32_t i = message->parts ? json_first(payload, message->parts) : 0; i;
         i = json_after(payload, message->parts, i)) {
        buf_text(body, *comma);
        write_part(messages, i, body);
        *comma = ",";
    }
}

static void write_content(const struct messages *messages, const struct message *message,
                          struct buf *body) {
    const char *comma = "";
    if (message->text.at == NULL && message->parts == 0) {  // a content of its own: parts
        buf_slice_add(body, json_raw(&messages->payload, message->node));
        return;
    }
    buf_printf(body, "{\"role\":\"%s\",\"parts\":[",
               slice_is(message->role, "assistant") ? "model" : "user");
    write_parts(messages, message, body, &comma);
    buf_text(body, "]}");
}

static void write_contents(struct draft *draft) {
    const struct messages *messages = &draft->messages;
    struct buf *body = draft->members.body;
    struct message message;
    const char *comma = "";
    if (!members_add(&draft->members, "contents")) {
        return;
    }
    if (messages->form == MESSAGES_NATIVE) {
        buf_slice_add(body, json_raw(&messages->payload, messages->list));
        return;
    }
    buf_char(body, '[');
    for (uint32_t place = 0; messages_next(messages, &place, &message);) {
        if (!message_is_system(&message)) {
            buf_text(body, comma);
            write_content(messages, &message, body);
            comma = ",";
        }
    }
    buf_char(body, ']');
}

static void write_system(struct draft *draft) {
    struct buf *body = draft->members.body;
    struct message message;
    const char *comma = "";
    bool any = false;
    for (uint32_t place = 0; !any && messages_next(&draft->messages, &place, &message);) {
        any = message_is_system(&message);
    }
    if (!any || !members_add(&draft->members, "systemInstruction")) {
        return;
    }
    buf_text(body, "{\"parts\":[");
    for (uint32_t place = 0; messages_next(&draft->messages, &place, &message);) {
        if (message_is_system(&message)) {
            write_parts(&draft->messages, &message, body, &comma);
        }
    }
    buf_text(body, "]}");
}

// --- generationConfig

static void write_format(const struct draft *draft, struct members *config, uint32_t own) {
    static const char *const schemas[] = {"responseSchema", "responseJsonSchema",
                                          "responseFormat"};
    const struct answer_form *form = &draft->messages.request->path->answer;
    bool theirs = !schema_applies(form);
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        theirs |= members_extra_has(config, schemas[i]) ||
                  (own && json_get(&draft->messages.payload, own, schemas[i]));
    }
    if (theirs) {
        return;
    }
    if (!(own && json_get(&draft->messages.payload, own, "responseMimeType")) &&
        members_add(config, "responseMimeType")) {
        buf_text(config->body, "\"application/json\"");
    }
    if (members_add(config, "responseJsonSchema")) {
        schema_write(config->body, form, SCHEMA_TYPED,
                     draft->messages.request->model->confidence == CONFIDENCE_FIELD);
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
static void write_sampling(const struct draft *draft, struct members *config) {
    static const char *const names[][2] = {
        {"temperature", "temperature"}, {"top_p", "topP"}, {"seed", "seed"}};
    const struct json *payload = &draft->messages.payload;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint32_t value = json_get(payload, 0, names[i][0]);
        if (draft->messages.form == MESSAGES_BODY && value && members_add(config, names[i][1])) {
            buf_slice_add(config->body, json_raw(payload, value));
        }
    }
}

// A body's own generationConfig; 0: none.
static uint32_t own_config(const struct draft *draft) {
    const struct json *payload = &draft->messages.payload;
    uint32_t own = draft->messages.form == MESSAGES_NATIVE
                       ? json_get(payload, 0, "generationConfig")
                       : 0;
    return own && json_type(payload, own) == JSON_OBJECT ? own : 0;
}

// Its limit stands where it is the lower one.
static uint32_t limit_of(const struct draft *draft, uint32_t own) {
    int64_t tokens;
    uint32_t most = messages_limit(&draft->messages, draft->messages.request->model->max_tokens);
    uint32_t node = own ? json_get(&draft->messages.payload, own, "maxOutputTokens") : 0;
    if (node && json_integer(&draft->messages.payload, node, &tokens) && tokens > 0 &&
        tokens < (most ? most : UINT32_MAX)) {
        return (uint32_t)tokens;
    }
    return most;
}

static void write_config(struct draft *draft) {
    const struct model *model = draft->messages.request->model;
    const struct json *payload = &draft->messages.payload;
    bool logprobs = model->confidence == CONFIDENCE_LOGPROB;
    const char *but[4] = {0};
    size_t count = 0;
    struct members config;
    uint32_t own = own_config(draft);
    uint32_t limit = limit_of(draft, own);
    if (!members_enter(&draft->members, "generationConfig", &config)) {
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
    write_format(draft, &config, own);
    write_sampling(draft, &config);
    if (own) {
        members_copy(&config, payload, own, but);
    }
    members_close(&config);
}

// --- the body

static void write_body(struct draft *draft) {
    static const char *const but[] = {"contents", "model", NULL};
    write_system(draft);
    write_contents(draft);
    write_config(draft);
    if (draft->messages.form == MESSAGES_NATIVE) {
        members_copy(&draft->members, &draft->messages.payload, 0, but);
    }
    members_close(&draft->members);
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct draft draft = {.members = {.body = body, .arena = &arena}};
    arena_init(&arena, &pool);
    bool ok = messages_find(&draft.messages, request, "contents", &arena, err) &&
              members_open(&draft.members, request->model->extra, err);
    if (ok) {
        write_body(&draft);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok;
}

const struct dialect gemini_dialect = {
    .name = "gemini",
    .build = build,
    .read = gemini_read,
    .key_header = "x-goog-api-key: ",
    .logprobs = true,
    .samples = true,
};
