#include "job/csv.h"

#include "base/mem.h"

enum { FIELDS_MOST = 4096 };

void csv_row_fini(struct csv_row *row) {
    mem_free(row->fields);
    *row = (struct csv_row){0};
}

static struct csv_field *field_add(struct csv_row *row, size_t at) {
    if (row->count == row->cap) {
        row->cap = row->cap ? 2 * row->cap : 16;
        row->fields = mem_realloc(row->fields, row->cap * sizeof(*row->fields));
    }
    struct csv_field *field = &row->fields[row->count++];
    *field = (struct csv_field){.at = at};
    return field;
}

static enum csv_step bad(struct csv_row *row, const char *reason) {
    row->bad = reason;
    return CSV_BAD;
}

static bool ends_field(char c, char delimiter) {
    return c == delimiter || c == '\n' || c == '\r';
}

// The place after the field; what is at *at begins with a quote.
static enum csv_step read_quoted(struct csv_row *row, struct slice text, bool ended, size_t *at) {
    struct csv_field *field = field_add(row, *at + 1);
    size_t place = field->at;
    for (;;) {
        const char *quote = memchr(text.at + place, '"', text.len - place);
        if (quote == NULL) {
            return ended ? bad(row, "a quote that is never closed") : CSV_MORE;
        }
        place = (size_t)(quote - text.at) + 1;
        if (place == text.len || text.at[place] != '"') {
            break;
        }
        field->doubled = true;
        place++;
    }
    field->len = place - 1 - field->at;
    *at = place;
    return CSV_ROW;
}

static void read_plain(struct csv_row *row, struct slice text, char delimiter, size_t *at) {
    struct csv_field *field = field_add(row, *at);
    size_t place = *at;
    while (place < text.len && !ends_field(text.at[place], delimiter)) {
        place++;
    }
    field->len = place - field->at;
    *at = place;
}

// At the row's end.
static enum csv_step read_end(struct csv_row *row, struct slice text, bool ended, size_t at) {
    if (at == text.len) {
        row->size = at;
        return ended ? CSV_ROW : CSV_MORE;
    }
    if (text.at[at] == '\r') {
        if (at + 1 == text.len && !ended) {
            return CSV_MORE;
        }
        at += at + 1 < text.len && text.at[at + 1] == '\n';
    }
    row->size = at + 1;
    return CSV_ROW;
}

enum csv_step csv_row_read(struct csv_row *row, struct slice text, bool ended, char delimiter) {
    size_t at = 0;
    row->count = 0;
    for (;;) {
        if (row->count == FIELDS_MOST) {
            return bad(row, "more than 4096 fields");
        }
        if (at < text.len && text.at[at] == '"') {
            enum csv_step step = read_quoted(row, text, ended, &at);
            if (step != CSV_ROW) {
                return step;
            }
            if (at < text.len && !ends_field(text.at[at], delimiter)) {
                return bad(row, "something after a closing quote");
            }
        } else {
            read_plain(row, text, delimiter, &at);
        }
        if (at == text.len || text.at[at] != delimiter) {
            return read_end(row, text, ended, at);
        }
        at++;
    }
}

struct slice csv_field_text(struct csv_field field, struct slice text, struct arena *arena) {
    struct slice view = {text.at + field.at, field.len};
    if (!field.doubled) {
        return view;
    }
    char *characters = arena_alloc(arena, view.len);
    size_t len = 0;
    for (size_t i = 0; i < view.len; i++) {
        characters[len++] = view.at[i];
        i += view.at[i] == '"';
    }
    return (struct slice){characters, len};
}
