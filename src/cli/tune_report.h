// A certificate, written: JSON for programs and files, a page for people.
#ifndef TASKFIT_CLI_TUNE_REPORT_H
#define TASKFIT_CLI_TUNE_REPORT_H

#include "base/buf.h"
#include "cli/labels.h"
#include "quality/tune.h"

struct tune_report {
    const struct labels *labels;
    const struct tune_options *options;
    const struct tuned *tuned;
    int64_t created_ms;
};

// Why it was refused, in a sentence.
void tune_report_reason(const struct tune_report *report, struct buf *out);
void tune_report_json(const struct tune_report *report, struct buf *out);
void tune_report_print(const struct tune_report *report, struct arena *arena);

#endif
