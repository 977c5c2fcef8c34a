// The fleet's configuration in a world: read once, with limits that the seed chooses.
#ifndef TASKFIT_SIM_SETTING_H
#define TASKFIT_SIM_SETTING_H

#include "fleet/config.h"

enum {
    RECORD_MOST_HERE = 2500,   // bytes: larger records are refused by the client
    RECORD_MOST_THERE = 2200,  // and these by the broker
    DATABASE_TIMEOUT_MS = 10000,
    DRAIN_MS = 25000,
};

bool setting_open(const char *file, struct err *err) MUST_CHECK;
void setting_close(void);
struct config *setting_for_world(void);  // valid until the next world
struct config *setting_other(const struct config *config);  // what a reload brings

#endif
