#include "cli/labels_rows.h"

#include <string.h>
#include <sysexits.h>

#include "base/mem.h"

// --- the tiers

static int tier_find(const struct cascade *cascade, struct slice name) {
    for (uint32_t i = 0; i < cascade->tier_count; i++) {
        if (slice_is(name, cascade->tiers[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

static bool tier_add(struct labels_rows *r, struct slice name, struct err *err) {
    struct cascade *cascade = &r->labels->cascade;
    if (cascade->tier_count == CASCADE_TIERS_MOST) {
        return err_exit(err, EX_DATAERR, "more than %d tiers", CASCADE_TIERS_MOST);
    }
    cascade->tiers[cascade->tier_count++].name = arena_string(r->arena, name);
    return true;
}

bool labels_rows_name_tiers(struct labels_rows *r, const char *tiers, struct err *err) {
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

bool labels_rows_tier(struct labels_rows *r, struct slice name, int *place, struct err *err) {
    *place = tier_find(&r->labels->cascade, name);
    if (*place >= 0 || r->fixed) {
        return true;
    }
    *place = (int)r->labels->cascade.tier_count;
    return tier_add(r, name, err);
}

// --- the items

static void grow(struct labels_rows *r) {
    size_t old_count = r->slot_count;
    struct labels_slot *old = r->slots;
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

// Where it is, or would be.
static struct labels_slot *slot_of(const struct labels_rows *r, uint64_t hash) {
    size_t at = hash & (r->slot_count - 1);
    while (r->slots[at].item && r->slots[at].hash != hash) {
        at = (at + 1) & (r->slot_count - 1);
    }
    return &r->slots[at];
}

uint32_t labels_rows_item(struct labels_rows *r, struct slice name) {
    uint64_t hash = hash64(name, 0);
    if (2 * (size_t)r->items >= r->slot_count) {
        grow(r);
    }
    struct labels_slot *slot = slot_of(r, hash);
    if (!slot->item) {
        *slot = (struct labels_slot){hash, ++r->items};
    }
    return slot->item - 1;
}

bool labels_rows_find(const struct labels_rows *r, struct slice name, uint32_t *item) {
    const struct labels_slot *slot = r->slots ? slot_of(r, hash64(name, 0)) : NULL;
    *item = slot && slot->item ? slot->item - 1 : 0;
    return slot && slot->item;
}

bool labels_rows_see_version(struct labels_rows *r, struct certificate_versions *versions,
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

void labels_rows_add(struct labels_rows *r, const struct labels_row *row) {
    if (r->count == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 4096;
        r->rows = mem_realloc(r->rows, r->cap * sizeof(*r->rows));
    }
    r->rows[r->count++] = *row;
}

// --- from rows to the items that every tier has

bool labels_rows_settle(struct labels_rows *r, struct err *err) {
    struct labels *labels = r->labels;
    struct cascade *cascade = &labels->cascade;
    uint8_t *seen = mem_array(r->items + 1u, sizeof(*seen));  // a bit a tier
    uint32_t *place = mem_array(r->items + 1u, sizeof(*place));
    uint32_t whole = (1u << cascade->tier_count) - 1, count = 0;
    bool ok = true;
    for (size_t i = 0; i < r->count && ok; i++) {
        const struct labels_row *row = &r->rows[i];
        ok = (seen[row->item] & 1u << row->tier) == 0;
        seen[row->item] |= (uint8_t)(1u << row->tier);
        if (!ok) {
            err_exit(err, EX_DATAERR, "%s: an item has two answers of tier %s", r->source,
                     cascade->tiers[row->tier].name);
        }
    }
    for (uint32_t i = 0; i < r->items; i++) {
        place[i] = seen[i] == whole ? count++ : UINT32_MAX;
    }
    labels->items = r->items;
    cascade_init(cascade, count);
    for (uint32_t tier = 0; tier < cascade->tier_count && r->facts; tier++) {
        labels->facts[tier] = mem_array(count + 1u, sizeof(*labels->facts[tier]));
    }
    labels->unknown = r->unknown ? mem_array(count + 1u, sizeof(*labels->unknown)) : NULL;
    for (uint32_t i = 0; i < r->items && r->unknown; i++) {
        labels->unknown[place[i] < count ? place[i] : count] = r->unknown[i];
    }
    for (size_t i = 0; i < r->count; i++) {
        const struct labels_row *row = &r->rows[i];
        struct cascade_tier *tier = &cascade->tiers[row->tier];
        if (place[row->item] != UINT32_MAX) {
            tier->raw[place[row->item]] = row->confidence;
            tier->correct[place[row->item]] = row->correct;
            tier->cost[place[row->item]] = labels->costs ? row->cost : 1;
        }
        if (place[row->item] != UINT32_MAX && r->facts) {
            labels->facts[row->tier][place[row->item]] = row->fact;
        }
    }
    mem_free(seen);
    mem_free(place);
    if (ok && count == 0) {
        ok = err_exit(err, EX_DATAERR, r->count == 0
                          ? "%s: there is no row in it that counts"
                          : "%s: no item has an answer of every tier; name fewer with --tiers",
                      r->source);
    }
    return ok;
}

void labels_rows_fini(struct labels_rows *r) {
    mem_free(r->rows);
    mem_free(r->slots);
    mem_free(r->unknown);
}

void labels_fini(struct labels *labels) {
    for (uint32_t tier = 0; tier < CASCADE_TIERS_MOST; tier++) {
        mem_free(labels->facts[tier]);
    }
    mem_free(labels->unknown);
    cascade_fini(&labels->cascade);
}
