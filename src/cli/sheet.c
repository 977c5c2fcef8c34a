#include "cli/sheet.h"

#include <inttypes.h>

#include "base/figure.h"
#include "cli/csv_field.h"
#include "job/openai_output.h"

enum { POOL_BYTES = 65536 };

static const struct table_column columns[] = {
    {"LINE", true, 0},      {"CUSTOM ID", false, 8}, {"VERDICT", false, 0}, {"TIER", false, 4},
    {"ANSWER", false, 12},  {"CONF.", true, 0},      {"MODEL", false, 6},   {"COST", true, 0},
    {"REASONS", false, 10},
};
static const struct table_column review_columns[] = {
    {"LINE", true, 0},  {"CUSTOM ID", false, 8}, {"PROPOSED", false, 12}, {"TIER", false, 4},
    {"CONF.", true, 0}, {"REASONS", false, 10},  {"INPUT", false, 12},
};
static const char csv_head[] =
    "custom_id,line,verdict,tier,answer,confidence,model,reasons,cost_usd,job_id,reviewer,proposed,"
    "input\r\n";

void sheet_init(struct sheet *sheet, enum sheet_format format, FILE *out, unsigned width) {
    *sheet = (struct sheet){.format = format, .out = out};
    arena_pool_init(&sheet->pool, POOL_BYTES);
    if (format == SHEET_TABLE) {
        table_init(&sheet->table, columns, sizeof(columns) / sizeof(columns[0]), out, width);
    } else if (format == SHEET_REVIEW) {
        table_init(&sheet->table, review_columns,
                   sizeof(review_columns) / sizeof(review_columns[0]), out, width);
    } else if (format == SHEET_CSV) {
        fputs(csv_head, out);
    }
}

static bool is_table(const struct sheet *sheet) {
    return sheet->format == SHEET_TABLE || sheet->format == SHEET_REVIEW;
}

void sheet_fini(struct sheet *sheet) {
    if (is_table(sheet)) {
        table_fini(&sheet->table);
    }
    buf_fini(&sheet->line);
    buf_fini(&sheet->cell);
    arena_pool_fini(&sheet->pool);
}

void sheet_end(struct sheet *sheet) {
    if (is_table(sheet)) {
        table_end(&sheet->table);
    }
}

// --- values

static struct slice job_text(const struct stored_outcome *outcome, char text[UUID_TEXT]) {
    uuid_format(outcome->job_id, text);
    return slice_of(text);
}

// --- table

static void cell(struct sheet *sheet) {
    table_add(&sheet->table, buf_slice(&sheet->cell));
    buf_clear(&sheet->cell);
}

static void write_name(struct sheet *sheet, const struct stored_outcome *outcome) {
    struct buf *out = &sheet->cell;
    char job[UUID_TEXT];
    buf_clear(out);
    if (outcome->line > 0) {
        buf_printf(out, "%" PRId64, outcome->line);
    }
    cell(sheet);
    buf_slice_add(out, outcome->custom_id.at ? outcome->custom_id : job_text(outcome, job));
    cell(sheet);
}

static void write_review(struct sheet *sheet, const struct stored_outcome *outcome,
                         struct arena *arena) {
    const struct stored_people *people = outcome->people;
    write_name(sheet, outcome);
    table_add(&sheet->table, stored_outcome_plain(people->proposed, arena));
    table_add(&sheet->table, people->proposed_tier);
    figure_probability(&sheet->cell, people->proposed_confidence);
    cell(sheet);
    table_add(&sheet->table, outcome->reasons);
    table_add(&sheet->table, people->input.at ? people->input : slice_of("not kept"));
}

static void write_table(struct sheet *sheet, const struct stored_outcome *outcome,
                        struct arena *arena) {
    struct buf *out = &sheet->cell;
    write_name(sheet, outcome);
    buf_slice_add(out, outcome->verdict);
    cell(sheet);
    buf_slice_add(out, outcome->tier);
    cell(sheet);
    buf_slice_add(out, stored_outcome_plain(outcome->answer, arena));
    cell(sheet);
    figure_probability(out, outcome->confidence);
    cell(sheet);
    buf_slice_add(out, outcome->model);
    cell(sheet);
    figure_money(out, outcome->cost_pico_usd);
    cell(sheet);
    buf_slice_add(out, outcome->reasons);
    cell(sheet);
}

// --- CSV

static void write_csv_people(const struct stored_people *people, struct buf *out,
                             struct arena *arena) {
    static const struct stored_people none;
    people = people ? people : &none;
    const struct slice last[] = {people->reviewer, stored_outcome_plain(people->proposed, arena),
                                 people->input};
    for (size_t i = 0; i < 3; i++) {
        buf_char(out, ',');
        csv_field(out, last[i]);
    }
}

static void write_csv(struct sheet *sheet, const struct stored_outcome *outcome,
                      struct arena *arena) {
    struct buf *out = &sheet->line;
    char job[UUID_TEXT];
    csv_field(out, outcome->custom_id);
    buf_char(out, ',');
    if (outcome->line > 0) {
        buf_printf(out, "%" PRId64, outcome->line);
    }
    const struct slice first[] = {outcome->verdict, outcome->tier,
                                  stored_outcome_plain(outcome->answer, arena)};
    for (size_t i = 0; i < 3; i++) {
        buf_char(out, ',');
        csv_field(out, first[i]);
    }
    buf_char(out, ',');
    if (outcome->confidence == outcome->confidence) {
        buf_json_number(out, outcome->confidence);
    }
    buf_char(out, ',');
    csv_field(out, outcome->model);
    buf_char(out, ',');
    csv_field(out, outcome->reasons);
    buf_char(out, ',');
    figure_usd(out, outcome->cost_pico_usd);
    buf_printf(out, ",%s", job_text(outcome, job).at);
    write_csv_people(outcome->people, out, arena);
    buf_text(out, "\r\n");
}

void sheet_write(struct sheet *sheet, const struct stored_outcome *outcome) {
    struct arena arena;
    arena_init(&arena, &sheet->pool);
    buf_clear(&sheet->line);
    switch (sheet->format) {
    case SHEET_TABLE: write_table(sheet, outcome, &arena); break;
    case SHEET_REVIEW: write_review(sheet, outcome, &arena); break;
    case SHEET_NDJSON: stored_outcome_ndjson(outcome, &sheet->line); break;
    case SHEET_CSV: write_csv(sheet, outcome, &arena); break;
    case SHEET_OPENAI: openai_output_row(outcome, OPENAI_CHAT, &arena, &sheet->line); break;
    }
    struct slice line = buf_slice(&sheet->line);
    fwrite(line.at, 1, line.len, sheet->out);
    arena_fini(&arena);
}
