// Topics: are they there, and making them. For programs that may wait.
#ifndef TASKFIT_IO_KAFKA_ADMIN_H
#define TASKFIT_IO_KAFKA_ADMIN_H

#include <stddef.h>
#include <stdint.h>

#include "io/kafka.h"

struct kafka_admin;

struct kafka_topic {
    const char *name;
    int32_t partitions;  // 0: there is no such topic (filled by kafka_admin_look)
    int32_t replication;
    int64_t retention_ms;
};

// Errors: EX_UNAVAILABLE (no broker answers within timeout_ms: which, and what to try), EX_NOPERM.
bool kafka_admin_open(struct kafka_admin **admin, const struct kafka_options *options,
                      int64_t timeout_ms, struct err *err) MUST_CHECK;
void kafka_admin_close(struct kafka_admin *admin);

// Fills partitions of each topic from the brokers' word.
bool kafka_admin_look(struct kafka_admin *admin, struct kafka_topic *topics, size_t count,
                      struct err *err) MUST_CHECK;

// Makes those that are not there, and returns when the brokers lead them all. *made: how many. A
// topic with fewer partitions than asked is left as it is (the caller may warn).
bool kafka_admin_make(struct kafka_admin *admin, const struct kafka_topic *topics, size_t count,
                      size_t *made, struct err *err) MUST_CHECK;

#endif
