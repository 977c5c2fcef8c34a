// The topics that a configuration asks for.
#ifndef TASKFIT_FLEET_TOPICS_H
#define TASKFIT_FLEET_TOPICS_H

#include "fleet/config.h"
#include "io/kafka_admin.h"

// One a tier and lane, then results, decisions and dead, as configured; all memory is the arena's.
struct kafka_topic *topics_of(const struct config *config, struct arena *arena, size_t *count);

#endif
