// What a process counts, as Prometheus text (exposition format 0.0.4).
//
// A metric has at most one label, of few values; a cell is one metric with one value of its label.
// Find a cell once and keep it: its address stays. Units are base units, in the metric's name.
#ifndef TASKFIT_BASE_METRIC_H
#define TASKFIT_BASE_METRIC_H

#include "base/buf.h"
#include "base/metric_table.h"

enum metric {
#define METRIC_ENUM(name, kind, text, label, help) METRIC_##name,
    METRICS(METRIC_ENUM)
#undef METRIC_ENUM
    METRIC_COUNT
};

struct metric_cell {
    struct metric_cell *next;
    double value;        // of a histogram: the sum
    uint64_t *buckets;   // of a histogram: how many fell in each
    uint64_t count;
    char label[];
};

struct metrics {
    struct metric_cell *cells[METRIC_COUNT];
};

void metrics_fini(struct metrics *metrics);

// label: "" for a metric without one. Made when it is not there; of very many, "other" is the rest.
struct metric_cell *metric_cell(struct metrics *metrics, enum metric metric, const char *label);
void metric_forget(struct metrics *metrics, enum metric metric);  // frees its cells
void metric_observe(struct metric_cell *cell, double seconds);  // a histogram's

static inline void metric_add(struct metrics *metrics, enum metric metric, const char *label,
                              double value) {
    metric_cell(metrics, metric, label)->value += value;
}

static inline void metric_set(struct metrics *metrics, enum metric metric, const char *label,
                              double value) {
    metric_cell(metrics, metric, label)->value = value;
}

void metrics_write(const struct metrics *metrics, struct buf *out);

#endif
