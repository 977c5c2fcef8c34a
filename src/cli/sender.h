// Sends the records of an input as jobs to the first tier of their path.
#ifndef TASKFIT_CLI_SENDER_H
#define TASKFIT_CLI_SENDER_H

#include "base/uuid.h"
#include "cli/attached.h"
#include "cli/bad_lines.h"
#include "cli/input.h"
#include "fleet/config.h"
#include "job/source.h"

struct sender;

struct sender_options {
    const struct config *config;
    const struct config_path *path;
    struct slice tenant;   // absent: none
    bool all_tiers;
    int64_t deadline_ms;   // from now; 0: the path's
    const struct source_options *source;
    struct attached attached;
    bool live;             // a bar on standard error
};

struct sender *sender_new(const struct sender_options *options, struct input *input,
                          struct bad_lines *bad);
void sender_free(struct sender *sender);

// Reads on to the first record, which waits to be sent; *found false: there is none.
bool sender_first(struct sender *sender, bool *found, struct err *err) MUST_CHECK;
// Reads all and sends nothing.
bool sender_check(struct sender *sender, struct err *err) MUST_CHECK;

struct sender_result {
    uint64_t jobs;         // acknowledged by the brokers
    uint64_t attachments;  // of all that were sent
    uint64_t unconfirmed;  // sent, and not heard of again: of a run that was stopped
    bool stopped;          // by SIGINT or SIGTERM
    int64_t took_ms;
};

// Sends, as jobs of the batch, and returns when the brokers have acknowledged every one.
bool sender_run(struct sender *sender, struct uuid batch, struct sender_result *result,
                struct err *err) MUST_CHECK;

#endif
