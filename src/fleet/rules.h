// A path's rules run over an answer.
#ifndef TASKFIT_FLEET_RULES_H
#define TASKFIT_FLEET_RULES_H

#include "fleet/hop.h"

enum { RULE_VERDICTS_MOST = 32, RULE_NAME_BYTES = 64 };

// What a run writes to; kept from run to run.
struct rules_scratch {
    struct buf input, output;
};

// Breaches by the hop's attempt, in the order of the file, then those of names that the file does
// not declare, which escalate; the texts live in the hop's arena. A program that fails or gives no
// object is a breach of `rule.program`: what cannot be checked does not pass.
uint32_t rules_run(const struct config_path *path, struct hop *hop, struct rules_scratch *scratch,
                   struct rule_verdict verdicts[RULE_VERDICTS_MOST]);
void rules_fini(struct rules_scratch *scratch);

// 1 to RULE_NAME_BYTES of a-z, 0-9 and _: the part of a reason code after "rule.". Others are
// counted as rule.undeclared.
bool rule_name_good(struct slice name);

#endif
