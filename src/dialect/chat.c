#include "dialect/chat.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/base64.h"

// --- the body

static void refuse(struct chat *chat, enum reason reason, const char *format, ...) FORMAT(3, 4);

static void refuse(struct chat *chat, enum reason reason, const char *format, ...) {
    char text[sizeof(chat->err->text)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (chat->ok) {
        chat->ok = err_poison(chat->err, "%s", text);
        if (chat->messages.request->fault) {
            *chat->messages.request->fault = reason;
        }
    }
}

// Messages that nobody made for these attachments must not be answered as if there were none.
static void check_use(struct chat *chat) {
    const struct request *request = chat->messages.request;
    if (request->attachment_count > 0 && !request->prompted && !chat->refers) {
        refuse(chat, REASON_INPUT_ATTACHMENT,
               "no part of the input's messages is one of its %u attachments: "
               "{\"type\": \"image\", \"attachment\": 0}",
               request->attachment_count);
    }
}

bool chat_build(const struct request *request, const struct chat_form *form, struct buf *body,
                struct err *err) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct chat chat = {.members = {.body = body, .arena = &arena}, .err = err};
    arena_init(&arena, &pool);
    chat.ok = messages_find(&chat.messages, request, form->native, &arena, err) &&
              members_open(&chat.members, request->model->extra, err);
    if (chat.ok) {
        form->write(&chat);
        members_close(&chat.members);
        check_use(&chat);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return chat.ok;
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
    if (message->text.at && !message->attached) {
        buf_json_string(body, message->text);
    } else {
        buf_char(body, '[');
        chat_parts(chat, message, write);
        buf_char(body, ']');
    }
    buf_char(body, '}');
}

// --- parts

static bool may_attach(struct chat *chat, const struct part *part) {
    const struct request *request = chat->messages.request;
    struct slice meant = part->node ? json_raw(&chat->messages.payload, part->node) : slice_of("");
    chat->refers = true;
    if (part->attachment == NULL) {
        refuse(chat, request->prompted ? REASON_ERROR_PROMPT : REASON_INPUT_ATTACHMENT,
               "%.200s: the job has %u attachments, and this is none of them",
               arena_string(chat->members.arena, meant), request->attachment_count);
    } else if (request->model->no_attachments) {
        refuse(chat, REASON_INPUT_ATTACHMENT, "%s takes no attachments", request->model->name);
    }
    return chat->ok;
}

static void write_parts(struct chat *chat, const struct message *message, chat_part_write *write,
                        const char **comma) {
    struct part part;
    for (uint32_t place = 0; part_next(&chat->messages, message, &place, &part);) {
        buf_text(chat->members.body, *comma);
        if (part.kind != PART_ATTACHMENT || may_attach(chat, &part)) {
            write(chat, message, &part);
        }
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

// --- data

enum chat_media chat_media(const struct part *part) {
    return media_type_is_image(part->media_type) ? CHAT_IMAGE
           : media_type_is_pdf(part->media_type) ? CHAT_DOCUMENT
                                                 : CHAT_OTHER;
}

void chat_refuse_media(struct chat *chat, const struct part *part) {
    refuse(chat, REASON_INPUT_ATTACHMENT, "dialect %s takes images and PDFs, not %.*s",
           chat->messages.request->model->dialect->name, SLICE_ARGS(part->media_type));
}

static void write_data(struct chat *chat, const struct part *part, struct slice before) {
    struct buf *body = chat->members.body;
    buf_json_string(body, before);
    body->len--;  // the string goes on
    if (part->attachment) {
        buf_base64(body, part->attachment->content);
        buf_char(body, '"');
        return;
    }
    // The second string's first quote comes to stand where the first string's last character does.
    size_t last = body->len - 1;
    char character = body->data[last];
    body->len = last;
    buf_json_string(body, part->text);
    body->data[last] = character;
}

void chat_data(struct chat *chat, const struct part *part) {
    write_data(chat, part, slice_of(""));
}

void chat_data_url(struct chat *chat, const struct part *part) {
    write_data(
        chat, part,
        arena_printf(chat->members.arena, "data:%.*s;base64,", SLICE_ARGS(part->media_type)));
}

void chat_name(struct chat *chat, const struct part *part) {
    buf_json_string(chat->members.body, part->name.at ? part->name : slice_of("document.pdf"));
}
