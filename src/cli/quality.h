// What tiers' answers and confidences are worth, in all forms that it is told in.
#ifndef TASKFIT_CLI_QUALITY_H
#define TASKFIT_CLI_QUALITY_H

#include "base/buf.h"
#include "quality/cascade.h"
#include "quality/reliability.h"

struct quality_tier {
    const char *name;
    struct reliability raw;
    struct reliability calibrated;  // by the other half
};

struct quality_report {
    const char *source;  // what was looked at, for people
    size_t items;
    struct quality_tier tiers[CASCADE_TIERS_MOST];
    uint32_t tier_count;
    int64_t now_ms;
};

// A page with plots that needs nothing beside itself.
void quality_page(const struct quality_report *report, struct buf *out);

#endif
