// What librdkafka's statistics tell that it tells nowhere else without waiting for brokers.
#ifndef TASKFIT_IO_KAFKA_STATISTICS_H
#define TASKFIT_IO_KAFKA_STATISTICS_H

#include <stddef.h>

#include "base/slice.h"

// How many partitions the topics have together; 0: one of them is not known yet.
size_t kafka_statistics_partitions(struct slice json, const char *const *topics, size_t count);

#endif
