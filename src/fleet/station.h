// The frame that worker and escalator share: hops come in by a topic, go through the role's own
// steps, are published, and are finished; or are buried, or dropped.
//
//     intake → taken ─ the role's steps ─► publish → published → finished → freed
//                └────────── bury ──────────►┘
//
// The role embeds it and fills in what differs.
#ifndef TASKFIT_FLEET_STATION_H
#define TASKFIT_FLEET_STATION_H

#include "fleet/burial.h"
#include "fleet/intake.h"
#include "fleet/publisher.h"
#include "fleet/store.h"

struct station_events {
    // A new hop, its record at hand: put it into a step, or bury it.
    void (*taken)(void *owner, struct hop *hop, const struct record *record);
    // Can the role's own stores take more? Room in memory was looked at before.
    bool (*room)(void *owner);
    // Can it take this one? If not, what follows in its partition waits too. NULL: always.
    bool (*room_for)(void *owner, const struct record *record, uint32_t lane);
    // Sends what a hop has to say next, one record; false: the producer's queue is full.
    bool (*send)(void *owner, struct hop *hop);
    // That record is out, or never can be: is there one more, whatever became of it? NULL: never.
    bool (*more)(void *owner, struct hop *hop);
    // Packs the value of the record that brought the hop, again.
    void (*pack)(void *owner, struct hop *hop, struct buf *out);
    // Drop what is not begun: partitions go, or the process drains.
    void (*leaving)(void *owner);
    void (*freed)(void *owner, struct hop *hop);  // its last moment; NULL: nothing to do
    // Its topic is a tier's, all lanes of which are read; `room_for` looks at the room in memory.
    bool lanes;
};

struct station {
    struct process *process;
    struct station_events events;
    void *owner;
    struct intake *intake;
    struct publisher *publisher;
    struct pg *pg;  // for the role's rows and dead letters
    struct burial burial;
    struct list hops;  // all of them
    struct list unsent, publishing;
    struct list finished;  // freed once a turn, never in the callback that finished them
    struct buf scratch;
    size_t held_most, taken;  // since memory was last given back: bytes of hops, and their number
    bool refused;  // a record, for want of room
    bool draining, settled, told_waiting;
    int64_t drain_until_ms, gauges_due_ms;
};

// Embedded: station_fini must follow, also when it failed. topic: as of config_topic; the group
// is named after it.
bool station_init(struct station *station, struct process *process, const char *topic,
                  const struct station_events *events, void *owner, struct err *err) MUST_CHECK;
void station_fini(struct station *station);  // hops in hand are forgotten: they come again

// One more connection, which tells of the database's coming and going.
struct pg *station_database(struct station *station);

// The role's turn calls begin, does its own steps, and calls end. Both return a wait in ms; -1:
// none.
int64_t station_begin(struct station *station, int64_t now_ms);
int64_t station_end(struct station *station, int64_t now_ms);
int64_t sooner_ms(int64_t a, int64_t b);  // of two such waits

// A hop that no record brought: it has something to publish, is finished, and no offset with it.
struct hop *station_errand(struct station *station);

void station_publish(struct station *station, struct hop *hop);  // in its turn
void station_finish(struct station *station, struct hop *hop);
void station_drop(struct station *station, struct hop *hop);
void station_bury(struct station *station, struct hop *hop, enum reason reason,
                  struct slice text, const struct record *record);

void station_drain(struct station *station, int64_t now_ms);
// Does nothing unless the process drains and the database is away. Then what waits in the store is
// dropped, for its record comes again, but for what `keeps` says: answers that were paid for and
// are in no row yet wait as long as the drain may take.
void station_lighten(struct station *station, struct store *store,
                     bool (*keeps)(const struct hop *hop));
bool station_drained(const struct station *station);
bool station_ready(const struct station *station);

static inline struct hop *hop_of(struct list_node *node) {
    return LIST_ENTRY(node, struct hop, node);
}

#endif
