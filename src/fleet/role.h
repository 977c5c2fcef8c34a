// The frame of a program of the fleet: options, configuration, log, loop, signals, metrics page,
// and from start to drain the turns of its role.
//
//     start → turns … SIGTERM or SIGINT → drain → exit 0
//     SIGHUP → new configuration for new hops, or the old one stays with the reason in the log
//     what only a new start can mend → exit with its code of sysexits(3)
#ifndef TASKFIT_FLEET_ROLE_H
#define TASKFIT_FLEET_ROLE_H

#include "fleet/process.h"

struct role {
    const char *program;
    const char *summary;  // one line for --help
    bool of_tier;         // --tier is required
    bool (*open)(void **self, struct process *process, const char *tier,
                 struct err *err) MUST_CHECK;
    void (*close)(void *self);
    int64_t (*turn)(void *self, int64_t now_ms);
    void (*drain)(void *self, int64_t now_ms);
    bool (*drained)(const void *self);
    bool (*ready)(const void *self);
};

// Runs the program; returns its exit status.
int role_main(const struct role *role, int argc, char **argv);

#endif
