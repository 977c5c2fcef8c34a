// What comes in: a consumer, and a ledger for each partition of it.
//
// Records are taken only as far as there is room; each gets a ticket, and a ticket is finished
// once, in any order. What is committed, once a while, is each partition's lowest unfinished
// offset. When the group takes the partitions away, the owner drops what it has not begun, brings
// the rest to an end, and only then are they let go: a rebalance repeats no call.
#ifndef TASKFIT_FLEET_INTAKE_H
#define TASKFIT_FLEET_INTAKE_H

#include "io/consumer.h"

struct intake;
struct intake_partition;
struct process;

struct ticket {
    struct intake_partition *partition;
    int64_t offset;
};

struct intake_events {
    // A record to process; it is gone after the call.
    void (*taken)(void *owner, struct ticket ticket, const struct record *record);
    // Is there room for one more?
    bool (*room)(void *owner);
    // Is there for this one, of such a lane? If not, its partition waits behind it, the others go
    // on.
    bool (*room_for)(void *owner, const struct record *record, uint32_t lane);
    // The partitions go: drop what is not begun, finish the rest. lost: they are gone already.
    void (*revoking)(void *owner, bool lost);
};

struct intake_options {
    const char *group;
    const char *const *topics;  // each is a lane
    size_t topic_count;
    int64_t revoke_ms;  // how long the group may wait for what is in hand
};

bool intake_open(struct intake **intake, struct process *process,
                 const struct intake_options *options, const struct intake_events *events,
                 void *owner, struct err *err) MUST_CHECK;
void intake_close(struct intake *intake);

// Serves the group, takes what there is room for (unless stopped), commits what is due.
// Returns milliseconds until it must be called again.
int64_t intake_turn(struct intake *intake, int64_t now_ms);
void intake_stop(struct intake *intake);  // takes nothing more

// Commits at once what is finished; false while the answer to a commit is awaited or could not be
// asked for, true when all that is finished is committed.
bool intake_settled(struct intake *intake, int64_t now_ms);

void intake_finish(struct intake *intake, struct ticket ticket);
void intake_drop(struct intake *intake, struct ticket ticket);  // will come again

size_t intake_partitions(const struct intake *intake);  // assigned
double intake_share(const struct intake *intake);       // of all that the topics have: above 0 to 1
double intake_backlog(const struct intake *intake, uint32_t lane);  // as last measured
bool ticket_revoked(struct ticket ticket);              // its partition goes or is gone
const char *ticket_topic(struct ticket ticket);
int32_t ticket_partition(struct ticket ticket);
uint32_t ticket_lane(struct ticket ticket);  // the place of its topic among the options'

#endif
