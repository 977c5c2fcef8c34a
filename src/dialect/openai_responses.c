#include "dialect/openai_responses.h"

#include "dialect/members.h"
#include "dialect/messages.h"
#include "dialect/schema.h"

struct draft {
    struct messages messages;
    struct members members;
};

// --- input

static void write_part(const struct messages *messages, uint32_t node, bool assistant,
                       struct buf *body) {
    struct part part;
    part_read(&messages->payload, node, messages->arena, &part);
    switch (part.kind) {
    case PART_TEXT:
        buf_text(body, assistant ? "{\"type\":\"output_text\",\"text\":"
                                 : "{\"type\":\"input_text\",\"text\":");
        buf_json_string(body, part.text);
        buf_char(body, '}');
        break;
    case PART_IMAGE_DATA:
    case PART_IMAGE_URL: {
        // Both kinds are a URL here, as they came.
        uint32_t image = json_get(&messages->payload, node, "image_url");
        uint32_t url = json_get(&messages->payload, image, "url");
        buf_text(body, "{\"type\":\"input_image\",\"image_url\":");
        buf_slice_add(body, json_raw(&messages->payload, url ? url : image));
        buf_char(body, '}');
        break;
    }
    case PART_RAW:
        buf_slice_add(body, json_raw(&messages->payload, node));
        break;
    }
}

static void write_parts(const struct messages *messages, const struct message *message,
                        struct buf *body) {
    const struct json *payload = &messages->payload;
    bool assistant = slice_is(message->role, "assistant");
    const char *comma = "";
    buf_char(body, '[');
    for (uint32_t i = json_first(payload, message->parts); i;
         i = json_after(payload, message->parts, i)) {
        buf_text(body, comma);
        write_part(messages, i, assistant, body);
        comma = ",";
    }
    buf_char(body, ']');
}

// What has no role, or no content, is an item of its own kind: a call, its output.
static void write_item(const struct messages *messages, const struct message *message,
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
        write_parts(messages, message, body);
    }
    buf_char(body, '}');
}

static void write_input(struct draft *draft) {
    const struct messages *messages = &draft->messages;
    struct buf *body = draft->members.body;
    struct message message;
    const char *comma = "";
    if (!members_add(&draft->members, "input")) {
        return;
    }
    if (messages->form == MESSAGES_NATIVE) {
        buf_slice_add(body, json_raw(&messages->payload, messages->list));
        return;
    }
    buf_char(body, '[');
    for (uint32_t place = 0; messages_next(messages, &place, &message);) {
        buf_text(body, comma);
        write_item(messages, &message, body);
        comma = ",";
    }
    buf_char(body, ']');
}

// --- the other members

// `text` holds more than the format, verbosity for one, so what extra and a body of the dialect's
// own have there is kept beside it.
static void write_text(struct draft *draft) {
    static const char *const none[] = {NULL};
    const struct messages *messages = &draft->messages;
    const struct answer_form *form = &messages->request->path->answer;
    struct buf *body = draft->members.body;
    struct members text;
    uint32_t own = messages->form == MESSAGES_NATIVE ? json_get(&messages->payload, 0, "text") : 0;
    bool format = own && json_get(&messages->payload, own, "format");
    if (!schema_applies(form) || !members_enter(&draft->members, "text", &text)) {
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
static void write_rest(struct draft *draft, uint32_t limit) {
    static const char *const same[] = {"temperature", "top_p", "user", "metadata", NULL};
    const char *but[10] = {"model", "input", "messages", "stream", "stream_options", "background"};
    size_t count = 6;
    if (draft->messages.request->model->confidence == CONFIDENCE_LOGPROB) {
        but[count++] = "include";
        but[count++] = "top_logprobs";
    }
    if (limit > 0) {
        but[count++] = "max_output_tokens";
    }
    if (draft->messages.form == MESSAGES_NATIVE) {
        members_copy(&draft->members, &draft->messages.payload, 0, but);
    } else if (draft->messages.form == MESSAGES_BODY) {
        members_copy_only(&draft->members, &draft->messages.payload, same);
    }
}

static void write_body(struct draft *draft) {
    const struct model *model = draft->messages.request->model;
    uint32_t limit = messages_limit(&draft->messages, model->max_tokens);
    struct members *members = &draft->members;
    if (model->model && members_add(members, "model")) {
        buf_json_string(members->body, slice_of(model->model));
    }
    write_input(draft);
    if (members_add(members, "store")) {
        buf_text(members->body, "false");
    }
    if (limit > 0 && members_add(members, "max_output_tokens")) {
        buf_printf(members->body, "%u", limit);
    }
    if (model->confidence == CONFIDENCE_LOGPROB) {
        write_logprobs(model, members);
    }
    write_text(draft);
    write_rest(draft, limit);
    members_close(members);
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct draft draft = {.members = {.body = body, .arena = &arena}};
    arena_init(&arena, &pool);
    bool ok = messages_find(&draft.messages, request, "input", &arena, err) &&
              members_open(&draft.members, request->model->extra, err);
    if (ok) {
        write_body(&draft);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok;
}

const struct dialect openai_responses_dialect = {
    .name = "openai_responses",
    .build = build,
    .read = openai_responses_read,
    .key_header = "Authorization: Bearer ",
    .logprobs = true,
};
