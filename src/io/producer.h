// Writing to topics: idempotent, acknowledged by all in-sync replicas, waiting for as long as the
// brokers are away. Nothing blocks; what does not fit in the queue is refused for now.
//
// When a broker lost what it knew of the producer (it was killed), what is not acknowledged goes
// out again, some of it perhaps for the second time.
#ifndef TASKFIT_IO_PRODUCER_H
#define TASKFIT_IO_PRODUCER_H

#include <stdint.h>

#include "io/kafka.h"

struct loop;
struct producer;
struct producer_topic;

// The broker's word on a record; err NULL: it is in the log. ERR_POISON: this one never will be
// (too large), ERR_FATAL: the producer is dead, start anew.
typedef void producer_delivered(void *owner, void *record_owner, const struct err *err);

struct producer_options {
    struct kafka_options kafka;
    const char *compression;   // none, lz4, zstd, …
    uint32_t queue_records;    // most that await delivery
    int64_t queue_bytes;
    int64_t linger_ms;         // wait for more to a request
};

bool producer_open(struct producer **producer, struct loop *loop,
                   const struct producer_options *options, producer_delivered *delivered,
                   void *owner, struct err *err) MUST_CHECK;
// Waits up to wait_ms for what is on its way, then drops the rest, whose owners hear nothing.
void producer_close(struct producer *producer, int64_t wait_ms);

struct producer_topic *producer_topic(struct producer *producer, const char *name);

struct producer_record {
    struct producer_topic *topic;
    struct slice key, value;  // copied
    const struct kafka_header *headers;
    size_t header_count;
    void *owner;  // for `delivered`
};

// ERR_RETRY: there is no room now, send again after a poll. ERR_POISON: too large.
bool producer_send(struct producer *producer, const struct producer_record *record,
                   struct err *err) MUST_CHECK;

// Calls `delivered` for what has come back.
void producer_poll(struct producer *producer);

#endif
