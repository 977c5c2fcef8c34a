// A rules file held against its own examples, and the fields it reads against those there are.
#ifndef TASKFIT_CLI_RULE_CHECK_H
#define TASKFIT_CLI_RULE_CHECK_H

#include "base/json.h"
#include "fleet/rules.h"
#include "job/policy.h"

enum { RULE_FIELDS_MOST = 4096 };

// Names of fields that a rule may read; views of what they were taken from.
struct rule_fields {
    const char **names;
    size_t count;
    bool full;  // more than RULE_FIELDS_MOST: nothing is unknown
    struct arena *arena;
};

void rule_fields_init(struct rule_fields *fields, struct arena *arena);
// The keys of every object in a document, which must be JSON.
void rule_fields_add(struct rule_fields *fields, struct slice document);
// Those of the examples; and of an answer's form, NULL: not known.
void rule_fields_add_known(struct rule_fields *fields, const struct rules *rules,
                           const struct answer_form *form);

// One fault, which begins with file and line.
typedef void rule_fault(void *owner, const char *text);

// Examples that do not do what they say. Returns how many.
uint32_t rule_check_examples(const struct rules *rules, struct arena *arena, rule_fault *fault,
                             void *owner);
// Fields that the program reads, `.name`, and that are not among those known: a slip in a name
// reads null, and the rule then never breaks. Told once each. Returns how many.
uint32_t rule_check_fields(const struct rules *rules, const struct rule_fields *fields,
                           rule_fault *fault, void *owner);

#endif
