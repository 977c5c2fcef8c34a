#include "base/conf.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/conf_value.h"
#include "base/file.h"
#include "base/utf8.h"

enum {
    NAMES_MOST = 64,
    NAME_BYTES = 64,
    SHOWN_BYTES = 60,  // of a value in an error
    SECRET_BYTES = 64 << 10,
};

const struct conf_node *conf_get(const struct conf_node *map, const char *key) {
    if (map == NULL || map->type != CONF_MAP) {
        return NULL;
    }
    for (const struct conf_node *child = map->children; child; child = child->next) {
        if (strcmp(child->key, key) == 0) {
            return child;
        }
    }
    return NULL;
}

bool conf_error(const struct conf_node *node, struct err *err, const char *format, ...) {
    char text[sizeof(err->text)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return err_exit(err, EX_CONFIG, "%s:%d: %s%s%s", node->file, node->line,
                    node->key ? node->key : "", node->key ? ": " : "", text);
}

const char *conf_shown(const struct conf_node *node, char out[CONF_SHOWN]) {
    if (node->replaced) {
        return "'${…}'";
    }
    struct slice text = slice_of(node->text);
    size_t len = 0;
    while (len < text.len) {
        size_t size = utf8_length(text, len);
        if (size == 0 || len + size > SHOWN_BYTES) {
            break;
        }
        len += size;
    }
    snprintf(out, CONF_SHOWN, "'%.*s%s'", (int)len, text.at, len < text.len ? "…" : "");
    for (char *p = out; *p; p++) {
        if (iscntrl((unsigned char)*p)) {
            *p = ' ';
        }
    }
    return out;
}

// --- near matches

static size_t least_of(size_t a, size_t b) {
    return a < b ? a : b;
}

// Letters put in, left out, changed or swapped with their neighbour (optimal string alignment).
static size_t distance(const char *a, const char *b) {
    size_t rows[3][NAME_BYTES + 1];
    size_t a_len = strlen(a), b_len = strlen(b);
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            row[j] = least_of(least_of(row[j - 1], above[j]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least_of(row[j], above2[j - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}

const char *conf_nearest(const char *name, const char *const *names, size_t count) {
    const char *nearest = NULL;
    size_t len = strlen(name);
    if (len > NAME_BYTES) {
        return NULL;
    }
    // One slip for every three letters: 'ley' is near 'key', 'x' is near nothing longer than one.
    size_t most = len < 3 ? 1 : len < 9 ? len / 3 : 3;
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) > NAME_BYTES || (len < 3 && strlen(names[i]) < 2)) {
            continue;
        }
        size_t slips = distance(name, names[i]);
        if (slips <= most && slips < len) {
            nearest = names[i];
            most = slips == 0 ? 0 : slips - 1;
            if (slips <= 1) {
                break;
            }
        }
    }
    return nearest;
}

// --- filling

static const struct conf_row *row_find(const struct conf_table *table, const char *key,
                                       bool *in_file) {
    size_t len = strlen(key);
    for (size_t i = 0; i < table->row_count; i++) {
        const struct conf_row *row = &table->rows[i];
        if (strcmp(row->key, key) == 0) {
            *in_file = false;
            return row;
        }
    }
    for (size_t i = 0; i < table->row_count; i++) {
        const struct conf_row *row = &table->rows[i];
        if (row->kind == CONF_SECRET && len == strlen(row->key) + strlen("_file") &&
            strncmp(row->key, key, strlen(row->key)) == 0 &&
            strcmp(key + strlen(row->key), "_file") == 0) {
            *in_file = true;
            return row;
        }
    }
    return NULL;
}

static bool unknown_key(const struct conf_table *table, const struct conf_node *child,
                        struct err *err) {
    const char *names[NAMES_MOST] = {NULL};
    assert(table->row_count <= NAMES_MOST);
    for (size_t i = 0; i < table->row_count; i++) {
        names[i] = table->rows[i].key;
    }
    const char *nearest = conf_nearest(child->key, names, table->row_count);
    if (nearest) {
        return conf_error(child, err, "unknown key of %s; did you mean '%s'?", table->place,
                          nearest);
    }
    struct buf known = {0};
    for (size_t i = 0; i < table->row_count; i++) {
        buf_printf(&known, "%s%s", i ? ", " : "", names[i]);
    }
    conf_error(child, err, "unknown key of %s; known are %s", table->place, buf_string(&known));
    buf_fini(&known);
    return false;
}

static bool not_allowed(const struct conf_row *row, const struct conf_node *node,
                        struct err *err) {
    char text[CONF_SHOWN];
    const char *what = "this";
    struct buf allowed = {0};
    if (node->type == CONF_SCALAR && row->kind != CONF_SECRET && node->text[0]) {
        what = conf_shown(node, text);
    } else if (node->type == CONF_SCALAR && row->kind != CONF_SECRET) {
        what = "nothing";
    }
    conf_value_allowed(row, true, &allowed);
    conf_error(node, err, "%s is not %s", what, buf_string(&allowed));
    buf_fini(&allowed);
    return false;
}

static bool secret_read(const struct conf_node *node, bool in_file, struct arena *arena,
                        const char **secret, struct err *err) {
    struct slice text = slice_of(node->text);
    if (in_file) {
        const char *path = file_beside(node->file, node->text, arena);
        if (!file_read(path, SECRET_BYTES, arena, &text, err)) {
            char why[sizeof(err->text)];
            snprintf(why, sizeof(why), "%s", err->text);
            return conf_error(node, err, "%s", why);
        }
    }
    while (text.len > 0 && isspace((unsigned char)text.at[text.len - 1])) {
        text.len--;
    }
    if (text.len == 0) {
        return conf_error(node, err, "the secret is empty");
    }
    // It becomes a header or a setting: a line end in it would start another.
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f) {
            return conf_error(node, err, "the secret holds a line end or a control character");
        }
    }
    *secret = arena_string(arena, text);
    return true;
}

static bool row_read(const struct conf_row *row, const struct conf_node *node, void *member,
                     struct err *err) {
    if (row->kind == CONF_NODE) {
        const char *const types[] = {
            [CONF_SCALAR] = "scalar", [CONF_LIST] = "list", [CONF_MAP] = "map"};
        *(const struct conf_node **)member = node;
        return row->choices == NULL || strcmp(row->choices, types[node->type]) == 0 ||
               not_allowed(row, node, err);
    }
    if (node->type != CONF_SCALAR || node->text[0] == '\0' ||
        !conf_value_read(row, node->text, member)) {
        return not_allowed(row, node, err);
    }
    return true;
}

static void fall_back(const struct conf_row *row, void *member) {
    static const size_t sizes[] = {
        [CONF_TEXT] = sizeof(char *),      [CONF_SECRET] = sizeof(char *),
        [CONF_COUNT] = sizeof(uint32_t),   [CONF_DURATION] = sizeof(int64_t),
        [CONF_SIZE] = sizeof(int64_t),     [CONF_NUMBER] = sizeof(double),
        [CONF_MONEY] = sizeof(int64_t),    [CONF_SWITCH] = sizeof(bool),
        [CONF_CHOICE] = sizeof(int),       [CONF_NODE] = sizeof(void *),
    };
    memset(member, 0, sizes[row->kind]);
    if (row->fallback && row->fallback[0]) {
        bool ok = conf_value_read(row, row->fallback, member);
        assert(ok);
    }
}

static bool child_fill(const struct conf_table *table, const struct conf_node *child, void *into,
                       struct arena *arena, struct err *err) {
    bool in_file = false;
    const struct conf_row *row = row_find(table, child->key, &in_file);
    if (row == NULL) {
        return unknown_key(table, child, err);
    }
    void *member = (char *)into + row->offset;
    if (row->kind != CONF_SECRET) {
        return row_read(row, child, member, err);
    }
    if (child->type != CONF_SCALAR) {
        return not_allowed(row, child, err);
    }
    if (*(const char **)member) {
        return conf_error(child, err, "one of '%s' and '%s_file' is enough", row->key, row->key);
    }
    return secret_read(child, in_file, arena, member, err);
}

static bool is_there(const struct conf_node *map, const struct conf_row *row) {
    char file_key[NAME_BYTES + 8];
    snprintf(file_key, sizeof(file_key), "%s_file", row->key);
    return conf_get(map, row->key) || (row->kind == CONF_SECRET && conf_get(map, file_key));
}

static bool missing_key(const struct conf_table *table, const struct conf_node *map,
                        const struct conf_row *row, struct err *err) {
    if (map == NULL) {
        return err_exit(err, EX_CONFIG, "'%s' of %s is missing: %s", row->key, table->place,
                        row->help);
    }
    return conf_error(map, err, "'%s' is missing: %s", row->key, row->help);
}

bool conf_fill(const struct conf_table *table, const struct conf_node *map, void *into,
               struct arena *arena, struct err *err) {
    if (map && map->type != CONF_MAP) {
        return conf_error(map, err, "this is not a map with keys of %s", table->place);
    }
    for (size_t i = 0; i < table->row_count; i++) {
        fall_back(&table->rows[i], (char *)into + table->rows[i].offset);
    }
    for (const struct conf_node *child = map ? map->children : NULL; child; child = child->next) {
        if (!child_fill(table, child, into, arena, err)) {
            return false;
        }
    }
    for (size_t i = 0; i < table->row_count; i++) {
        const struct conf_row *row = &table->rows[i];
        if (row->fallback == NULL && !is_there(map, row)) {
            return missing_key(table, map, row, err);
        }
    }
    return true;
}

// --- the reference

// A cell of a Markdown table: a bar would end it, an angle bracket begin HTML.
static void cell(const char *text, FILE *out) {
    for (; *text; text++) {
        if (*text == '|' || *text == '<') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
    fputs(" |", out);
}

static void row_reference(const struct conf_row *row, FILE *out) {
    struct buf allowed = {0};
    fprintf(out, "| `%s`", row->key);
    if (row->kind == CONF_SECRET) {
        fprintf(out, " or `%s_file`", row->key);
    }
    fputs(" | ", out);
    conf_value_allowed(row, false, &allowed);
    cell(buf_string(&allowed), out);
    buf_fini(&allowed);
    if (row->fallback && row->fallback[0]) {
        fprintf(out, " `%s` | ", row->fallback);
    } else {
        fputs(row->fallback ? " – | " : " required | ", out);
    }
    cell(row->help, out);
    fputc('\n', out);
}

void conf_reference(const struct conf_table *table, FILE *out) {
    fprintf(out, "**`%s`**\n\n| key | value | default | |\n|---|---|---|---|\n", table->place);
    for (size_t i = 0; i < table->row_count; i++) {
        row_reference(&table->rows[i], out);
    }
    fputc('\n', out);
}
