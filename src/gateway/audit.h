// The log of who did what (`audit_log`): every request that changes something, by its key, route,
// object and status; never what it said. Rows go to the database within a moment, many together;
// a gateway that is killed loses those of its last one.
#ifndef TASKFIT_GATEWAY_AUDIT_H
#define TASKFIT_GATEWAY_AUDIT_H

#include <stdint.h>

#include "base/list.h"
#include "base/slice.h"

struct call;
struct gateway;

struct audit {
    struct list rows, sending;
    int64_t send_ms;
};

void audit_open(struct gateway *gateway);
void audit_close(struct gateway *gateway);
int64_t audit_turn(struct gateway *gateway, int64_t now_ms);  // a wait in ms; -1: none

// At its end; what came without a key, or changes nothing, is no row.
void audit_call(const struct call *call);
// The id that a reply in JSON begins with: of what the call made.
void audit_made(struct call *call, struct slice json);

#endif
