// What goes out: a producer with the topics of the fleet.
//
// Every record belongs to a hop; when all of a hop's records are in the log, it is `published`.
#ifndef TASKFIT_FLEET_PUBLISHER_H
#define TASKFIT_FLEET_PUBLISHER_H

#include "base/buf.h"
#include "fleet/hop.h"

struct process;
struct publisher;

struct publisher_events {
    void (*published)(void *owner, struct hop *hop);
    // The brokers will never take this record (too large).
    void (*refused)(void *owner, struct hop *hop, const struct err *err);
};

bool publisher_open(struct publisher **publisher, struct process *process,
                    const struct publisher_events *events, void *owner,
                    struct err *err) MUST_CHECK;
void publisher_close(struct publisher *publisher);

enum message { MESSAGE_JOB, MESSAGE_RESULT, MESSAGE_DECISION, MESSAGE_DEAD };

// topic: as of config_topic, a tier, "results", "decisions" or "dead". Headers tell what it is
// (CloudEvents, binary mode) and, for MESSAGE_DEAD, where it came from and why (burial).
// False: the queue is full; try again in a later turn. A record that can never be sent is
// `refused`, from within, and counts as sent.
bool publisher_send(struct publisher *publisher, struct hop *hop, enum message message,
                    const char *topic, struct slice value);

// Hears what is delivered.
void publisher_turn(struct publisher *publisher);

#endif
