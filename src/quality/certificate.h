// A certificate as `taskfit tune` wrote it: which tiers, how their confidence is calibrated, from
// which raw confidence on an answer stands, and what is promised of it.
#ifndef TASKFIT_QUALITY_CERTIFICATE_H
#define TASKFIT_QUALITY_CERTIFICATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "job/confidence.h"
#include "quality/drift.h"
#include "quality/vocabulary.h"

enum { CERTIFICATE_VERSIONS_MOST = 8, CERTIFICATE_BYTES_MOST = 4 << 20 };

// Models (name@version) or prompts (hashes) that the labelled answers came from.
struct certificate_versions {
    struct slice names[CERTIFICATE_VERSIONS_MOST];
    uint32_t count;
};

bool certificate_versions_has(const struct certificate_versions *versions, struct slice name);

struct certificate_tier {
    const char *name;
    bool used;
    double threshold;  // raw; NaN: accepts nothing
    struct calibration calibration;  // with the certificate's version and this threshold
    struct drift_spread confidences;  // raw, of those that came so far
    struct drift_spread unknown;      // words that are new, likewise
    struct certificate_versions models, prompts;
};

struct certificate {
    const char *version;  // first 16 hex digits of the SHA-256 of its text
    struct slice text;
    bool promises;        // a share of errors; else it is the best for a cost, or the cheapest
    double risk, delta;   // of the promise
    double tau;           // the threshold as calibrated confidence: the same of all tiers
    struct certificate_tier tiers[PATH_TIERS_MOST];  // used ones first, in the order of asking
    uint32_t tier_count;
    struct vocabulary vocabulary;  // of the labelled inputs
};

// Everything lives in the arena, of which text is a part. Errors (EX_CONFIG) say what is wrong, and
// of a refused certificate why it was; they do not name the file.
bool certificate_read(struct slice text, struct arena *arena, struct certificate *certificate,
                      struct err *err) MUST_CHECK;

// What is promised, in words.
void certificate_say(const struct certificate *certificate, struct buf *out);

// NULL: it has no such tier.
const struct certificate_tier *certificate_tier_find(const struct certificate *certificate,
                                                     const char *name);

#endif
