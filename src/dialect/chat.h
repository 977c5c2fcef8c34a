// A chat request on its way into bytes: what the dialects of chat models share.
//
// The payload's messages are found, and gone through part by part; a dialect says how a message and
// a part are written, and which members a body has beside them.
#ifndef TASKFIT_DIALECT_CHAT_H
#define TASKFIT_DIALECT_CHAT_H

#include "dialect/members.h"
#include "dialect/messages.h"

struct chat {
    struct messages messages;
    struct members members;
    bool refers;      // a part stands for an attachment
    struct err *err;  // of the first part that cannot be written
    bool ok;
};

// A dialect's form of a body.
struct chat_form {
    const char *native;                // as messages_find takes it
    void (*write)(struct chat *chat);  // all members; the object is opened before and closed after
};
bool chat_build(const struct request *request, const struct chat_form *form, struct buf *body,
                struct err *err) MUST_CHECK;

enum chat_which { CHAT_ALL, CHAT_SYSTEM, CHAT_TALK };  // CHAT_TALK: all but the system's
bool chat_has(const struct chat *chat, enum chat_which which);

// Those messages as an array.
typedef void chat_message_write(struct chat *chat, const struct message *message);
void chat_messages(struct chat *chat, enum chat_which which, chat_message_write *write);

// The parts of a message, with commas and without brackets; its text is one part.
typedef void chat_part_write(struct chat *chat, const struct message *message,
                             const struct part *part);
void chat_parts(struct chat *chat, const struct message *message, chat_part_write *write);
// Those of several messages, as one array.
void chat_all_parts(struct chat *chat, enum chat_which which, chat_part_write *write);

// Data, be it the payload's or an attachment's: an image, or a document that the dialect has a form
// for. Otherwise the request is refused: what the model does not see it would not miss.
enum chat_media { CHAT_IMAGE, CHAT_DOCUMENT, CHAT_OTHER };
enum chat_media chat_media(const struct part *part);
void chat_refuse_media(struct chat *chat, const struct part *part);
// As a JSON string, bare or as a URL "data:image/png;base64,…".
void chat_data(struct chat *chat, const struct part *part);
void chat_data_url(struct chat *chat, const struct part *part);
void chat_name(struct chat *chat, const struct part *part);  // likewise, a file's name

// {"role":…,"content":…}, where the content is a text or an array of parts. What has no role, or
// neither text nor parts, is of a kind of its own, and stands as it is.
void chat_role_content(struct chat *chat, const struct message *message, chat_part_write *write);
bool chat_is_whole(const struct message *message);  // it has a role, and text or parts

// The model's name and the limit on output, where there are any.
void chat_model(struct chat *chat);
void chat_limit(struct chat *chat, const char *member, uint32_t limit);

#endif
