#include "cli/labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/json.h"
#include "base/line.h"
#include "base/mem.h"
#include "cli/records.h"

enum { ROW_BYTES = 64 << 10, NAME_MOST = 256, SHOWN = 60 };

// An answer as it was read; the items' numbers are in the order of their first appearance.
struct row {
    double confidence, cost;
    uint32_t item;
    uint8_t tier;
    bool correct;
};

struct slot {
    uint64_t hash;
    uint32_t item;  // + 1; 0: free
};

struct reading {
    const char *file;
    bool fixed;  // the tiers were named
    struct arena *arena;
    struct labels *labels;
    struct arena_pool pool;
    struct row *rows;
    size_t row_count, row_cap;
    struct slot *slots;  // open addressing; two items of one 64-bit hash are one (base/set.h)
    size_t slot_count;
    uint32_t items;
};

// --- the tiers

static int tier_find(const struct cascade *cascade, struct slice name) {
    for (uint32_t i = 0; i < cascade->tier_count; i++) {
        if (slice_is(name, cascade->tiers[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

static bool tier_add(struct reading *r, struct slice name, struct err *err) {
    struct cascade *cascade = &r->labels->cascade;
    if (cascade->tier_count == CASCADE_TIERS_MOST) {
        return err_exit(err, EX_DATAERR, "more than %d tiers", CASCADE_TIERS_MOST);
    }
    cascade->tiers[cascade->tier_count++].name = arena_string(r->arena, name);
    return true;
}

static bool tiers_named(struct reading *r, const char *tiers, struct err *err) {
    while (tiers && *tiers) {
        struct slice name = {tiers, strcspn(tiers, ",")};
        if (name.len == 0 || tier_find(&r->labels->cascade, name) >= 0) {
            return err_exit(err, EX_USAGE, "--tiers: '%.*s' %s", SLICE_ARGS(name),
                            name.len == 0 ? "names no tier" : "is named twice");
        }
        if (!tier_add(r, name, err)) {
            return err_prefix(err, "--tiers");
        }
        tiers += name.len + (tiers[name.len] == ',');
        r->fixed = true;
    }
    return true;
}

// --- the items

static void grow(struct reading *r) {
    size_t old_count = r->slot_count;
    struct slot *old = r->slots;
    r->slot_count = old_count ? 2 * old_count : 1024;
    r->slots = mem_array(r->slot_count, sizeof(*r->slots));
    for (size_t i = 0; i < old_count; i++) {
        size_t at = old[i].hash & (r->slot_count - 1);
        while (old[i].item && r->slots[at].item) {
            at = (at + 1) & (r->slot_count - 1);
        }
        if (old[i].item) {
            r->slots[at] = old[i];
        }
    }
    mem_free(old);
}

static uint32_t item_of(struct reading *r, struct slice name) {
    uint64_t hash = hash64(name, 0);
    if (2 * (size_t)r->items >= r->slot_count) {
        grow(r);
    }
    size_t at = hash & (r->slot_count - 1);
    while (r->slots[at].item && r->slots[at].hash != hash) {
        at = (at + 1) & (r->slot_count - 1);
    }
    if (!r->slots[at].item) {
        r->slots[at] = (struct slot){hash, ++r->items};
    }
    return r->slots[at].item - 1;
}

// --- a row's members

struct members {
    const struct json *json;
    struct arena *arena;
};

// A member's text whether it was written as a string or not; absent: none, null or empty.
static struct slice member(const struct members *m, const char *key) {
    uint32_t node = json_get(m->json, 0, key);
    if (!node || json_type(m->json, node) == JSON_NULL) {
        return (struct slice){0};
    }
    struct slice text = json_type(m->json, node) == JSON_STRING
                            ? json_string(m->json, node, m->arena)
                            : json_raw(m->json, node);
    return text.len > 0 ? text : (struct slice){0};
}

static bool required(const struct members *m, const char *key, struct slice *text,
                     struct err *err) {
    *text = member(m, key);
    if (text->at && text->len <= NAME_MOST) {
        return true;
    }
    return text->at ? err_exit(err, EX_DATAERR, "'%s' has more than %d bytes", key, NAME_MOST)
                    : err_exit(err, EX_DATAERR, "no '%s'; wanted: item, tier, confidence, correct, "
                               "cost", key);
}

static bool is_number(struct slice text, double *value) {
    char copy[64], *end;
    if (text.len == 0 || text.len >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    *value = strtod(copy, &end);
    return end == copy + text.len && isfinite(*value);
}

static bool read_confidence(const struct members *m, struct row *row, struct err *err) {
    struct slice text = member(m, "confidence");
    row->confidence = NAN;
    if (text.at == NULL) {
        return true;
    }
    bool ok = is_number(text, &row->confidence);
    row->confidence = confidence_checked(row->confidence);
    return (ok && !isnan(row->confidence)) ||
           err_exit(err, EX_DATAERR, "confidence '%.*s' is no probability: from 0 to 1, or empty",
                    SLICE_ARGS(line_of(text, SHOWN, m->arena)));
}

static bool read_correct(const struct members *m, struct row *row, struct err *err) {
    static const char *const words[] = {"0", "1", "false", "true", "False", "True", "0.0", "1.0"};
    struct slice text;
    if (!required(m, "correct", &text, err)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_is(text, words[i])) {
            row->correct = i % 2 == 1;
            return true;
        }
    }
    return err_exit(err, EX_DATAERR, "correct '%.*s' is neither 1, 0, true nor false",
                    SLICE_ARGS(line_of(text, SHOWN, m->arena)));
}

static bool read_cost(const struct members *m, struct labels *labels, struct row *row,
                      struct err *err) {
    struct slice text = member(m, "cost");
    row->cost = 0;
    if (text.at == NULL) {
        return true;
    }
    labels->costs = true;
    return (is_number(text, &row->cost) && row->cost >= 0) ||
           err_exit(err, EX_DATAERR, "cost '%.*s' is no number from 0 on",
                    SLICE_ARGS(line_of(text, SHOWN, m->arena)));
}

static bool see_version(struct reading *r, struct certificate_versions *versions,
                        struct slice name, struct err *err) {
    if (name.at == NULL || certificate_versions_has(versions, name)) {
        return true;
    }
    if (versions->count == CERTIFICATE_VERSIONS_MOST) {
        return err_exit(err, EX_DATAERR, "more than %d versions of a tier's models or prompts",
                        CERTIFICATE_VERSIONS_MOST);
    }
    versions->names[versions->count++] = arena_slice(r->arena, name);
    return true;
}

// --- rows

static void row_add(struct reading *r, const struct row *row) {
    if (r->row_count == r->row_cap) {
        r->row_cap = r->row_cap ? 2 * r->row_cap : 4096;
        r->rows = mem_realloc(r->rows, r->row_cap * sizeof(*r->rows));
    }
    r->rows[r->row_count++] = *row;
}

static bool read_members(struct reading *r, const struct members *m, struct err *err) {
    struct slice item, tier;
    struct row row;
    if (!required(m, "item", &item, err) || !required(m, "tier", &tier, err)) {
        return false;
    }
    int place = tier_find(&r->labels->cascade, tier);
    if (place < 0 && r->fixed) {
        return true;  // a tier that was not named
    }
    if (!read_confidence(m, &row, err) || !read_correct(m, &row, err) ||
        !read_cost(m, r->labels, &row, err) || (place < 0 && !tier_add(r, tier, err))) {
        return false;
    }
    row.tier = (uint8_t)(place < 0 ? (int)r->labels->cascade.tier_count - 1 : place);
    row.item = item_of(r, item);
    row_add(r, &row);
    return see_version(r, &r->labels->models[row.tier], member(m, "model"), err) &&
           see_version(r, &r->labels->prompts[row.tier], member(m, "prompt"), err);
}

static bool read_record(void *owner, const struct source_record *record, struct err *err) {
    struct reading *r = owner;
    struct arena arena;
    struct json json;
    arena_init(&arena, &r->pool);
    const struct members m = {&json, &arena};
    bool ok = json_parse(&json, record->input, &json_default_limits, &arena, err) &&
              read_members(r, &m, err);
    arena_fini(&arena);
    r->labels->rows++;
    return ok;
}

// --- from rows to the items that every tier has

static bool settle(struct reading *r, struct err *err) {
    struct labels *labels = r->labels;
    struct cascade *cascade = &labels->cascade;
    uint8_t *seen = mem_array(r->items + 1u, sizeof(*seen));  // a bit a tier
    uint32_t *place = mem_array(r->items + 1u, sizeof(*place));
    uint32_t whole = (1u << cascade->tier_count) - 1, count = 0;
    bool ok = true;
    for (size_t i = 0; i < r->row_count && ok; i++) {
        const struct row *row = &r->rows[i];
        ok = (seen[row->item] & 1u << row->tier) == 0;
        seen[row->item] |= (uint8_t)(1u << row->tier);
        if (!ok) {
            err_exit(err, EX_DATAERR, "%s: an item has two answers of tier %s", r->file,
                     cascade->tiers[row->tier].name);
        }
    }
    for (uint32_t i = 0; i < r->items; i++) {
        place[i] = seen[i] == whole ? count++ : UINT32_MAX;
    }
    labels->items = r->items;
    cascade_init(cascade, count);
    for (size_t i = 0; i < r->row_count; i++) {
        const struct row *row = &r->rows[i];
        struct cascade_tier *tier = &cascade->tiers[row->tier];
        if (place[row->item] != UINT32_MAX) {
            tier->raw[place[row->item]] = row->confidence;
            tier->correct[place[row->item]] = row->correct;
            tier->cost[place[row->item]] = labels->costs ? row->cost : 1;
        }
    }
    mem_free(seen);
    mem_free(place);
    if (ok && count == 0) {
        ok = err_exit(err, EX_DATAERR, r->row_count == 0
                          ? "%s: there is no row in it that counts"
                          : "%s: no item has an answer of every tier; name fewer with --tiers",
                      r->file);
    }
    return ok;
}

bool labels_read(const char *file, const char *tiers, struct arena *arena, struct labels *labels,
                 struct err *err) {
    bool is_stdin = strcmp(file, "-") == 0;
    struct reading r = {.file = is_stdin ? "standard input" : file, .arena = arena,
                        .labels = labels};
    struct sha256 sha;
    struct records_options options = {.file = file, .row_bytes = ROW_BYTES, .sha = &sha};
    *labels = (struct labels){0};
    arena_pool_init(&r.pool, 1 << 16);
    sha256_init(&sha);
    bool ok = tiers_named(&r, tiers, err) && records_read(&options, read_record, &r, err) &&
              settle(&r, err);
    unsigned char digest[SHA256_BYTES];
    sha256_final(&sha, digest);
    sha256_to_hex(digest, labels->sha256);
    mem_free(r.rows);
    mem_free(r.slots);
    arena_pool_fini(&r.pool);
    return ok;
}

void labels_fini(struct labels *labels) {
    cascade_fini(&labels->cascade);
}
