// What accuracy costs, told: a plot of text and a table for people, CSV, JSON, or a plot as SVG.
#ifndef TASKFIT_CLI_FRONTIER_REPORT_H
#define TASKFIT_CLI_FRONTIER_REPORT_H

#include "base/buf.h"
#include "cli/labels.h"
#include "quality/frontier.h"

// In the order of the option --format; as none is asked for, a plot on a terminal and else CSV.
enum frontier_format {
    FRONTIER_AUTO, FRONTIER_PLOT, FRONTIER_CSV, FRONTIER_JSON, FRONTIER_SVG
};
#define FRONTIER_FORMATS "auto plot csv json svg"

struct frontier_report {
    const struct labels *labels;
    const struct frontier *frontier;
    uint64_t seed;
    int64_t created_ms;
};

void frontier_report_print(const struct frontier_report *report, struct arena *arena);
void frontier_report_csv(const struct frontier_report *report, struct buf *out);
void frontier_report_json(const struct frontier_report *report, struct buf *out);
void frontier_report_svg(const struct frontier_report *report, struct buf *out);

const char *frontier_report_tier(const struct frontier_report *report,
                                 const struct frontier_point *point, uint32_t place);

// The axes that all of it fits into: cost from 0 on, and accuracy.
struct plot;
struct plot frontier_report_plot(const struct frontier_report *report);

#endif
