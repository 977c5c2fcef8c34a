// A job's visit to a tier, from the record that brought it to the offset that is committed.
//
//   worker:    TAKEN → ADMITTING → READY → CALLING → STORING → PUBLISHING → FINISHED
//                │        │         ↑       ↓ ↑                    ↑
//                │        ├─ BEHIND ┘     WAITING                  │
//                │        └── already stored ──────────────────────┘
//                └── no job of ours → BURYING → PUBLISHING
//   escalator: TAKEN → JUDGING → STORING → PUBLISHING → FINISHED
//
// BEHIND another with its order key (fleet/order.h): that one's attempt must be stored first.
//
// Everything of a hop lives in its arena and dies with it. A hop that is dropped instead (its
// partition went to another member, or the process drains before it was called) is never finished,
// so its record comes again.
#ifndef TASKFIT_FLEET_HOP_H
#define TASKFIT_FLEET_HOP_H

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/metric.h"
#include "dialect/dialect.h"
#include "fleet/config.h"
#include "fleet/hop_call.h"
#include "fleet/intake.h"
#include "job/decide.h"
#include "job/room.h"

#define STEPS(X) \
    X(TAKEN) X(ADMITTING) X(BEHIND) X(READY) X(CALLING) X(WAITING) X(JUDGING) X(STORING) \
    X(BURYING) X(PUBLISHING) X(FINISHED)

enum step {
#define STEP_ENUM(name) STEP_##name,
    STEPS(STEP_ENUM)
#undef STEP_ENUM
    STEP_COUNT
};

const char *step_name(enum step step);

struct order_queue;
struct revision;

// The letter of a record that cannot be processed: why, and what it was.
struct hop_burial {
    struct slice key, value;
    struct slice reason, text;
    uint32_t attempts;  // hops that were tried
    bool called;        // this hop's model was, and its attempt cannot be stored
};

struct hop {
    struct list_node node;   // of the step's list
    struct list_node all;    // of every hop there is
    struct heap_node due;    // WAITING
    struct map_node by_job;  // (job, hop) that are in hand (fleet/twins.h)
    struct list_node in_order;  // of `order`
    struct order_queue *order;  // of its order key (fleet/order.h); NULL: in none
    uint64_t arrival;           // of all that the process took, from 1
    struct room_part part;      // of its lane and its tenant in the worker's room
    struct turn turn;           // READY
    enum step step;
    struct arena arena;
    struct config *config;   // what it began with
    const struct config_path *path;
    struct ticket ticket;    // where it came from
    int64_t record_ms;       // Unix time of the record; 0: it has none
    struct slice headers, trace;  // of the record, as wire_header_pack makes them; its traceparent
    int64_t until_ms;        // steady clock: its tier's limit of latency; 0: none
    int64_t asked_ms;        // steady clock, when the database was last asked what it knows
    struct job job;
    struct attempt attempt;
    struct hop_call call;
    struct hop_burial burial;
    struct decision *decision;  // the escalator's, with its columns and
    struct slice reasons, explanation, attachments;
    struct slice policy;        // the version that decided
    struct revision *revision;  // of an outcome, which no record brought (fleet/revisions.h)
    struct list twins;          // hops with the same key that wait for this one
    bool registered;            // by_job is in its map
    bool buried;                // goes to dead: `burial` is what it says
    bool first_out;             // of two records: the outcome follows
    bool capped;                // its batch has spent what it may: it is not tried again
    bool dropped;               // to be thrown away as soon as its call or row is back
    unsigned deliveries;        // records on their way
};

// Finds hop->path in the configuration that the hop began with. A reason with its particulars (in
// the hop's arena): there is no such path, or it does not lead through the tier.
enum reason hop_find_path(struct hop *hop, struct slice tier, struct slice *text);

// One place moves a hop on, and says so in the debug log.
void hop_move(struct hop *hop, enum step step, struct list *list);

// Its attempt has been stored.
void hop_count(const struct hop *hop, struct metrics *metrics);

// What rules see of it.
struct rules_subject hop_subject(const struct hop *hop);

#endif
