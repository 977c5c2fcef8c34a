// Reading topics as a member of a consumer group.
//
// Nothing here decides when: consumer_poll serves the group, consumer_take empties a partition's
// queue without waiting, consumer_commit says what is finished. A partition that is not read from
// is back-pressure; the group is served all the same. On a revocation the owner may first bring to
// an end what it has in hand, and then says consumer_release. A static member that is fenced joins
// anew, with a revocation that is lost; twice within some seconds is an ERR_FATAL. librdkafka's
// threads only wake the loop.
#ifndef TASKFIT_IO_CONSUMER_H
#define TASKFIT_IO_CONSUMER_H

#include <stddef.h>
#include <stdint.h>

#include "io/kafka.h"

struct loop;
struct consumer;

// A partition that is assigned; its owner's pointer hangs on it. Lives until `dropped`.
struct consumer_partition {
    const char *topic;
    int32_t number;
    void *owner;  // the reader's own, not touched here
};

struct record {
    struct consumer_partition *partition;
    int64_t offset;
    int64_t timestamp_ms;  // Unix time of the record; 0: it has none, or an impossible one
    struct slice key, value;
    void *message;
};

struct consumer_events {
    void (*assigned)(void *owner, struct consumer_partition *partition);
    // All partitions go: nothing more is taken; consumer_release is awaited. lost: they are gone
    // already, and a commit would be refused.
    void (*revoking)(void *owner, bool lost);
    void (*dropped)(void *owner, struct consumer_partition *partition);
    // The group's word on a commit; err NULL: done.
    void (*committed)(void *owner, const struct err *err);
    // What the reader must know: ERR_RETRY (a broker away: it goes on by itself), ERR_FATAL.
    void (*failed)(void *owner, const struct err *err);
};

struct consumer_options {
    struct kafka_options kafka;
    const char *group;
    const char *instance;  // static membership: a restart moves no partition; NULL: none
    const char *const *topics;
    size_t topic_count;
    int64_t session_timeout_ms;
    int64_t queue_bytes;   // fetched ahead, over as many partitions as are expected of a topic
    uint32_t partitions;
};

bool consumer_open(struct consumer **consumer, struct loop *loop,
                   const struct consumer_options *options, const struct consumer_events *events,
                   void *owner, struct err *err) MUST_CHECK;
// Leaves the group; may take as long as one round trip, 2 s without brokers. Everything taken must
// be released.
void consumer_close(struct consumer *consumer);

// Serves the group: events come from here. Call at least once a second.
void consumer_poll(struct consumer *consumer);

// Up to most records, as they lie in memory; each must be given back with record_release.
size_t consumer_take(struct consumer *consumer, struct consumer_partition *partition,
                     struct record *records, size_t most);
void record_release(struct record *record);
// Tells each header of a record; they live as long as it. A value may be absent.
void record_headers(const struct record *record,
                    void (*each)(void *owner, const char *name, struct slice value), void *owner);

struct consumer_offset {
    const struct consumer_partition *partition;
    int64_t offset;  // the next to read
};
// Asks to commit; the answer is the event `committed`. False: nothing was asked (no coordinator).
bool consumer_commit(struct consumer *consumer, const struct consumer_offset *offsets,
                     size_t count);

// How many partitions the topics have, of all members: as the options expect it, until the brokers
// tell, some seconds after the start and then again and again.
size_t consumer_partitions(const struct consumer *consumer);

// Ends a revocation: the partitions may go to others.
void consumer_release(struct consumer *consumer);

// Records between the next to read (or offset) and the end of the partition, as last heard;
// -1: not known.
int64_t consumer_backlog(struct consumer *consumer, const struct consumer_partition *partition,
                         int64_t offset);

#endif
