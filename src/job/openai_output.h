// Outcomes in the forms of OpenAI's API: chat completions, responses, rows of a batch's output.
#ifndef TASKFIT_JOB_OPENAI_OUTPUT_H
#define TASKFIT_JOB_OPENAI_OUTPUT_H

#include "job/stored_outcome.h"

enum openai_form {
    OPENAI_CHAT,       // of /v1/chat/completions
    OPENAI_RESPONSES,  // of /v1/responses
};

// A row of a batch's output or error file, its line end included. Where no answer stands it is an
// error. The member `taskfit` tells what the API has no words for.
void openai_output_row(const struct stored_outcome *outcome, enum openai_form form,
                       struct arena *arena, struct buf *out);

// A ChatCompletion whose message is the answer, which must be there.
void openai_output_chat(const struct stored_outcome *outcome, struct arena *arena,
                        struct buf *out);
void openai_output_chat_usage(const struct stored_outcome *outcome, struct buf *out);  // a member

struct openai_response {
    struct uuid id;
    const struct stored_outcome *outcome;  // NULL: none yet
    const char *open_status;               // then: queued, in_progress, cancelled
    bool background;
    struct slice path;
    struct slice metadata;                 // a JSON object
    int64_t created_ms;
    struct uuid previous, conversation;    // what it goes on from; nil: nothing
    bool unstored;                         // it cannot be asked about later
};
// A Response: completed with the answer, failed or cancelled without one, or open.
void openai_output_response(const struct openai_response *response, struct arena *arena,
                            struct buf *out);
// Of a Response's output: the message that is the answer.
void openai_output_item(const struct stored_outcome *outcome, struct arena *arena,
                        struct buf *out);

// Of an outcome without an answer: the API's own code where it has one, else the first reason.
struct slice openai_output_code(const struct stored_outcome *outcome);
// "review: rule.tax_type (the states are the same), confidence.low"
void openai_output_message(const struct stored_outcome *outcome, struct arena *arena,
                           struct buf *out);

#endif
