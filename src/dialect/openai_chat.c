#include "dialect/openai_chat.h"

#include "dialect/members.h"
#include "dialect/messages.h"
#include "dialect/schema.h"

// A request on its way into bytes.
struct draft {
    struct messages messages;
    bool limits;  // the limit on output is the model's, not the payload's
    struct members members;
};

// --- messages

static void text_message(struct buf *body, struct slice role, struct slice text) {
    buf_text(body, "{\"role\":");
    buf_json_string(body, role);
    buf_text(body, ",\"content\":");
    buf_json_string(body, text);
    buf_char(body, '}');
}

static void write_messages(struct draft *draft) {
    const struct messages *messages = &draft->messages;
    struct buf *body = draft->members.body;
    struct message message;
    if (!members_add(&draft->members, "messages")) {
        return;
    }
    if (messages->form == MESSAGES_LIST || messages->form == MESSAGES_BODY) {
        buf_slice_add(body, json_raw(&messages->payload, messages->list));
        return;
    }
    buf_char(body, '[');
    for (uint32_t place = 0; messages_next(messages, &place, &message);) {
        buf_text(body, place > 1 ? "," : "");
        text_message(body, message.role, message.text);
    }
    buf_char(body, ']');
}

// --- the body

static bool is_body(const struct draft *draft) {
    return draft->messages.form == MESSAGES_BODY;
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

static void write_tokens(struct draft *draft) {
    uint32_t most = draft->messages.request->model->max_tokens;
    bool lower = is_body(draft) && has_lower_limit(&draft->messages.payload, most);
    draft->limits = most > 0 && !lower;
    if (draft->limits && !members_extra_has(&draft->members, "max_tokens") &&
        members_add(&draft->members, "max_completion_tokens")) {
        buf_printf(draft->members.body, "%u", most);
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

static void write_format(struct draft *draft) {
    const struct answer_form *form = &draft->messages.request->path->answer;
    struct buf *body = draft->members.body;
    bool own = is_body(draft) && json_get(&draft->messages.payload, 0, "response_format");
    if (schema_applies(form) && !own && members_add(&draft->members, "response_format")) {
        buf_printf(body, "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\","
                   "\"strict\":%s,\"schema\":", schema_is_strict(form) ? "true" : "false");
        schema_write(body, form, SCHEMA_OPENAI,
                     draft->messages.request->model->confidence == CONFIDENCE_FIELD);
        buf_text(body, "}}");
    }
}

// The members of a payload that is a request body, but for those that are ours to say.
static void write_rest(struct draft *draft) {
    const char *but[9] = {"model", "messages", "stream", "stream_options"};
    size_t count = 4;
    if (draft->messages.request->model->confidence == CONFIDENCE_LOGPROB) {
        but[count++] = "logprobs";
        but[count++] = "top_logprobs";
    }
    if (draft->messages.request->model->confidence == CONFIDENCE_AGREEMENT) {
        but[count++] = "n";
    }
    if (draft->limits) {
        but[count++] = "max_completion_tokens";
        but[count++] = "max_tokens";
    }
    if (is_body(draft)) {
        members_copy(&draft->members, &draft->messages.payload, 0, but);
    }
}

static void write_body(struct draft *draft) {
    const struct model *model = draft->messages.request->model;
    if (model->model && members_add(&draft->members, "model")) {
        buf_json_string(draft->members.body, slice_of(model->model));
    }
    write_messages(draft);
    write_tokens(draft);
    if (model->confidence == CONFIDENCE_LOGPROB) {
        write_logprobs(model, &draft->members);
    }
    if (model->confidence == CONFIDENCE_AGREEMENT) {
        write_samples(model, &draft->members);
    }
    write_format(draft);
    write_rest(draft);
    members_close(&draft->members);
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

const struct dialect openai_chat_dialect = {
    .name = "openai_chat",
    .build = build,
    .read = openai_chat_read,
    .key_header = "Authorization: Bearer ",
    .logprobs = true,
    .samples = true,
};
