// What was said before a response: the turns of its conversation, or of the response it goes on
// from, as messages before its own. And what it adds to them.
#ifndef TASKFIT_GATEWAY_TURNS_H
#define TASKFIT_GATEWAY_TURNS_H

#include "base/slice.h"
#include "base/uuid.h"

struct call;
struct gateway;
struct single;

// conversation, previous_response_id and store of the body; false: it has replied.
bool turns_read(struct single *single);
// Asks what was said before, and then sends the job, or replies why it cannot.
void turns_recall(struct single *single);
// Something was added to a conversation: what it has too much is dropped. path: that of a response,
// which is remembered; absent: it was added by hand.
void turns_trim(struct call *call, struct uuid conversation, struct slice path);
// Deletes conversations and responses that are past their time; once a minute.
void turns_expire(struct gateway *gateway);

#endif
