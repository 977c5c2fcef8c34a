// How fast clients must speak: a head is whole after some seconds, a body comes at some pace. Who
// is slower is cut off, however often he says a byte, so that a connection is not held for ever.
//
//     opened or replied to → HEAD → BODY → REST, while nothing is expected of the client
#ifndef TASKFIT_IO_PACE_H
#define TASKFIT_IO_PACE_H

#include <stdint.h>

#include "base/list.h"

struct pace {
    int64_t head_ms, idle_ms;
    struct list heads, bodies;  // clients that are waited for
};

struct pace_client {
    struct list_node node;
    int fd;
    int64_t until_ms;  // of a head
    int64_t since_ms;  // of a body
    uint64_t bytes;    // of it, so far
};

// idle_ms: what a client may rest after a reply, before its next head begins.
void pace_init(struct pace *pace, int64_t head_ms, int64_t idle_ms);

void pace_opened(struct pace *pace, struct pace_client *client, int fd, int64_t now_ms);
void pace_head_came(struct pace *pace, struct pace_client *client, int64_t now_ms);
void pace_body_came(struct pace_client *client);
void pace_replied(struct pace *pace, struct pace_client *client, int64_t now_ms);
void pace_closed(struct pace_client *client);

// Shuts the sockets of those that are too slow, or have left; returns how many.
int pace_turn(struct pace *pace, int64_t now_ms);

#endif
