#include "cli/table.h"

#include <assert.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/line.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { GAP = 2, CELL_BYTES = 4000, POOL_BYTES = 65536 };

// --- text on a screen

static uint32_t code_at(struct slice text, size_t at, size_t len) {
    const unsigned char *c = (const unsigned char *)text.at + at;
    static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = c[0] & lead[len];
    for (size_t i = 1; i < len; i++) {
        code = code << 6 | (c[i] & 0x3f);
    }
    return code;
}

static unsigned columns_of(struct slice text, size_t at, size_t len) {
    static bool located;
    if (!located) {
        setlocale(LC_CTYPE, "C.UTF-8");  // for wcwidth alone
        located = true;
    }
    int columns = wcwidth((wchar_t)code_at(text, at, len));
    return columns < 0 ? 1 : (unsigned)columns;
}

// The bytes of text that take at most `room` columns; *columns: how many they take.
static size_t fitting(struct slice text, unsigned room, unsigned *columns) {
    size_t at = 0;
    *columns = 0;
    while (at < text.len) {
        size_t len = utf8_length(text, at);
        len = len ? len : 1;
        unsigned wide = columns_of(text, at, len);
        if (*columns + wide > room) {
            break;
        }
        *columns += wide;
        at += len;
    }
    return at;
}

unsigned table_columns(struct slice text) {
    unsigned columns;
    fitting(text, UINT32_MAX, &columns);
    return columns;
}

size_t table_fitting(struct slice text, unsigned room) {
    unsigned columns;
    return fitting(text, room, &columns);
}

unsigned table_screen(FILE *out) {
    struct winsize size = {0};
    const char *columns = getenv("COLUMNS");
    if (!isatty(fileno(out))) {
        return 0;
    }
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    long given = columns ? strtol(columns, NULL, 10) : 0;
    return given > 0 && given < 10000 ? (unsigned)given : 80;
}

// --- rows

void table_init(struct table *table, const struct table_column *columns, size_t column_count,
                FILE *out, unsigned width) {
    assert(column_count > 0 && column_count <= TABLE_COLUMNS_MOST);
    *table = (struct table){.columns = columns, .column_count = column_count, .out = out,
                            .width = width};
    arena_pool_init(&table->pool, POOL_BYTES);
    table->cells = mem_array(TABLE_SAMPLE * column_count, sizeof(*table->cells));
    for (size_t i = 0; i < column_count; i++) {
        table->widths[i] = table_columns(slice_of(columns[i].title));
    }
}

void table_fini(struct table *table) {
    buf_fini(&table->text);
    mem_free(table->cells);
    arena_pool_fini(&table->pool);
}

static unsigned whole_width(const struct table *table) {
    unsigned width = GAP * (unsigned)(table->column_count - 1);
    for (size_t i = 0; i < table->column_count; i++) {
        width += table->widths[i];
    }
    return width;
}

// The widest column that may still be cut; NULL: there is none.
static unsigned *widest(struct table *table) {
    unsigned *found = NULL;
    for (size_t i = 0; i < table->column_count; i++) {
        unsigned least = table->columns[i].least;
        if (least > 0 && table->widths[i] > least && (!found || table->widths[i] > *found)) {
            found = &table->widths[i];
        }
    }
    return found;
}

static void fit(struct table *table) {
    unsigned *column;
    while (table->width > 0 && whole_width(table) > table->width &&
           (column = widest(table)) != NULL) {
        (*column)--;
    }
}

static void pad(FILE *out, unsigned columns) {
    fprintf(out, "%*s", (int)columns, "");
}

static void print_cell(struct table *table, size_t column, struct slice text) {
    unsigned room = table->widths[column], used;
    bool last = column + 1 == table->column_count;
    bool cuts = table->width > 0 && table->columns[column].least > 0;
    size_t len = text.len;
    fitting(text, UINT32_MAX, &used);
    if (cuts && used > room) {
        len = fitting(text, room - 1, &used);
    }
    const char *mark = len < text.len ? "…" : "";
    used += len < text.len;
    unsigned space = used < room ? room - used : 0;
    if (table->columns[column].right) {
        pad(table->out, space);
    }
    fprintf(table->out, "%.*s%s", (int)len, text.at, mark);
    if (!last) {
        pad(table->out, GAP + (table->columns[column].right ? 0 : space));
    } else {
        putc('\n', table->out);
    }
}

static void print_kept(struct table *table) {
    assert(table->column_count > 0);
    for (size_t i = 0; i < table->cell_count; i++) {
        struct table_cell cell = table->cells[i];
        print_cell(table, i % table->column_count,
                   (struct slice){buf_slice(&table->text).at + cell.at, cell.len});
    }
    table->cell_count = 0;
}

static void begin(struct table *table) {
    fit(table);
    for (size_t i = 0; i < table->column_count; i++) {
        print_cell(table, i, slice_of(table->columns[i].title));
    }
    print_kept(table);
    buf_clear(&table->text);
    table->begun = true;
}

static void keep(struct table *table, struct slice text) {
    size_t column = table->cell_count % table->column_count;
    unsigned columns = table_columns(text);
    if (columns > table->widths[column]) {
        table->widths[column] = columns;
    }
    table->cells[table->cell_count++] = (struct table_cell){table->text.len, text.len};
    buf_slice_add(&table->text, text);
}

void table_add(struct table *table, struct slice text) {
    struct arena arena;
    arena_init(&arena, &table->pool);
    struct slice line = line_of(text, CELL_BYTES, &arena);
    if (!table->begun) {
        keep(table, line);
        if (table->cell_count == TABLE_SAMPLE * table->column_count) {
            begin(table);
        }
    } else {
        print_cell(table, table->cell_count, line);
        table->cell_count = (table->cell_count + 1) % table->column_count;
    }
    arena_fini(&arena);
}

void table_end(struct table *table) {
    if (!table->begun) {
        begin(table);
    }
}
