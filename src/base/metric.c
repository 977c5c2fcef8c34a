#include "base/metric.h"

#include "base/mem.h"

enum kind { COUNTER, GAUGE, HISTOGRAM };

static const struct {
    enum kind kind;
    const char *name, *label, *help;
} table[METRIC_COUNT] = {
#define METRIC_ROW(name, kind, text, label, help) {kind, text, label, help},
    METRICS(METRIC_ROW)
#undef METRIC_ROW
};

// Seconds: from a local database to a slow large model.
static const double bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                0.5,   1,      2.5,   5,    10,    25,   60,  120};

enum {
    BOUNDS = sizeof(bounds) / sizeof(bounds[0]),
    LABELS_MOST = 1000,  // of a metric: rules may make up names without end
};

void metric_forget(struct metrics *metrics, enum metric metric) {
    while (metrics->cells[metric]) {
        struct metric_cell *cell = metrics->cells[metric];
        metrics->cells[metric] = cell->next;
        mem_free(cell->buckets);
        mem_free(cell);
    }
}

void metrics_fini(struct metrics *metrics) {
    for (int i = 0; i < METRIC_COUNT; i++) {
        metric_forget(metrics, (enum metric)i);
    }
}

struct metric_cell *metric_cell(struct metrics *metrics, enum metric metric, const char *label) {
    struct metric_cell **at = &metrics->cells[metric];
    int count = 0;
    while (*at) {
        if (strcmp((*at)->label, label) == 0) {
            return *at;
        }
        at = &(*at)->next;
        count++;
    }
    if (count >= LABELS_MOST && strcmp(label, "other") != 0) {
        return metric_cell(metrics, metric, "other");
    }
    size_t len = strlen(label) + 1;
    *at = mem_zalloc(sizeof(struct metric_cell) + len);
    memcpy((*at)->label, label, len);
    if (table[metric].kind == HISTOGRAM) {
        (*at)->buckets = mem_array(BOUNDS, sizeof(uint64_t));
    }
    return *at;
}

void metric_observe(struct metric_cell *cell, double seconds) {
    for (int i = 0; i < BOUNDS; i++) {
        if (seconds <= bounds[i]) {
            cell->buckets[i]++;
            break;
        }
    }
    cell->value += seconds;
    cell->count++;
}

// {label="value"}, with what a bucket adds.
static void write_labels(struct buf *out, enum metric metric, const char *label, double bound) {
    bool named = table[metric].label[0] != '\0', bucket = bound != 0;
    if (!named && !bucket) {
        return;
    }
    buf_char(out, '{');
    if (named) {
        buf_printf(out, "%s=", table[metric].label);
        buf_json_string(out, slice_of(label));  // the same escapes for what labels hold
    }
    if (bucket) {
        buf_text(out, named ? "," : "");
        if (bound < 0) {
            buf_text(out, "le=\"+Inf\"");
        } else {
            buf_printf(out, "le=\"%g\"", bound);
        }
    }
    buf_char(out, '}');
}

static void write_line(struct buf *out, const char *suffix, enum metric metric, const char *label,
                       double bound) {
    buf_printf(out, "%s%s", table[metric].name, suffix);
    write_labels(out, metric, label, bound);
    buf_char(out, ' ');
}

static void write_cell(struct buf *out, enum metric metric, const struct metric_cell *cell) {
    uint64_t below = 0;
    if (table[metric].kind != HISTOGRAM) {
        write_line(out, "", metric, cell->label, 0);
        buf_json_number(out, cell->value);
        buf_char(out, '\n');
        return;
    }
    for (int i = 0; i < BOUNDS; i++) {
        below += cell->buckets[i];
        write_line(out, "_bucket", metric, cell->label, bounds[i]);
        buf_printf(out, "%llu\n", (unsigned long long)below);
    }
    write_line(out, "_bucket", metric, cell->label, -1);
    buf_printf(out, "%llu\n", (unsigned long long)cell->count);
    write_line(out, "_sum", metric, cell->label, 0);
    buf_json_number(out, cell->value);
    buf_char(out, '\n');
    write_line(out, "_count", metric, cell->label, 0);
    buf_printf(out, "%llu\n", (unsigned long long)cell->count);
}

void metrics_write(const struct metrics *metrics, struct buf *out) {
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (metrics->cells[i] == NULL) {
            continue;
        }
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", table[i].name, table[i].help,
                   table[i].name, kinds[table[i].kind]);
        for (const struct metric_cell *c = metrics->cells[i]; c; c = c->next) {
            write_cell(out, (enum metric)i, c);
        }
    }
}
