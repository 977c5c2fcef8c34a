// What the answers of the database tell beside their confidences: which classes are taken for which
// others, and what the path's rules caught and cost.
#ifndef TASKFIT_CLI_QUALITY_DETAIL_H
#define TASKFIT_CLI_QUALITY_DETAIL_H

#include "cli/quality.h"

// Nothing where the labels have no facts.
void quality_detail_measure(const struct labels *labels, struct quality_report *report);
void quality_detail_fini(struct quality_report *report);

void quality_detail_print(const struct quality_report *report);
void quality_detail_page(const struct quality_report *report, struct buf *out);  // HTML
// Members of a tier's object.
void quality_detail_json(const struct quality_report *report, const struct quality_tier *tier,
                         struct buf *out);

#endif
