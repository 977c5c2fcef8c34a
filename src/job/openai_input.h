// What a Responses request says, as messages: the one form that every kind of model is asked in.
//
// A request that is plain, which is messages and little more, becomes a body with `messages`: the
// turns before it, then its own. What is not plain (tools, items that are no messages) stands as it
// came, and can be no part of a conversation.
#ifndef TASKFIT_JOB_OPENAI_INPUT_H
#define TASKFIT_JOB_OPENAI_INPUT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"

// Absent: the body is plain; else the name of a member that is not: "input", "tools", …
struct slice openai_input_unplain(const struct json *body, struct arena *arena);

// Whether a node is an array of messages, each with a role and a content.
bool openai_input_is_messages(const struct json *json, uint32_t node);

// The body's input as an array of items; one that is a text is a message of a user.
void openai_input_items(const struct json *body, struct buf *out);

// Appends an array of items as messages of a chat, each with a comma before it unless it is first.
// What is no message is left out.
void openai_input_turn(const struct json *json, uint32_t items, struct arena *arena,
                       struct buf *out);
// The same for an answer that stands, in JSON.
void openai_input_answer(struct slice answer, struct arena *arena, struct buf *out);

// A plain body as a job's input; earlier: messages as above, or absent.
void openai_input_write(const struct json *body, struct slice earlier, struct arena *arena,
                        struct buf *out);

#endif
