#include "dialect/chat.h"

// --- the body

bool chat_build(const struct request *request, const struct chat_form *form, struct buf *body,
                struct err *err) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct chat chat = {.members = {.body = body, .arena = &arena}};
    arena_init(&arena, &pool);
    bool ok = messages_find(&chat.messages, request, form->native, &arena, err) &&
              members_open(&chat.members, request->model->extra, err);
    if (ok) {
        form->write(&chat);
        members_close(&chat.members);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok;
}

void chat_model(struct chat *chat) {
    const struct model *model = chat->messages.request->model;
    if (model->model && members_add(&chat->members, "model")) {
        buf_json_string(chat->members.body, slice_of(model->model));
    }
}

void chat_limit(struct chat *chat, const char *member, uint32_t limit) {
    if (limit > 0 && members_add(&chat->members, member)) {
        buf_printf(chat->members.body, "%u", limit);
    }
}

// --- messages

static bool is_of(const struct message *message, enum chat_which which) {
    return which == CHAT_ALL || message_is_system(message) == (which == CHAT_SYSTEM);
}

bool chat_has(const struct chat *chat, enum chat_which which) {
    struct message message;
    for (uint32_t place = 0; messages_next(&chat->messages, &place, &message);) {
        if (is_of(&message, which)) {
            return true;
        }
    }
    return false;
}

void chat_messages(struct chat *chat, enum chat_which which, chat_message_write *write) {
    struct message message;
    const char *comma = "";
    buf_char(chat->members.body, '[');
    for (uint32_t place = 0; messages_next(&chat->messages, &place, &message);) {
        if (is_of(&message, which)) {
            buf_text(chat->members.body, comma);
            write(chat, &message);
            comma = ",";
        }
    }
    buf_char(chat->members.body, ']');
}

bool chat_is_whole(const struct message *message) {
    return message->role.at && (message->text.at || message->parts);
}

void chat_role_content(struct chat *chat, const struct message *message, chat_part_write *write) {
    struct buf *body = chat->members.body;
    if (!chat_is_whole(message)) {
        buf_slice_add(body, json_raw(&chat->messages.payload, message->node));
        return;
    }
    buf_text(body, "{\"role\":");
    buf_json_string(body, message->role);
    buf_text(body, ",\"content\":");
    if (message->text.at) {
        buf_json_string(body, message->text);
    } else {
        buf_char(body, '[');
        chat_parts(chat, message, write);
        buf_char(body, ']');
    }
    buf_char(body, '}');
}

// --- parts

static void write_parts(struct chat *chat, const struct message *message, chat_part_write *write,
                        const char **comma) {
    struct part part;
    for (uint32_t place = 0; part_next(&chat->messages, message, &place, &part);) {
        buf_text(chat->members.body, *comma);
        write(chat, message, &part);
        *comma = ",";
    }
}

void chat_parts(struct chat *chat, const struct message *message, chat_part_write *write) {
    const char *comma = "";
    write_parts(chat, message, write, &comma);
}

void chat_all_parts(struct chat *chat, enum chat_which which, chat_part_write *write) {
    struct message message;
    const char *comma = "";
    buf_char(chat->members.body, '[');
    for (uint32_t place = 0; messages_next(&chat->messages, &place, &message);) {
        if (is_of(&message, which)) {
            write_parts(chat, &message, write, &comma);
        }
    }
    buf_char(chat->members.body, ']');
}
