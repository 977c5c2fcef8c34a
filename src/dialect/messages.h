// What a payload asks, as messages: found once, then written in each provider's own form.
//
// A payload is what a prompt made (a string, an array of messages, or an object that holds such an
// array), a request body that was the job's input, or any other input, of which messages are made.
// Messages are OpenAI's: a role and a content that is text or parts of text, images and files. So
// one prompt, or one batch file, serves every dialect. A part with a member `attachment` stands for
// the job's attachment of that number, from 0, or name. Where the messages are made here, or the
// prompt made but a string, all attachments follow the text.
#ifndef TASKFIT_DIALECT_MESSAGES_H
#define TASKFIT_DIALECT_MESSAGES_H

#include "base/json.h"
#include "dialect/dialect.h"

struct members;

enum messages_form {
    MESSAGES_MADE,    // of an input that is no request: an instruction, then the input
    MESSAGES_TEXT,    // a string that the prompt made
    MESSAGES_LIST,    // an array that the prompt made
    MESSAGES_BODY,    // a request body with `messages`
    MESSAGES_NATIVE,  // a request body of the dialect's own
};

struct messages {
    const struct request *request;
    struct arena *arena;
    struct json payload;
    enum messages_form form;
    uint32_t list;  // the array in payload, with the last three forms
};

// native: the member that the dialect's own request bodies have in place of `messages`; NULL: none.
// ERR_POISON: the payload is no JSON, or the prompt made something else.
bool messages_find(struct messages *messages, const struct request *request, const char *native,
                   struct arena *arena, struct err *err) MUST_CHECK;

struct message {
    struct slice role;  // absent: the element is something else, node tells
    struct slice text;  // absent: parts
    bool attached;      // all attachments follow the text
    uint32_t parts;     // the array of parts in payload; 0: neither text nor parts
    uint32_t node;      // the message in payload; 0: it was made here
};

// Goes through them: *place begins with 0. False: there are no more.
bool messages_next(const struct messages *messages, uint32_t *place, struct message *message);
bool message_is_system(const struct message *message);

// The limit on output to ask for: most, or the body's own where that is lower; 0: none.
uint32_t messages_limit(const struct messages *messages, uint32_t most);

// One part of a content. `raw`: of a kind that is not known here, to be passed on as it is.
struct part {
    enum { PART_TEXT, PART_IMAGE_URL, PART_DATA, PART_ATTACHMENT, PART_RAW } kind;
    struct slice text;        // of text; of data in base64, or the URL
    struct slice media_type;  // of data: image/png
    struct slice name;        // of data, likewise; absent: none
    // Of PART_ATTACHMENT, which stands for data; NULL: there is none that the part could mean.
    const struct attachment *attachment;
    uint32_t node;            // the part in payload; 0: it was made here
};

// Goes through a message's: *place begins with 0. Its text is one part. False: there are no more.
bool part_next(const struct messages *messages, const struct message *message, uint32_t *place,
               struct part *part);
bool part_is_attachment(const struct messages *messages, uint32_t node);

#endif
