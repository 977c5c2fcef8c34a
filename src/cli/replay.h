// Sends dead letters again: the original bytes with the original key to the original topic.
//
// A letter is marked before it goes out and again when the brokers have its record. After a crash
// between the two it is met again by the next `replay`; that it may have gone out twice does its
// job no second time: admission knows it.
#ifndef TASKFIT_CLI_REPLAY_H
#define TASKFIT_CLI_REPLAY_H

#include "cli/letter.h"

struct config;
struct replay;

bool replay_open(struct replay **replay, const struct config *config, struct err *err) MUST_CHECK;
void replay_close(struct replay *replay);

// Returns when the brokers have them all.
bool replay_send(struct replay *replay, const struct letter *const *letters, size_t count,
                 struct err *err) MUST_CHECK;

#endif
