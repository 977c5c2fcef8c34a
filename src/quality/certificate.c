#include "quality/certificate.h"

#include <float.h>
#include <math.h>
#include <sysexits.h>

#include "base/hash.h"
#include "base/json.h"
#include "quality/calibrate.h"

enum { VERSION_HEX = 16, NODES_MOST = 1 << 20, DEPTH_MOST = 8 };

bool certificate_versions_has(const struct certificate_versions *versions, struct slice name) {
    for (uint32_t i = 0; i < versions->count; i++) {
        if (slice_equal(versions->names[i], name)) {
            return true;
        }
    }
    return false;
}

struct reading {
    const struct json *json;
    struct arena *arena;
    struct certificate *certificate;
};

// --- members: `of` names the object in errors

static bool is_null(const struct reading *r, uint32_t node) {
    return node == 0 || json_type(r->json, node) == JSON_NULL;
}

// A share, from 0 to 1; null and absent: NaN.
static bool read_share(const struct reading *r, uint32_t object, const char *key, double *value,
                       struct err *err) {
    uint32_t node = json_get(r->json, object, key);
    *value = NAN;
    if (is_null(r, node)) {
        return true;
    }
    return (json_number(r->json, node, value) && *value >= 0 && *value <= 1) ||
           err_exit(err, EX_CONFIG, "'%s' is no number from 0 to 1", key);
}

static bool read_bool(const struct reading *r, uint32_t object, const char *key, bool *value,
                      struct err *err) {
    uint32_t node = json_get(r->json, object, key);
    enum json_type type = node ? json_type(r->json, node) : JSON_NULL;
    *value = type == JSON_TRUE;
    return type == JSON_TRUE || type == JSON_FALSE ||
           err_exit(err, EX_CONFIG, "'%s' is neither true nor false", key);
}

static bool read_text(const struct reading *r, uint32_t object, const char *key,
                      struct slice *text, struct err *err) {
    uint32_t node = json_get(r->json, object, key);
    if (node == 0 || json_type(r->json, node) != JSON_STRING) {
        return err_exit(err, EX_CONFIG, "'%s' is no text", key);
    }
    *text = json_string(r->json, node, r->arena);
    return true;
}

static bool read_real(const struct reading *r, uint32_t object, const char *key, double *value,
                      struct err *err) {
    uint32_t node = json_get(r->json, object, key);
    return (node && json_number(r->json, node, value) && isfinite(*value)) ||
           err_exit(err, EX_CONFIG, "'%s' is no number", key);
}

// Absent: none.
static bool read_versions(const struct reading *r, uint32_t tier, const char *key,
                          struct certificate_versions *versions, struct err *err) {
    uint32_t list = json_get(r->json, tier, key);
    versions->count = 0;
    if (is_null(r, list)) {
        return true;
    }
    if (json_type(r->json, list) != JSON_ARRAY) {
        return err_exit(err, EX_CONFIG, "'%s' is no list", key);
    }
    for (uint32_t i = json_first(r->json, list); i; i = json_after(r->json, list, i)) {
        if (versions->count == CERTIFICATE_VERSIONS_MOST ||
            json_type(r->json, i) != JSON_STRING) {
            return err_exit(err, EX_CONFIG, "'%s' is no list of up to %d texts", key,
                            CERTIFICATE_VERSIONS_MOST);
        }
        versions->names[versions->count++] = json_string(r->json, i, r->arena);
    }
    return true;
}

// --- calibrations

static bool step_read(const struct reading *r, uint32_t pair, double step[2]) {
    return json_type(r->json, pair) == JSON_ARRAY &&
           json_number(r->json, json_at(r->json, pair, 0), &step[0]) &&
           json_number(r->json, json_at(r->json, pair, 1), &step[1]) &&
           step[0] >= 0 && step[0] <= 1 && step[1] >= 0 && step[1] <= 1;
}

// Both columns rise, or a threshold on raw confidence would not be one on the calibrated.
static bool steps_read(const struct reading *r, uint32_t object, struct calibration *c,
                       struct err *err) {
    uint32_t list = json_get(r->json, object, "steps");
    uint32_t count = 0, most = list ? r->json->nodes[list].count : 0;
    double *from = arena_alloc(r->arena, (most + 1) * sizeof(*from));
    double *to = arena_alloc(r->arena, (most + 1) * sizeof(*to));
    bool ok = list && json_type(r->json, list) == JSON_ARRAY && most > 0;
    for (uint32_t i = ok ? json_first(r->json, list) : 0; i && ok;
         i = json_after(r->json, list, i)) {
        double step[2];
        ok = step_read(r, i, step) && (count == 0 || (step[0] > from[count - 1] &&
                                                      step[1] >= to[count - 1]));
        from[count] = ok ? step[0] : 0;
        to[count] = ok ? step[1] : 0;
        count++;
    }
    c->from = from;
    c->to = to;
    c->steps = count;
    return ok || err_exit(err, EX_CONFIG, "'steps' is no list of rising pairs from 0 to 1");
}

static bool kind_read(const struct reading *r, uint32_t object, enum calibration_kind *kind,
                      struct err *err) {
    struct slice name = {0};
    if (!read_text(r, object, "kind", &name, err)) {
        return false;
    }
    for (int k = 0; k < CALIBRATE_KINDS; k++) {
        if (slice_is(name, calibrate_kind_name((enum calibration_kind)k))) {
            *kind = (enum calibration_kind)k;
            return true;
        }
    }
    return err_exit(err, EX_CONFIG, "'kind' is none of none, platt and isotonic");
}

static bool calibration_read(const struct reading *r, uint32_t tier, struct calibration *c,
                             struct err *err) {
    uint32_t object = json_get(r->json, tier, "calibration");
    if (object == 0 || json_type(r->json, object) != JSON_OBJECT) {
        return err_exit(err, EX_CONFIG, "there is no 'calibration'");
    }
    *c = (struct calibration){.version = r->certificate->version};
    if (!kind_read(r, object, &c->kind, err)) {
        return err_prefix(err, "calibration");
    }
    switch (c->kind) {
    case CALIBRATION_IDENTITY:
        return true;
    case CALIBRATION_PLATT:
        return (read_real(r, object, "a", &c->a, err) && read_real(r, object, "b", &c->b, err) &&
                (c->a >= 0 || err_exit(err, EX_CONFIG, "'a' is below 0"))) ||
               err_prefix(err, "calibration");
    case CALIBRATION_ISOTONIC:
        return steps_read(r, object, c, err) || err_prefix(err, "calibration");
    }
    return false;
}

// --- confidences

static bool numbers_read(const struct reading *r, uint32_t object, const char *key,
                         double numbers[DRIFT_BINS], uint32_t *count) {
    uint32_t list = json_get(r->json, object, key);
    *count = 0;
    if (list == 0 || json_type(r->json, list) != JSON_ARRAY) {
        return false;
    }
    for (uint32_t i = json_first(r->json, list); i; i = json_after(r->json, list, i)) {
        if (*count == DRIFT_BINS || !json_number(r->json, i, &numbers[*count]) ||
            !(numbers[*count] >= 0 && numbers[*count] <= 1)) {
            return false;
        }
        ++*count;
    }
    return true;
}

// Absent: drift is not watched.
static bool confidences_read(const struct reading *r, uint32_t tier, struct drift_spread *spread,
                             struct err *err) {
    uint32_t object = json_get(r->json, tier, "confidences"), edges;
    double from[DRIFT_BINS];
    *spread = (struct drift_spread){.bins = 0};
    if (is_null(r, object)) {
        return true;
    }
    bool ok = numbers_read(r, object, "share", spread->share, &spread->bins) &&
              numbers_read(r, object, "from", from, &edges) &&
              edges + 1 == (spread->bins > 0 ? spread->bins : 1);
    for (uint32_t i = 0; ok && i < edges; i++) {
        ok = i == 0 || from[i] > from[i - 1];
        spread->from[i] = from[i];
    }
    return ok || err_exit(err, EX_CONFIG, "'confidences' are no rising 'from' and, one more, "
                          "'share', of up to %d", DRIFT_BINS);
}

// --- words

// Absent: it is not known how many are new.
static bool unknown_read(const struct reading *r, uint32_t tier, struct drift_spread *spread,
                         struct err *err) {
    double share;
    *spread = (struct drift_spread){.bins = 0};
    if (!read_share(r, tier, "unknown_words", &share, err)) {
        return false;
    }
    if (!isnan(share)) {
        drift_spread_of_share(share, spread);
    }
    return true;
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool bits_read(struct slice hex, struct arena *arena, struct vocabulary *vocabulary) {
    uint32_t log2 = VOCABULARY_LOG2_MOST;
    while (log2 > 3 && (size_t)1 << log2 > 4 * hex.len) {
        log2--;
    }
    unsigned char *bits = arena_alloc(arena, hex.len / 2 + 1);
    bool ok = (size_t)1 << log2 == 4 * hex.len;
    for (size_t i = 0; i < hex.len / 2 && ok; i++) {
        int high = hex_digit(hex.at[2 * i]), low = hex_digit(hex.at[2 * i + 1]);
        ok = high >= 0 && low >= 0;
        bits[i] = (unsigned char)(ok ? high << 4 | low : 0);
    }
    *vocabulary = (struct vocabulary){bits, log2};
    return ok;
}

// Absent: no word is known, and none is told of.
static bool words_read(const struct reading *r, struct err *err) {
    struct slice hex = {0};
    if (is_null(r, json_get(r->json, 0, "words"))) {
        return true;
    }
    return read_text(r, 0, "words", &hex, err) &&
           (bits_read(hex, r->arena, &r->certificate->vocabulary) ||
            err_exit(err, EX_CONFIG, "'words' are no 2 to %d hexadecimal digits, of a number that "
                     "is a power of 2", (1 << VOCABULARY_LOG2_MOST) / 4));
}

// --- tiers

static bool tier_read(const struct reading *r, uint32_t node, struct certificate_tier *tier,
                      struct err *err) {
    struct certificate *c = r->certificate;
    struct slice name = {0};
    if (json_type(r->json, node) != JSON_OBJECT || !read_text(r, node, "tier", &name, err)) {
        return err_exit(err, EX_CONFIG, "a tier has no name");
    }
    if (certificate_tier_find(c, arena_string(r->arena, name))) {
        return err_exit(err, EX_CONFIG, "tier '%.*s' is there twice", SLICE_ARGS(name));
    }
    tier->name = arena_string(r->arena, name);
    if (!read_bool(r, node, "used", &tier->used, err) ||
        !read_share(r, node, "threshold", &tier->threshold, err) ||
        !calibration_read(r, node, &tier->calibration, err) ||
        !confidences_read(r, node, &tier->confidences, err) ||
        !unknown_read(r, node, &tier->unknown, err) ||
        !read_versions(r, node, "models", &tier->models, err) ||
        !read_versions(r, node, "prompts", &tier->prompts, err)) {
        return err_prefix(err, "tier '%s'", tier->name);
    }
    tier->used = tier->used && !isnan(tier->threshold);
    if (tier->used) {
        tier->calibration.threshold_raw = tier->threshold;
        tier->calibration.threshold = c->tau;
    }
    return true;
}

static bool tiers_read(const struct reading *r, struct err *err) {
    struct certificate *c = r->certificate;
    uint32_t list = json_get(r->json, 0, "tiers");
    uint32_t used = 0;
    if (list == 0 || json_type(r->json, list) != JSON_ARRAY) {
        return err_exit(err, EX_CONFIG, "there are no 'tiers'");
    }
    for (uint32_t i = json_first(r->json, list); i; i = json_after(r->json, list, i)) {
        if (c->tier_count == PATH_TIERS_MOST) {
            return err_exit(err, EX_CONFIG, "more than %d tiers", PATH_TIERS_MOST);
        }
        if (!tier_read(r, i, &c->tiers[c->tier_count], err)) {
            return false;
        }
        used += c->tiers[c->tier_count++].used;
    }
    return used > 0 || err_exit(err, EX_CONFIG, "none of its tiers accepts anything");
}

// --- the whole

static bool refusal_read(const struct reading *r, struct err *err) {
    struct slice reason = {0};
    bool refused = false;
    if (!read_bool(r, 0, "refused", &refused, err)) {
        return false;
    }
    if (!refused) {
        return true;
    }
    return read_text(r, 0, "reason", &reason, err) &&
           err_exit(err, EX_CONFIG, "it is refused: %.*s", SLICE_ARGS(reason));
}

static bool whole_read(const struct reading *r, struct err *err) {
    struct certificate *c = r->certificate;
    if (json_type(r->json, 0) != JSON_OBJECT || json_get(r->json, 0, "tiers") == 0) {
        return err_exit(err, EX_CONFIG, "this is no certificate of `taskfit tune`");
    }
    if (!refusal_read(r, err) || !read_share(r, 0, "risk", &c->risk, err) ||
        !read_share(r, 0, "delta", &c->delta, err) || !read_share(r, 0, "tau", &c->tau, err)) {
        return false;
    }
    c->promises = !isnan(c->risk);
    if (isnan(c->tau)) {
        return err_exit(err, EX_CONFIG, "there is no 'tau'");
    }
    c->tau = fmax(c->tau, DBL_MIN);  // a path's 0 would let stand what has no confidence
    if (c->promises && !(c->risk > 0 && c->risk < 1 && c->delta > 0 && c->delta < 1)) {
        return err_exit(err, EX_CONFIG, "'risk' and 'delta' lie between 0 and 1");
    }
    return words_read(r, err) && tiers_read(r, err);
}

bool certificate_read(struct slice text, struct arena *arena, struct certificate *certificate,
                      struct err *err) {
    static const struct json_limits limits = {.depth = DEPTH_MOST, .nodes = NODES_MOST};
    struct json json;
    char hex[SHA256_HEX];
    *certificate = (struct certificate){.text = text};
    if (!json_parse(&json, text, &limits, arena, err)) {
        struct err why = *err;
        return err_exit(err, EX_CONFIG, "this is no JSON: %s", why.text);
    }
    sha256_hex(text, hex);
    certificate->version = arena_string(arena, (struct slice){hex, VERSION_HEX});
    return whole_read(&(struct reading){&json, arena, certificate}, err);
}

const struct certificate_tier *certificate_tier_find(const struct certificate *certificate,
                                                     const char *name) {
    for (uint32_t i = 0; i < certificate->tier_count; i++) {
        if (strcmp(certificate->tiers[i].name, name) == 0) {
            return &certificate->tiers[i];
        }
    }
    return NULL;
}

void certificate_say(const struct certificate *c, struct buf *out) {
    if (c->promises) {
        buf_printf(out, "at most %g %% of what it accepts is wrong, with %g %% certainty",
                   100 * c->risk, 100 * (1 - c->delta));
    } else {
        buf_text(out, "no promise of how much is wrong");
    }
}
