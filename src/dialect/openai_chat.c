#include "dialect/openai_chat.h"

#include "dialect/members.h"

// What of a payload that is an object is ours to say.
static const char *const never[] = {"model", "messages", "stream", "stream_options", NULL};

// --- messages

static void text_message(struct buf *body, const char *role, struct slice text) {
    buf_printf(body, "{\"role\":\"%s\",\"content\":", role);
    buf_json_string(body, text);
    buf_char(body, '}');
}

static void ask_labels(struct buf *text, const struct answer_field *field) {
    for (uint32_t i = 0; i < field->label_count; i++) {
        buf_printf(text, "%s%s", i ? ", " : "", field->labels[i]);
    }
}

static void ask_fields(struct buf *text, const struct answer_form *form) {
    buf_text(text, "Judge the user's input. Answer with one JSON object and nothing else. "
                   "Its members:");
    for (uint32_t i = 0; i < form->field_count; i++) {
        const struct answer_field *field = &form->fields[i];
        buf_printf(text, "\n- %s%s: ", field->name, field->optional ? " (may be left out)" : "");
        buf_text(text, field->label_count ? "exactly one of " : "any value");
        ask_labels(text, field);
    }
}

static void ask(struct buf *text, const struct answer_form *form) {
    const struct answer_field *field = form->fields;
    if (form->field_count == 0 || (!field->name && field->label_count == 0)) {
        buf_text(text, "Answer the user's input. Give the answer alone, nothing around it.");
    } else if (field->name == NULL) {
        buf_text(text, "Judge the user's input. Answer with exactly one of these labels, spelled "
                       "as here, and nothing else: ");
        ask_labels(text, field);
    } else {
        ask_fields(text, form);
    }
}

static void default_messages(const struct request *request, const struct json *payload,
                             struct members *members) {
    struct buf system = {0};
    struct slice input = json_type(payload, 0) == JSON_STRING
                             ? json_string(payload, 0, members->arena)
                             : json_raw(payload, 0);
    ask(&system, &request->path->answer);
    buf_char(members->body, '[');
    text_message(members->body, "system", buf_slice(&system));
    buf_char(members->body, ',');
    text_message(members->body, "user", input);
    buf_char(members->body, ']');
    buf_fini(&system);
}

static bool is_messages(const struct json *payload, uint32_t node) {
    uint32_t first = json_at(payload, node, 0);
    return first && json_type(payload, first) == JSON_OBJECT;
}

// *node: the messages of a payload that is a request body; 0: it is none.
static bool find_messages(const struct request *request, const struct json *payload,
                          uint32_t *node, struct err *err) {
    enum json_type type = json_type(payload, 0);
    uint32_t messages = json_get(payload, 0, "messages");
    *node = messages && is_messages(payload, messages) ? messages : 0;
    if (!request->prompted || *node || type == JSON_STRING || is_messages(payload, 0)) {
        return true;
    }
    return err_poison(err, "the prompt made %s; a string, an array of messages or an object with "
                      "such `messages` is needed", json_type_name(type));
}

static void write_messages(const struct request *request, const struct json *payload,
                           uint32_t node, struct members *members) {
    if (!members_add(members, "messages")) {
        return;
    }
    if (node) {
        buf_slice_add(members->body, json_raw(payload, node));
    } else if (!request->prompted) {
        default_messages(request, payload, members);
    } else if (json_type(payload, 0) == JSON_ARRAY) {
        buf_slice_add(members->body, json_raw(payload, 0));
    } else {
        buf_char(members->body, '[');
        text_message(members->body, "user", json_string(payload, 0, members->arena));
        buf_char(members->body, ']');
    }
}

// --- response_format

static void field_schema(struct buf *body, const struct answer_field *field) {
    buf_json_string(body, slice_of(field->name));
    if (field->label_count == 0) {
        buf_text(body, ":{}");
        return;
    }
    buf_text(body, field->optional ? ":{\"type\":[\"string\",\"null\"],\"enum\":["
                                   : ":{\"type\":\"string\",\"enum\":[");
    for (uint32_t i = 0; i < field->label_count; i++) {
        buf_text(body, i ? "," : "");
        buf_json_string(body, slice_of(field->labels[i]));
    }
    buf_text(body, field->optional ? ",null]}" : "]}");
}

// OpenAI's strict mode wants every member required and typed, so a field of any value, which has no
// type, makes the schema a loose one.
static bool is_strict(const struct answer_form *form) {
    for (uint32_t i = 0; i < form->field_count; i++) {
        if (form->fields[i].label_count == 0) {
            return false;
        }
    }
    return true;
}

static void answer_schema(struct buf *body, const struct answer_form *form) {
    bool strict = is_strict(form);
    const char *comma = "";
    buf_printf(body, "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":%s,"
               "\"schema\":{\"type\":\"object\",\"properties\":{", strict ? "true" : "false");
    for (uint32_t i = 0; i < form->field_count; i++) {
        buf_text(body, i ? "," : "");
        field_schema(body, &form->fields[i]);
    }
    buf_text(body, "},\"required\":[");
    for (uint32_t i = 0; i < form->field_count; i++) {
        if (strict || !form->fields[i].optional) {
            buf_text(body, comma);
            buf_json_string(body, slice_of(form->fields[i].name));
            comma = ",";
        }
    }
    buf_text(body, "],\"additionalProperties\":false}}}");
}

// --- the body

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

static void write_tokens(const struct request *request, const struct json *payload,
                         struct members *members) {
    uint32_t most = request->model->max_tokens;
    if (most > 0 && !has_lower_limit(payload, most) && !members_extra_has(members, "max_tokens") &&
        members_add(members, "max_completion_tokens")) {
        buf_printf(members->body, "%u", most);
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

static void write_rest(const struct request *request, const struct json *payload,
                       struct members *members) {
    const char *but[16];
    size_t count = 0;
    for (; never[count]; count++) {
        but[count] = never[count];
    }
    if (request->model->confidence == CONFIDENCE_LOGPROB) {
        but[count++] = "logprobs";
        but[count++] = "top_logprobs";
    }
    if (request->model->max_tokens > 0 && !has_lower_limit(payload, request->model->max_tokens)) {
        but[count++] = "max_completion_tokens";
        but[count++] = "max_tokens";
    }
    but[count] = NULL;
    members_copy(members, payload, but);
}

static void write_body(const struct request *request, const struct json *payload, uint32_t messages,
                       struct members *members) {
    const struct model *model = request->model;
    const struct answer_form *form = &request->path->answer;
    if (model->model && members_add(members, "model")) {
        buf_json_string(members->body, slice_of(model->model));
    }
    write_messages(request, payload, messages, members);
    write_tokens(request, payload, members);
    if (model->confidence == CONFIDENCE_LOGPROB) {
        write_logprobs(model, members);
    }
    bool own_format = messages && json_get(payload, 0, "response_format");
    if (form->field_count > 0 && form->fields[0].name && !own_format &&
        members_add(members, "response_format")) {
        answer_schema(members->body, form);
    }
    if (messages) {
        write_rest(request, payload, members);
    }
    members_close(members);
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct json payload;
    uint32_t messages;
    arena_init(&arena, &pool);
    struct members members = {.body = body, .arena = &arena};
    bool ok = json_parse(&payload, request->payload, &json_default_limits, &arena, err) &&
              find_messages(request, &payload, &messages, err) &&
              members_open(&members, request->model->extra, err);
    if (ok) {
        write_body(request, &payload, messages, &members);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok;
}

const struct dialect openai_chat_dialect = {
    .name = "openai_chat",
    .build = build,
    .read = openai_chat_read,
    .key_header = "Authorization: Bearer ",
};
