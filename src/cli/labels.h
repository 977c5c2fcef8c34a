// Labelled answers of a file: CSV or NDJSON, a row for each item and tier.
//
//     item,tier,confidence,correct,cost
//     17,tiny,0.931,1,0.000001
//
// confidence is a probability or empty; correct is 1, 0, true or false; cost may be left out.
// `model` and `prompt`, where there are any, say which versions the answers came from.
#ifndef TASKFIT_CLI_LABELS_H
#define TASKFIT_CLI_LABELS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "quality/cascade.h"
#include "quality/certificate.h"

struct answer_field;
struct config;
struct config_path;
struct pg_session;
struct uuid;

// Of an answer of the database: places of what it said and of what is right among the labels of a
// field, and the path's rules that it broke, as bits.
struct labels_fact {
    uint32_t said, right, rules;
};

struct labels {
    struct cascade cascade;  // its items: those that every tier has an answer for
    uint64_t rows, items;    // of the file
    uint64_t others;         // answers of models or prompts that the path has no more
    bool costs;              // the file has them; else every answer costs 1
    // Count 0: the file does not say.
    struct certificate_versions models[CASCADE_TIERS_MOST], prompts[CASCADE_TIERS_MOST];
    char sha256[SHA256_HEX];  // of the file
    // Where facts were wanted: of the cascade's items, by tier.
    struct labels_fact *facts[CASCADE_TIERS_MOST];
    // Where words were wanted: of the cascade's items, the share of words that no other input has
    // (quality/vocabulary.h); NaN: its input was not kept.
    double *unknown;
    struct vocabulary vocabulary;
    const struct config_path *path;
    const struct answer_field *field;  // NULL: the path's answers have none with labels
};

// tiers: which and in which order, with commas; NULL: all, as they first appear. Names live in the
// arena. Errors (EX_NOINPUT, EX_DATAERR, EX_USAGE) name file and line.
bool labels_read(const char *file, const char *tiers, struct arena *arena, struct labels *labels,
                 struct err *err) MUST_CHECK;

// Those of the database: what the path's tiers said of jobs that have a label now.
struct labels_wanted {
    const struct config *config;
    const struct config_path *path;
    const struct uuid *batch;  // NULL: of any
    const char *tiers;         // as for labels_read; NULL: the path's
    bool all;                  // also of jobs that were not sent for all tiers
    bool facts, words;
    const char *field;         // of the facts; NULL: the first that has labels
};

bool labels_stored(const struct labels_wanted *wanted, struct pg_session *session,
                   struct arena *arena, struct labels *labels, struct err *err) MUST_CHECK;
void labels_fini(struct labels *labels);

#endif
