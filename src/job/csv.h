// Rows of CSV (RFC 4180), and tables: rows whose first one names the columns.
//
// Rows end with \n, \r\n or \r. A quote inside a field that did not begin with one stands for
// itself; after a closing quote the field ends.
#ifndef TASKFIT_JOB_CSV_H
#define TASKFIT_JOB_CSV_H

#include "base/buf.h"
#include "base/err.h"
#include "job/source.h"

enum csv_step {
    CSV_ROW,
    CSV_MORE,  // the row's end has not come
    CSV_BAD,   // csv_row.bad says why
};

struct csv_field {
    size_t at, len;  // of the text; without its quotes
    bool doubled;    // holds "" for "
};

struct csv_row {
    struct csv_field *fields;
    size_t count, cap;
    size_t size;      // bytes, its end included
    const char *bad;
};

void csv_row_fini(struct csv_row *row);
// Reads the row that text begins with; ended: no more text comes.
enum csv_step csv_row_read(struct csv_row *row, struct slice text, bool ended, char delimiter);
// A field's characters: a view of the text, or a copy in the arena where quotes were doubled.
struct slice csv_field_text(struct csv_field field, struct slice text, struct arena *arena);

struct csv_table {
    char delimiter;      // comma, else tab, else semicolon: what parts the first row
    struct buf names;    // `{"a":` `,"b":` …
    size_t *name_ends;   // in names
    size_t columns;      // 0: the header was not read yet
    size_t id, order;    // columns + 1; 0: none
    bool id_required;
    struct buf object;   // of the last row
};

void csv_table_fini(struct csv_table *table);
// Reads the first row with the delimiter that fits it.
enum csv_step csv_table_delimiter(struct csv_table *table, struct csv_row *row, struct slice text,
                                  bool ended);
// The first row. Errors (EX_DATAERR): a name twice, no names at all, no column for the options.
bool csv_table_header(struct csv_table *table, const struct csv_row *row, struct slice text,
                      const struct source_options *options, struct err *err) MUST_CHECK;
// Any other row. record->input is valid until the next one.
void csv_table_read(struct csv_table *table, const struct csv_row *row, struct slice text,
                    struct arena *arena, struct source_record *record);

#endif
