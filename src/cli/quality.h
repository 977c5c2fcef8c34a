// What tiers' answers and confidences are worth, in all forms that it is told in.
#ifndef TASKFIT_CLI_QUALITY_H
#define TASKFIT_CLI_QUALITY_H

#include "base/buf.h"
#include "cli/labels.h"
#include "fleet/rules.h"
#include "quality/classes.h"
#include "quality/reliability.h"

// A rule at one tier.
struct quality_rule {
    uint64_t hits, wrong;     // answers that broke it; of them
    double later_cost;        // of later tiers' answers to the hits
    double for_nothing;       // to those of them that were right
};

struct quality_tier {
    const char *name;
    struct reliability raw;
    struct reliability calibrated;  // by the other half
    struct classes classes;         // of the report's field
    uint64_t wrong;
    struct quality_rule rules[RULES_MOST];
};

struct quality_report {
    const char *source;  // what was looked at, for people
    const struct labels *labels;
    struct quality_tier tiers[CASCADE_TIERS_MOST];
    uint32_t tier_count;
    int64_t now_ms;
    // NULL: nothing is known of classes, or of rules.
    const struct answer_field *field;
    const struct rules *rules;
    bool costs;  // answers have prices
};

// A page with plots that needs nothing beside itself.
void quality_page(const struct quality_report *report, struct buf *out);

#endif
