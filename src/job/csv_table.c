#include <sysexits.h>

#include "base/hash.h"
#include "base/line.h"
#include "base/mem.h"
#include "base/set.h"
#include "base/utf8.h"
#include "job/csv.h"

enum { NAMES_SHOWN = 200 };  // bytes of the header in an error

void csv_table_fini(struct csv_table *table) {
    buf_fini(&table->names);
    buf_fini(&table->object);
    mem_free(table->name_ends);
    *table = (struct csv_table){0};
}

// A delimiter fits when it parts the row and leaves no quote inside a field that has none around.
static bool fits(const struct csv_row *row, struct slice text) {
    for (size_t i = 0; i < row->count; i++) {
        const struct csv_field *field = &row->fields[i];
        bool quoted = field->at > 0 && text.at[field->at - 1] == '"';
        if (!quoted && memchr(text.at + field->at, '"', field->len)) {
            return false;
        }
    }
    return row->count > 1;
}

// Spreadsheets of many countries write semicolons, exports of databases tabs.
enum csv_step csv_table_delimiter(struct csv_table *table, struct csv_row *row, struct slice text,
                                  bool ended) {
    static const char candidates[] = {',', '\t', ';'};
    for (size_t i = 0; i < sizeof(candidates); i++) {
        enum csv_step step = csv_row_read(row, text, ended, candidates[i]);
        if (step == CSV_MORE) {
            return step;
        }
        if (step == CSV_ROW && fits(row, text)) {
            table->delimiter = candidates[i];
            return step;
        }
    }
    table->delimiter = ',';
    return csv_row_read(row, text, ended, ',');
}

static bool is_number(struct slice text) {
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (!digit && strchr("+-.,eE ", text.at[i]) == NULL) {
            return false;
        }
        digits += digit;
    }
    return digits > 0 || text.len == 0;
}

struct header {
    struct csv_table *table;
    const struct source_options *options;
    struct arena *arena;
    struct set seen;
    size_t numbers, custom_id, id;  // columns + 1; 0: none
};

static bool add_name(struct header *h, struct slice name, size_t column, struct err *err) {
    struct csv_table *table = h->table;
    h->numbers += is_number(name);
    if (name.len == 0) {  // as pandas writes the column of its index
        name = arena_printf(h->arena, "column_%zu", column);
    }
    if (!set_add(&h->seen, hash64(name, 0))) {
        return err_exit(err, EX_DATAERR, "the header names the column '%.*s' twice",
                        SLICE_ARGS(line_of(name, NAMES_SHOWN, h->arena)));
    }
    buf_char(&table->names, column == 1 ? '{' : ',');
    buf_json_string(&table->names, name);
    buf_char(&table->names, ':');
    table->name_ends[column - 1] = table->names.len;
    if (h->options->id_field && slice_is(name, h->options->id_field)) {
        table->id = column;
        table->id_required = true;
    }
    if (h->options->order_field && slice_is(name, h->options->order_field)) {
        table->order = column;
    }
    h->custom_id = slice_is(name, "custom_id") ? column : h->custom_id;
    h->id = slice_is(name, "id") ? column : h->id;
    return true;
}

static bool check_names(struct header *h, struct slice row, struct err *err) {
    const struct source_options *options = h->options;
    struct csv_table *table = h->table;
    struct slice shown = line_of(row, NAMES_SHOWN, h->arena);
    if (h->numbers == table->columns) {
        return err_exit(err, EX_DATAERR, "the first row should name the columns; it is: %.*s",
                        SLICE_ARGS(shown));
    }
    if (options->id_field && !table->id) {
        return err_exit(err, EX_DATAERR, "no column '%s' for the custom id; the header is: %.*s",
                        options->id_field, SLICE_ARGS(shown));
    }
    if (options->order_field && !table->order) {
        return err_exit(err, EX_DATAERR, "no column '%s' for the order key; the header is: %.*s",
                        options->order_field, SLICE_ARGS(shown));
    }
    if (!options->id_field) {
        table->id = h->custom_id ? h->custom_id : h->id;
    }
    return true;
}

bool csv_table_header(struct csv_table *table, const struct csv_row *row, struct slice text,
                      const struct source_options *options, struct err *err) {
    struct slice all = {text.at, row->size};
    struct arena_pool pool;
    struct arena arena;
    if (utf8_valid(all) != all.len || memchr(all.at, '\0', all.len)) {
        return err_exit(err, EX_DATAERR,
                        "the header is not UTF-8: iconv -f WINDOWS-1252 -t UTF-8 may help");
    }
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    struct header h = {.table = table, .options = options, .arena = &arena};
    table->columns = row->count;
    table->name_ends = mem_array(row->count, sizeof(*table->name_ends));
    bool ok = true;
    for (size_t i = 0; i < row->count && ok; i++) {
        ok = add_name(&h, csv_field_text(row->fields[i], text, &arena), i + 1, err);
    }
    ok = ok && check_names(&h, all, err);
    set_fini(&h.seen);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok;
}

static bool row_is_good(const struct csv_table *table, const struct csv_row *row,
                        struct slice text, struct arena *arena, struct source_record *record) {
    struct slice all = {text.at, row->size};
    size_t filled = 0;
    if (row->count != table->columns) {
        record->bad = arena_printf(arena, "%zu field%s, where the header names %zu", row->count,
                                   row->count == 1 ? "" : "s", table->columns);
        return false;
    }
    size_t valid = utf8_valid(all);
    if (valid != all.len) {
        record->bad = arena_printf(arena, "bytes that are not UTF-8 at byte %zu", valid + 1);
        return false;
    }
    if (memchr(all.at, '\0', all.len)) {
        record->bad = slice_of("a zero byte");
        return false;
    }
    for (size_t i = 0; i < row->count; i++) {
        filled += row->fields[i].len > 0;
    }
    if (filled == 0) {
        record->bad = slice_of("no field has a value");
    }
    return filled > 0;
}

void csv_table_read(struct csv_table *table, const struct csv_row *row, struct slice text,
                    struct arena *arena, struct source_record *record) {
    struct buf *object = &table->object;
    size_t from = 0;
    if (!row_is_good(table, row, text, arena, record)) {
        return;
    }
    buf_clear(object);
    for (size_t i = 0; i < row->count; i++) {
        struct slice value = csv_field_text(row->fields[i], text, arena);
        buf_bytes(object, table->names.data + from, table->name_ends[i] - from);
        buf_json_string(object, value);
        from = table->name_ends[i];
        if (value.len > 0 && i + 1 == table->id) {
            record->custom_id = value;
        }
        if (value.len > 0 && i + 1 == table->order) {
            record->order_key = value;
        }
    }
    buf_char(object, '}');
    record->input = buf_slice(object);
    if (table->id_required && record->custom_id.at == NULL) {
        record->bad = slice_of("the column of the custom id is empty");
    }
}
