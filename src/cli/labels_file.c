#include "cli/labels_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/json.h"
#include "base/line.h"
#include "cli/records.h"

enum { ROW_BYTES = 64 << 10, NAME_MOST = 256, SHOWN = 60 };

struct reading {
    struct labels_rows rows;
    struct arena_pool pool;
};

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

static bool read_confidence(const struct members *m, struct labels_row *row, struct err *err) {
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

static bool read_correct(const struct members *m, struct labels_row *row, struct err *err) {
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

static bool read_cost(const struct members *m, struct labels *labels, struct labels_row *row,
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

// --- rows

static bool read_members(struct labels_rows *rows, const struct members *m, struct err *err) {
    struct slice item, tier;
    struct labels_row row;
    if (!required(m, "item", &item, err) || !required(m, "tier", &tier, err)) {
        return false;
    }
    int place;
    if (!labels_rows_tier(rows, tier, &place, err)) {
        return false;
    }
    if (place < 0) {
        return true;
    }
    if (!read_confidence(m, &row, err) || !read_correct(m, &row, err) ||
        !read_cost(m, rows->labels, &row, err)) {
        return false;
    }
    row.tier = (uint8_t)place;
    row.item = labels_rows_item(rows, item);
    labels_rows_add(rows, &row);
    return labels_rows_see_version(rows, &rows->labels->models[place], member(m, "model"), err) &&
           labels_rows_see_version(rows, &rows->labels->prompts[place], member(m, "prompt"), err);
}

static bool read_record(void *owner, const struct source_record *record, struct err *err) {
    struct reading *r = owner;
    struct arena arena;
    struct json json;
    arena_init(&arena, &r->pool);
    const struct members m = {&json, &arena};
    bool ok = json_parse(&json, record->input, &json_default_limits, &arena, err) &&
              read_members(&r->rows, &m, err);
    arena_fini(&arena);
    r->rows.labels->rows++;
    return ok;
}

bool labels_read(const char *file, const char *tiers, struct arena *arena, struct labels *labels,
                 struct err *err) {
    bool is_stdin = strcmp(file, "-") == 0;
    struct reading r = {.rows = {.source = is_stdin ? "standard input" : file, .arena = arena,
                                 .labels = labels}};
    struct sha256 sha;
    struct records_options options = {.file = file, .row_bytes = ROW_BYTES, .sha = &sha};
    *labels = (struct labels){0};
    arena_pool_init(&r.pool, 1 << 16);
    sha256_init(&sha);
    bool ok = labels_rows_name_tiers(&r.rows, tiers, err) &&
              records_read(&options, read_record, &r, err) && labels_rows_settle(&r.rows, err);
    unsigned char digest[SHA256_BYTES];
    sha256_final(&sha, digest);
    sha256_to_hex(digest, labels->sha256);
    labels_rows_fini(&r.rows);
    arena_pool_fini(&r.pool);
    return ok;
}
