// What every part of a process shares. The programs make one in role.c, the simulation its own.
#ifndef TASKFIT_FLEET_PROCESS_H
#define TASKFIT_FLEET_PROCESS_H

#include "base/metric.h"
#include "base/random.h"
#include "fleet/config.h"
#include "io/kafka.h"

struct loop;

struct process {
    const char *program;   // taskfit-worker
    const char *instance;  // names this process in attempts and as a member of its group
    bool static_member;    // the instance was given, and so stays the same over a restart
    struct loop *loop;
    struct config *config;  // the newest
    struct metrics metrics;
    struct random random;
    struct arena_pool pool;  // of hops
    // Something that only a new start can mend.
    void (*fatal)(void *owner, const struct err *err);
    void *fatal_owner;
};

// No core file of this process from now on: it would hold the credentials.
void process_keep_secrets(void);

// Most bytes that may lie in a buffer on their way out: requests to models, records to brokers.
size_t process_buffer_bytes(const struct process *process);

// Kafka's options from the configuration.
struct kafka_options process_kafka(const struct config *config);

#endif
