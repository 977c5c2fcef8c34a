#include "job/source.h"

#include <inttypes.h>
#include <sysexits.h>

#include "base/hash.h"
#include "base/line.h"
#include "base/mem.h"
#include "base/set.h"
#include "job/csv.h"
#include "job/lines.h"
#include "job/ndjson.h"
#include "job/openai_batch.h"

enum {
    ENVELOPE_BYTES = 64 << 10,  // around an input: an OpenAI request, quotes of CSV
    ID_BYTES = 512,             // of a custom id or an order key: what the wire takes
    ID_SHOWN = 60,
    ARENA_KEPT = 64 << 10,
};

struct source {
    struct source_options options;
    struct lines lines;
    struct csv_row row;
    struct csv_table table;
    struct set ids;
    struct arena_pool pool;
    struct arena arena;  // of the record that was given last
};

struct source *source_new(const struct source_options *options) {
    struct source *source = mem_zalloc(sizeof(*source));
    source->options = *options;
    lines_init(&source->lines, options->input_bytes + ENVELOPE_BYTES);
    arena_pool_init(&source->pool, ARENA_KEPT);
    arena_init(&source->arena, &source->pool);
    return source;
}

void source_free(struct source *source) {
    lines_fini(&source->lines);
    csv_row_fini(&source->row);
    csv_table_fini(&source->table);
    set_fini(&source->ids);
    arena_fini(&source->arena);
    arena_pool_fini(&source->pool);
    mem_free(source);
}

void source_put(struct source *source, struct slice piece) {
    lines_put(&source->lines, piece);
}

static struct slice shown(struct source *source, struct slice text) {
    return line_of(text, ID_SHOWN, &source->arena);
}

// What holds for the records of every format.
static enum source_step finish(struct source *source, struct source_record *record) {
    struct arena *arena = &source->arena;
    struct slice *id = &record->custom_id;
    if (record->bad.at) {
        return SOURCE_BAD;
    }
    if (id->at == NULL || source->options.no_ids) {
        *id = arena_printf(arena, "%" PRIu64, record->line);
    }
    if (record->input.len > source->options.input_bytes) {
        record->bad = arena_printf(arena, "an input of %zu bytes, more than %zu",
                                   record->input.len, source->options.input_bytes);
    } else if (id->len > ID_BYTES || record->order_key.len > ID_BYTES) {
        bool is_id = id->len > ID_BYTES;
        record->bad = arena_printf(arena, "%s of %zu bytes, more than %d",
                                   is_id ? "a custom id" : "an order key",
                                   is_id ? id->len : record->order_key.len, ID_BYTES);
    } else if (!source->options.no_ids && !set_add(&source->ids, hash64(*id, 0))) {
        record->bad = arena_printf(arena, "the custom id '%.*s' for the second time",
                                   SLICE_ARGS(shown(source, *id)));
    }
    return record->bad.at ? SOURCE_BAD : SOURCE_RECORD;
}

static bool is_blank(struct slice line) {
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r') {
            return false;
        }
    }
    return true;
}

static enum source_step too_long(struct source *source, struct source_record *record) {
    record->bad = arena_printf(&source->arena, "a line of more than %zu bytes", source->lines.most);
    return SOURCE_BAD;
}

static enum source_step next_line(struct source *source, struct source_record *record) {
    struct slice line;
    for (;;) {
        switch (lines_next(&source->lines, &line, &record->line)) {
        case LINES_MORE:
            return SOURCE_MORE;
        case LINES_END:
            return SOURCE_END;
        case LINES_LONG:
            return too_long(source, record);
        case LINES_LINE:
            break;
        }
        if (!is_blank(line)) {
            break;
        }
    }
    if (source->options.format == SOURCE_OPENAI) {
        openai_batch_read(line, &source->options, &source->arena, record);
    } else {
        ndjson_read(line, &source->options, &source->arena, record);
    }
    return finish(source, record);
}

// The row at the start of rest; SOURCE_RECORD: it was read.
static enum source_step read_row(struct source *source, struct slice rest,
                                 struct source_record *record) {
    struct lines *lines = &source->lines;
    struct csv_table *table = &source->table;
    struct csv_row *row = &source->row;
    bool whole = rest.len <= lines->most, ended = whole && lines->ended;
    rest.len = whole ? rest.len : lines->most + 1;
    enum csv_step step = table->columns == 0
                             ? csv_table_delimiter(table, row, rest, ended)
                             : csv_row_read(row, rest, ended, table->delimiter);
    record->line = lines->number;
    if (step == CSV_MORE && whole) {
        return SOURCE_MORE;
    }
    if (step == CSV_ROW) {
        return SOURCE_RECORD;
    }
    // A quote that is out of place swallows what follows: go on with the next line, not after it.
    lines_drop(lines);
    if (step != CSV_BAD) {
        return too_long(source, record);
    }
    record->bad = slice_of(row->bad);
    return SOURCE_BAD;
}

static bool is_blank_row(const struct csv_row *row) {
    return row->count == 1 && row->fields[0].at == 0 && row->fields[0].len == 0;
}

static enum source_step next_row(struct source *source, struct source_record *record,
                                 struct err *err) {
    struct csv_table *table = &source->table;
    const struct csv_row *row = &source->row;
    for (;;) {
        if (!lines_ready(&source->lines)) {
            return source->lines.ended ? SOURCE_END : SOURCE_MORE;
        }
        struct slice rest = lines_rest(&source->lines);
        enum source_step step = read_row(source, rest, record);
        if (step == SOURCE_BAD && table->columns == 0) {
            err_exit(err, EX_DATAERR, "the header: %.*s", SLICE_ARGS(record->bad));
            return SOURCE_FAIL;
        }
        if (step != SOURCE_RECORD) {
            return step;
        }
        lines_take(&source->lines, row->size);
        if (is_blank_row(row)) {
            continue;
        }
        if (table->columns > 0) {
            csv_table_read(table, row, rest, &source->arena, record);
            return finish(source, record);
        }
        if (!csv_table_header(table, row, rest, &source->options, err)) {
            return SOURCE_FAIL;
        }
    }
}

enum source_step source_next(struct source *source, struct source_record *record,
                             struct err *err) {
    arena_fini(&source->arena);
    *record = (struct source_record){0};
    if (source->options.format == SOURCE_CSV) {
        return next_row(source, record, err);
    }
    return next_line(source, record);
}
