// A certificate, written: JSON for programs and files, a page for people.
#ifndef TASKFIT_CLI_CERTIFICATE_H
#define TASKFIT_CLI_CERTIFICATE_H

#include "base/buf.h"
#include "cli/labels.h"
#include "quality/tune.h"

struct certificate {
    const struct labels *labels;
    const struct tune_options *options;
    const struct tuned *tuned;
    int64_t created_ms;
};

// Why it was refused, in a sentence.
void certificate_reason(const struct certificate *certificate, struct buf *out);
void certificate_json(const struct certificate *certificate, struct buf *out);
void certificate_print(const struct certificate *certificate, struct arena *arena);

#endif
