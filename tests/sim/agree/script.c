#include "script.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "job/decide.h"

enum { STEPS = 300, ROWS_MOST = 8, TEXT_MOST = 64 };

struct row {
    unsigned job, hop, letter;
    bool fails, broken, called;
    enum verdict verdict;
    double confidence;
    int64_t cost;
};

static struct random dice;
static const char *const tier_names[] = {"tiny", "mid", "large", "huge"};

static unsigned below(unsigned limit) {
    return (unsigned)random_below(&dice, limit);
}

struct uuid job_id(unsigned number) {
    struct uuid id = {{0x01, 0x9b, 0x76, 0xda, 0xa8, 0, 0x70, 0, 0x80}};
    id.bytes[UUID_BYTES - 1] = (unsigned char)number;
    return id;
}

struct uuid batch_id(unsigned number) {
    struct uuid id = job_id(number);
    id.bytes[0] = 0x02;
    return id;
}

// --- rows

static struct row row_any(void) {
    return (struct row){
        .job = below(JOBS),
        .hop = below(HOPS),
        .letter = below(LETTERS),
        .fails = below(4) == 0,
        .broken = below(40) == 0,
        .called = below(3) == 0,
        .verdict = (enum verdict)(VERDICT_ACCEPT + below(VERDICT_CANCELLED)),
        .confidence = below(5) == 0 ? NAN : random_unit(&dice),
        .cost = below(1000) * 1000000LL,
    };
}

// Some rows are there twice: what counts is the first.
static size_t rows_any(struct row *rows) {
    size_t count = 1 + below(ROWS_MOST);
    for (size_t i = 0; i < count; i++) {
        rows[i] = i > 0 && below(5) == 0 ? rows[below((unsigned)i)] : row_any();
    }
    return count;
}

// Every third job has no batch.
static void put_batch(struct pg_params *p, const struct row *row) {
    if (row->job % 3 == 0) {
        pg_null(p);
    } else {
        pg_uuid(p, batch_id(row->job % BATCHES));
    }
}

static void put_text(struct pg_params *p, const char *text) {
    pg_slice(p, text ? slice_of(text) : (struct slice){0});
}

static void put_number(struct pg_params *p, const char *name, unsigned number) {
    char text[TEXT_MOST];
    snprintf(text, sizeof(text), "%s %u", name, number);
    pg_slice(p, slice_of(text));
}

static const char *tier_of(const struct row *row) {
    return tier_names[row->hop];
}

#define COLUMN(type, put)                     \
    pg_array(p, type);                        \
    for (size_t i = 0; i < count; i++) {      \
        const struct row *row = &rows[i];     \
        (void)row;                            \
        put;                                  \
    }

static void put_keys(struct pg_params *p, const struct row *rows, size_t count) {
    COLUMN(PG_UUID, pg_uuid(p, job_id(row->job)))
    COLUMN(PG_INT2, pg_int2(p, (int16_t)row->hop))
}

static void put_admit(struct pg_params *p, const struct row *rows, size_t count) {
    put_keys(p, rows, count);
    COLUMN(PG_UUID, put_batch(p, row))
}

static void put_attempts(struct pg_params *p, const struct row *rows, size_t count) {
    put_keys(p, rows, count);
    COLUMN(PG_TEXT, put_text(p, tier_of(row)))
    COLUMN(PG_TEXT, put_text(p, "a path"))
    COLUMN(PG_UUID, put_batch(p, row))
    COLUMN(PG_TEXT, put_text(p, row->fails ? NULL : "model@1"))
    COLUMN(PG_JSON, put_text(p, row->fails ? NULL : row->broken ? "{" : "{\"a\": [1, \"ü\"]}"))
    COLUMN(PG_TEXT, put_text(p, row->fails ? "error.busy" : NULL))
    COLUMN(PG_TEXT, put_text(p, row->fails ? "a text" : NULL))
    COLUMN(PG_FLOAT8, pg_float8(p, row->confidence))
    COLUMN(PG_FLOAT8, pg_float8(p, row->confidence / 3))
    COLUMN(PG_TEXT, put_text(p, row->fails ? "calibration" : NULL))
    COLUMN(PG_TEXT, put_text(p, "prompt"))
    COLUMN(PG_INT4, pg_int4(p, (int32_t)row->cost / 7))
    COLUMN(PG_INT4, pg_int4(p, 2))
    COLUMN(PG_INT4, pg_int4(p, INT32_MAX))
    COLUMN(PG_INT8, pg_int8(p, row->cost))
    COLUMN(PG_INT2, pg_int2(p, 3))
    COLUMN(PG_INT4, pg_int4(p, 250))
    COLUMN(PG_INT2, pg_int2(p, 503))
    COLUMN(PG_TIMESTAMPTZ, pg_time(p, recorded_ms + row->letter))
    COLUMN(PG_TEXT, put_text(p, row->fails ? NULL : "judge@1"))
    COLUMN(PG_TEXT, put_text(p, row->fails ? NULL : "wrong"))
    pg_scalar(p, PG_TEXT);
    put_text(p, "worker");
}

static void put_letters_decided(struct pg_params *p, const struct row *all, size_t all_count) {
    struct row rows[ROWS_MOST];
    size_t count = 0;
    for (size_t i = 0; i < all_count; i++) {
        if (all[i].verdict == VERDICT_DEAD) {
            rows[count++] = all[i];
        }
    }
    COLUMN(PG_UUID, pg_uuid(p, job_id(row->job)))
    COLUMN(PG_UUID, put_batch(p, row))
    COLUMN(PG_TEXT, put_number(p, "row", row->job))
    COLUMN(PG_INT8, pg_int8(p, row->job))
    COLUMN(PG_TEXT, put_text(p, LETTER_TOPIC))
    COLUMN(PG_INT4, pg_int4(p, 0))
    COLUMN(PG_INT8, pg_int8(p, row->letter))
    COLUMN(PG_BYTEA, put_text(p, "value"))
    COLUMN(PG_TEXT, put_text(p, "rule.odd"))
    COLUMN(PG_TEXT, put_text(p, NULL))
    COLUMN(PG_INT4, pg_int4(p, 1))
    COLUMN(PG_TIMESTAMPTZ, pg_time(p, recorded_ms))
}

static void put_decisions(struct pg_params *p, const struct row *rows, size_t count) {
    put_keys(p, rows, count);
    COLUMN(PG_TEXT, put_text(p, tier_of(row)))
    COLUMN(PG_TEXT, put_text(p, verdict_name(row->verdict)))
    COLUMN(PG_TEXT, put_text(p, row->verdict == VERDICT_ACCEPT ? "" : "confidence.low,limit.hops"))
    COLUMN(PG_JSON, put_text(p, row->broken ? "[" : row->fails ? "[{\"code\":\"rule.x\"}]" : NULL))
    COLUMN(PG_TEXT, put_text(p, row->verdict == VERDICT_ESCALATE ? "next" : NULL))
    pg_array(p, PG_INT2);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].fails) {
            pg_null(p);
        } else {
            pg_int2(p, (int16_t)rows[i].hop);
        }
    }
    COLUMN(PG_FLOAT8, pg_float8(p, row->confidence))
    COLUMN(PG_FLOAT8, pg_float8(p, 0.5))
    COLUMN(PG_TEXT, put_text(p, "policy"))
    COLUMN(PG_TEXT, put_text(p, "a path"))
    COLUMN(PG_UUID, put_batch(p, row))
    COLUMN(PG_TEXT, put_number(p, "row", row->job))
    COLUMN(PG_INT8, pg_int8(p, row->job))
    COLUMN(PG_TEXT, put_text(p, NULL))
    COLUMN(PG_BOOL, pg_bool(p, row->called))
    COLUMN(PG_INT8, pg_int8(p, row->cost))
    COLUMN(PG_TIMESTAMPTZ, pg_time(p, recorded_ms))
    pg_array(p, PG_UUID);  // no inputs are kept
    pg_array(p, PG_UUID);
    pg_array(p, PG_JSON);
    put_letters_decided(p, rows, count);
    pg_array(p, PG_JSON);  // nor attachments
}

// A letter tells of the job that its number says.
static void put_letters(struct pg_params *p, struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        rows[i].job = rows[i].letter % JOBS;
    }
    COLUMN(PG_TEXT, put_text(p, LETTER_TOPIC))
    COLUMN(PG_INT4, pg_int4(p, 0))
    COLUMN(PG_INT8, pg_int8(p, row->letter))
    COLUMN(PG_UUID, pg_uuid(p, job_id(row->job)))
    COLUMN(PG_UUID, put_batch(p, row))
    COLUMN(PG_TEXT, put_number(p, "row", row->job))
    COLUMN(PG_INT8, pg_int8(p, row->job))
    COLUMN(PG_BYTEA, put_text(p, "key"))
    COLUMN(PG_BYTEA, put_text(p, "value"))
    COLUMN(PG_TEXT, put_text(p, "row.refused"))
    COLUMN(PG_TEXT, put_text(p, "refused before"))
    COLUMN(PG_INT4, pg_int4(p, 1))
    COLUMN(PG_TIMESTAMPTZ, pg_time(p, recorded_ms))
    pg_array(p, PG_INT2);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].called) {
            pg_int2(p, (int16_t)rows[i].hop);
        } else {
            pg_null(p);
        }
    }
    COLUMN(PG_BYTEA, put_text(p, NULL))
}

static void put_policies(struct pg_params *p) {
    static const char *const values[] = {"policy", "a path", "text", NULL, NULL, NULL};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        pg_array(p, PG_TEXT);
        put_text(p, values[i]);
    }
}

static void put_recall(struct pg_params *p) {
    pg_scalar(p, PG_INT8);
    pg_int8(p, 3600000);
}

// --- what comes back

// A letter a column: number (n: null is 0), text, float, uuid, milliseconds.
static const char *columns_of(enum pg_statement statement) {
    switch ((int)statement) {
    case PG_admit: return "nnnnnnttttt" "fftt" "nnnnnnmnt";
    case PG_recall:
    case PG_store_attempts:
    case PG_store_decisions: return "un";
    case PG_find_decisions: return "nttttinnt";
    default: return "";
    }
}

static void write_cell(struct buf *out, const struct pg_result *r, int row, int column,
                       char type) {
    struct uuid id;
    char text[UUID_TEXT];
    if (type != 'n' && pg_is_null(r, row, column)) {
        buf_text(out, " -");
        return;
    }
    switch (type) {
    case 'n':
    case 'i': buf_printf(out, " %lld", (long long)pg_get_int(r, row, column)); break;
    case 'f': buf_printf(out, " %.17g", pg_get_float8(r, row, column)); break;
    case 'm': buf_printf(out, " %lld", (long long)pg_get_time(r, row, column)); break;
    case 'u':
        id = pg_get_uuid(r, row, column);
        uuid_format(id, text);
        buf_printf(out, " %s", text);
        break;
    default:
        buf_text(out, " '");
        buf_slice_add(out, pg_get_slice(r, row, column));
        buf_char(out, '\'');
        break;
    }
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Rows come in no order, and a job's letters may make them twice.
static void print_rows(enum pg_statement statement, const struct pg_result *result) {
    const char *types = columns_of(statement);
    int count = types[0] ? pg_rows(result) : 0;
    char **lines = mem_array((size_t)count, sizeof(*lines));
    for (int row = 0; row < count; row++) {
        struct buf line = {0};
        for (int column = 0; types[column]; column++) {
            write_cell(&line, result, row, column, types[column]);
        }
        lines[row] = mem_string(buf_string(&line));
        buf_fini(&line);
    }
    qsort(lines, (size_t)count, sizeof(*lines), compare);
    for (int row = 0; row < count; row++) {
        if (row == 0 || strcmp(lines[row], lines[row - 1]) != 0) {
            printf("   %s\n", lines[row]);
        }
    }
    for (int row = 0; row < count; row++) {
        mem_free(lines[row]);
    }
    mem_free(lines);
}

static void run(enum pg_statement statement, struct pg_params *params) {
    const struct pg_result *result;
    bool ok = on_statement(statement, params, &result);
    printf("%s%s\n", pg_statement_name(statement), ok ? "" : ": refused");
    if (ok) {
        print_rows(statement, result);
    }
    pg_params_clear(params);
}

// --- the script

static void step(struct pg_params *params) {
    struct row rows[ROWS_MOST];
    size_t count = rows_any(rows);
    unsigned one = below(JOBS);
    switch (below(16)) {
    case 0: on_cancel_job(one); break;
    case 1:
        if (one == 0) {
            on_cancel_batch(BATCHES - 1);
        }
        break;
    case 2: put_recall(params); run(PG_recall, params); break;
    case 3: put_letters(params, rows, count); run(PG_store_dead_letters, params); break;
    case 4:
    case 5: put_keys(params, rows, count); run(PG_find_decisions, params); break;
    case 6:
    case 7:
    case 8:
    case 9: put_admit(params, rows, count); run(PG_admit, params); break;
    case 10:
    case 11: put_decisions(params, rows, count); run(PG_store_decisions, params); break;
    default: put_attempts(params, rows, count); run(PG_store_attempts, params); break;
    }
}

void script_run(uint64_t seed) {
    struct pg_params params = {0};
    random_seed(&dice, seed);
    for (unsigned i = 0; i < BATCHES; i++) {
        on_batch(i, i == 1 ? 5000000000 : -1);
    }
    put_policies(&params);
    run(PG_store_policies, &params);
    for (int i = 0; i < STEPS; i++) {
        step(&params);
    }
    for (unsigned i = 0; i < BATCHES; i++) {
        on_look_at_batch(i);
    }
    for (unsigned i = 0; i < JOBS; i++) {
        on_look_at_letters(i);
    }
    pg_params_fini(&params);
}
