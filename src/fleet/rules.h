// Rules: what no confidence may override, as a jq program with declarations in its comments.
//
//     # rule NAME SEVERITY: text for people
//     #   breaks {"input": …, "answer": …}     an example that must break it
//     #   holds  {"input": …, "answer": …}     one that must not
//     jq: {input, answer, confidence, hop, tier, path} → {NAME: breach, …}
//
// A breach is anything but false and null; a text in place of true is told instead of the
// declaration's.
#ifndef TASKFIT_FLEET_RULES_H
#define TASKFIT_FLEET_RULES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "job/decide.h"

struct jq;

enum {
    RULE_VERDICTS_MOST = 32,
    RULES_MOST = RULE_VERDICTS_MOST - 1,  // one verdict is left for what is not declared
    RULE_NAME_BYTES = 64,
    RULE_EXAMPLES_MOST = 256,
};

enum rule_severity { RULE_ESCALATE, RULE_REVIEW, RULE_DEAD, RULE_NOTE };

struct rule {
    const char *name;  // reason code: rule.<name>
    const char *text;  // for people
    enum rule_severity severity;
};

// What rules are about.
struct rules_subject {
    struct slice input, answer;  // JSON
    double confidence;
    uint32_t hop;
    struct slice tier, path;
};

struct json;

// From an object with the members that rules see; what it leaves out: confidence 1, hop 0, tier and
// path "". known: how many of its members these are. NULL, or what is wrong with it: input and
// answer must be there, for a rule that sees null where the data have a value is not tried.
const char *rules_subject_read(const struct json *json, struct arena *arena,
                               struct rules_subject *subject, uint32_t *known);

struct rule_example {
    uint32_t rule;  // its place in the table
    bool breaks;
    int line;
    struct rules_subject subject;
};

struct rules {
    const char *file;
    struct slice text;  // of the whole file
    struct jq *program;
    const struct rule *table;
    uint32_t count;
    const struct rule_example *examples;
    uint32_t example_count;
};

// Reads a file of at most `most` bytes. All but the program lives in the arena, which must outlive
// the rules. Errors (EX_NOINPUT, EX_CONFIG) name file and line.
bool rules_load(struct rules *rules, const char *file, size_t most, struct arena *arena,
                struct err *err) MUST_CHECK;
void rules_unload(const struct rules *rules);

const char *rule_severity_name(enum rule_severity severity);

// What a run writes to; kept from run to run.
struct rules_scratch {
    struct buf input, output;
};

// Breaches, in the order of the file, then those of names that the file does not declare, which
// escalate; their texts live in the arena. No program, or no answer: none. A program that fails or
// gives no object is a breach of `rule.program`: what cannot be checked does not pass.
uint32_t rules_run(const struct rules *rules, const struct rules_subject *subject,
                   struct arena *arena, struct rules_scratch *scratch,
                   struct rule_verdict verdicts[RULE_VERDICTS_MOST]);
void rules_fini(struct rules_scratch *scratch);

// The place in the table of a verdict's code, rule.<name>; -1: it is not declared.
int rules_place(const struct rules *rules, struct slice code);

// 1 to RULE_NAME_BYTES of a-z, 0-9 and _: the part of a reason code after "rule.". Others are
// counted as rule.undeclared.
bool rule_name_good(struct slice name);

#endif
