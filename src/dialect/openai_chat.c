#include "dialect/openai_chat.h"

#include "dialect/members.h"

// A request on its way into bytes.
struct draft {
    const struct request *request;
    struct json payload;
    uint32_t messages;  // the payload's, which is a request body then; 0: it is none
    bool limits;        // the limit on output is the model's, not the payload's
    struct members members;
};

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

static bool find_messages(struct draft *draft, struct err *err) {
    const struct json *payload = &draft->payload;
    enum json_type type = json_type(payload, 0);
    uint32_t messages = json_get(payload, 0, "messages");
    draft->messages = messages && is_messages(payload, messages) ? messages : 0;
    if (!draft->request->prompted || draft->messages || type == JSON_STRING ||
        is_messages(payload, 0)) {
        return true;
    }
    return err_poison(err, "the prompt made %s; a string, an array of messages or an object with "
                      "such `messages` is needed", json_type_name(type));
}

static void write_messages(struct draft *draft) {
    struct members *members = &draft->members;
    const struct json *payload = &draft->payload;
    if (!members_add(members, "messages")) {
        return;
    }
    if (draft->messages) {
        buf_slice_add(members->body, json_raw(payload, draft->messages));
    } else if (!draft->request->prompted) {
        default_messages(draft->request, payload, members);
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

static void write_tokens(struct draft *draft) {
    uint32_t most = draft->request->model->max_tokens;
    draft->limits = most > 0 && !(draft->messages && has_lower_limit(&draft->payload, most));
    if (draft->limits && !members_extra_has(&draft->members, "max_tokens") &&
        members_add(&draft->members, "max_completion_tokens")) {
        buf_printf(draft->members.body, "%u", most);
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

static void write_format(struct draft *draft) {
    const struct answer_form *form = &draft->request->path->answer;
    bool own = draft->messages && json_get(&draft->payload, 0, "response_format");
    if (form->field_count > 0 && form->fields[0].name && !own &&
        members_add(&draft->members, "response_format")) {
        answer_schema(draft->members.body, form);
    }
}

// The members of a payload that is a request body, but for those that are ours to say.
static void write_rest(struct draft *draft) {
    const char *but[9] = {"model", "messages", "stream", "stream_options"};
    size_t count = 4;
    if (draft->request->model->confidence == CONFIDENCE_LOGPROB) {
        but[count++] = "logprobs";
        but[count++] = "top_logprobs";
    }
    if (draft->limits) {
        but[count++] = "max_completion_tokens";
        but[count++] = "max_tokens";
    }
    if (draft->messages) {
        members_copy(&draft->members, &draft->payload, but);
    }
}

static void write_body(struct draft *draft) {
    const struct model *model = draft->request->model;
    if (model->model && members_add(&draft->members, "model")) {
        buf_json_string(draft->members.body, slice_of(model->model));
    }
    write_messages(draft);
    write_tokens(draft);
    if (model->confidence == CONFIDENCE_LOGPROB) {
        write_logprobs(model, &draft->members);
    }
    write_format(draft);
    write_rest(draft);
    members_close(&draft->members);
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct draft draft = {.request = request, .members = {.body = body, .arena = &arena}};
    arena_init(&arena, &pool);
    bool ok = json_parse(&draft.payload, request->payload, &json_default_limits, &arena, err) &&
              find_messages(&draft, err) &&
              members_open(&draft.members, request->model->extra, err);
    if (ok) {
        write_body(&draft);
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
    .logprobs = true,
};
