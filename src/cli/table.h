// A table for people, printed as its rows come.
//
// The first rows (TABLE_SAMPLE) are kept back to see how wide the columns must be; then all rows
// run through with that width and memory stays flat. Where the width is limited, columns that may
// be cut are, the widest first, with "…" in place of what is missing.
#ifndef TASKFIT_CLI_TABLE_H
#define TASKFIT_CLI_TABLE_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"

enum { TABLE_COLUMNS_MOST = 16, TABLE_SAMPLE = 200 };

struct table_column {
    const char *title;
    bool right;      // figures
    unsigned least;  // may be cut down to this; 0: never is
};

struct table_cell {
    size_t at, len;  // of the text
};

struct table {
    const struct table_column *columns;
    size_t column_count;
    FILE *out;
    unsigned width;  // of the screen; 0: any
    unsigned widths[TABLE_COLUMNS_MOST];
    struct buf text;  // of the cells kept back
    struct table_cell *cells;
    size_t cell_count;
    struct arena_pool pool;
    bool begun;
};

void table_init(struct table *table, const struct table_column *columns, size_t column_count,
                FILE *out, unsigned width);
void table_fini(struct table *table);

// The next cell; a row ends with its last one. Text becomes one line, fit for a terminal.
void table_add(struct table *table, struct slice text);
void table_end(struct table *table);  // prints what was kept back

// Columns on a screen that text takes; it must be UTF-8.
unsigned table_columns(struct slice text);
// The bytes of its longest start that takes at most `room` columns.
size_t table_fitting(struct slice text, unsigned room);
// The screen's width for out; 0: it is none.
unsigned table_screen(FILE *out);

#endif
