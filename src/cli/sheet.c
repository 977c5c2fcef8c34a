#include "cli/sheet.h"

#include <inttypes.h>

#include "base/figure.h"
#include "base/json.h"
#include "base/json_out.h"

enum { POOL_BYTES = 65536 };

static const struct table_column columns[] = {
    {"LINE", true, 0},      {"CUSTOM ID", false, 8}, {"VERDICT", false, 0}, {"TIER", false, 4},
    {"ANSWER", false, 12},  {"CONF.", true, 0},      {"MODEL", false, 6},   {"COST", true, 0},
    {"REASONS", false, 10},
};
static const char csv_head[] =
    "custom_id,line,verdict,tier,answer,confidence,model,reasons,cost_usd,job_id\r\n";

void sheet_init(struct sheet *sheet, enum sheet_format format, FILE *out, unsigned width) {
    *sheet = (struct sheet){.format = format, .out = out};
    arena_pool_init(&sheet->pool, POOL_BYTES);
    if (format == SHEET_TABLE) {
        table_init(&sheet->table, columns, sizeof(columns) / sizeof(columns[0]), out, width);
    } else if (format == SHEET_CSV) {
        fputs(csv_head, out);
    }
}

void sheet_fini(struct sheet *sheet) {
    if (sheet->format == SHEET_TABLE) {
        table_fini(&sheet->table);
    }
    buf_fini(&sheet->line);
    buf_fini(&sheet->cell);
    arena_pool_fini(&sheet->pool);
}

void sheet_end(struct sheet *sheet) {
    if (sheet->format == SHEET_TABLE) {
        table_end(&sheet->table);
    }
}

// --- values

// A JSON string's characters; of any other JSON its text.
static struct slice plain(struct slice answer, struct arena *arena) {
    struct json json;
    struct err err;
    if (answer.at && json_parse(&json, answer, &json_default_limits, arena, &err) &&
        json_type(&json, 0) == JSON_STRING) {
        return json_string(&json, 0, arena);
    }
    return answer;
}

static struct slice job_text(const struct sheet_row *row, char text[UUID_TEXT]) {
    uuid_format(row->job_id, text);
    return slice_of(text);
}

// --- table

static void cell(struct sheet *sheet) {
    table_add(&sheet->table, buf_slice(&sheet->cell));
    buf_clear(&sheet->cell);
}

static void write_table(struct sheet *sheet, const struct sheet_row *row, struct arena *arena) {
    struct buf *out = &sheet->cell;
    char job[UUID_TEXT];
    buf_clear(out);
    if (row->line > 0) {
        buf_printf(out, "%" PRId64, row->line);
    }
    cell(sheet);
    buf_slice_add(out, row->custom_id.at ? row->custom_id : job_text(row, job));
    cell(sheet);
    buf_slice_add(out, row->verdict);
    cell(sheet);
    buf_slice_add(out, row->tier);
    cell(sheet);
    buf_slice_add(out, plain(row->answer, arena));
    cell(sheet);
    figure_probability(out, row->confidence);
    cell(sheet);
    buf_slice_add(out, row->model);
    cell(sheet);
    figure_money(out, row->cost_pico_usd);
    cell(sheet);
    buf_slice_add(out, row->reasons);
    cell(sheet);
}

// --- NDJSON

static void add_verdict(struct buf *out, const struct sheet_row *row) {
    json_text(out, "verdict", row->verdict);
    json_text(out, "tier", row->tier);
    json_real(out, "confidence", row->confidence);
    json_text(out, "model", row->model);
    json_codes(out, "reasons", row->reasons);
    json_raw_text(out, "explanation", row->explanation);
    json_usd(out, "cost_usd", row->cost_pico_usd);
}

static void write_ndjson(struct sheet *sheet, const struct sheet_row *row) {
    struct buf *out = &sheet->line;
    char job[UUID_TEXT];
    buf_char(out, '{');
    json_text(out, "custom_id", row->custom_id);
    if (row->line > 0) {
        json_count(out, "line", row->line);
    } else {
        json_text(out, "line", (struct slice){0});
    }
    json_raw_text(out, "answer", row->answer);
    add_verdict(out, row);
    json_text(out, "job_id", job_text(row, job));
    buf_text(out, "}\n");
}

// --- CSV

static void add_field(struct buf *out, struct slice text) {
    bool quoted = false;
    for (size_t i = 0; i < text.len && !quoted; i++) {
        quoted = strchr(",\"\r\n", text.at[i]) != NULL;
    }
    if (!quoted) {
        buf_slice_add(out, text);
        return;
    }
    buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"') {
            buf_char(out, '"');
        }
        buf_char(out, text.at[i]);
    }
    buf_char(out, '"');
}

static void write_csv(struct sheet *sheet, const struct sheet_row *row, struct arena *arena) {
    struct buf *out = &sheet->line;
    char job[UUID_TEXT];
    add_field(out, row->custom_id);
    buf_char(out, ',');
    if (row->line > 0) {
        buf_printf(out, "%" PRId64, row->line);
    }
    const struct slice first[] = {row->verdict, row->tier, plain(row->answer, arena)};
    for (size_t i = 0; i < 3; i++) {
        buf_char(out, ',');
        add_field(out, first[i]);
    }
    buf_char(out, ',');
    if (row->confidence == row->confidence) {
        buf_json_number(out, row->confidence);
    }
    buf_char(out, ',');
    add_field(out, row->model);
    buf_char(out, ',');
    add_field(out, row->reasons);
    buf_char(out, ',');
    figure_usd(out, row->cost_pico_usd);
    buf_printf(out, ",%s\r\n", job_text(row, job).at);
}

// --- OpenAI Batch API

// A ChatCompletion whose message is the answer.
static void add_completion(struct buf *out, const struct sheet_row *row, const char *job,
                           struct arena *arena) {
    buf_printf(out,
               "{\"status_code\":200,\"request_id\":\"%s\",\"body\":{\"id\":\"chatcmpl-%s\","
               "\"object\":\"chat.completion\",\"created\":%" PRId64 ",\"model\":",
               job, job, row->decided_ms / 1000);
    buf_json_string(out, row->model);
    buf_text(out, ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
    buf_json_string(out, plain(row->answer, arena));
    buf_printf(out,
               ",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
               "\"usage\":{\"prompt_tokens\":%" PRId64 ",\"completion_tokens\":%" PRId64
               ",\"total_tokens\":%" PRId64 "}}}",
               row->input_tokens, row->output_tokens, row->input_tokens + row->output_tokens);
}

// The API's own codes where it has them, else the first reason.
static struct slice error_code(const struct sheet_row *row) {
    const char *comma = row->reasons.len ? memchr(row->reasons.at, ',', row->reasons.len) : NULL;
    if (slice_is(row->verdict, "expired")) {
        return slice_of("batch_expired");
    }
    if (slice_is(row->verdict, "cancelled")) {
        return slice_of("batch_cancelled");
    }
    return comma ? (struct slice){row->reasons.at, (size_t)(comma - row->reasons.at)}
                 : row->reasons;
}

// "review: rule.tax_type (the states are the same), confidence.low"
static void add_message(struct buf *out, const struct sheet_row *row, struct arena *arena) {
    struct json json;
    struct err err;
    buf_slice_add(out, row->verdict);
    if (row->explanation.at == NULL ||
        !json_parse(&json, row->explanation, &json_default_limits, arena, &err)) {
        buf_text(out, ": ");
        buf_slice_add(out, row->reasons);
        return;
    }
    const char *between = ": ";
    for (uint32_t i = json_first(&json, 0); i; i = json_after(&json, 0, i)) {
        uint32_t text = json_get(&json, i, "text");
        buf_text(out, between);
        buf_slice_add(out, json_string(&json, json_get(&json, i, "code"), arena));
        if (text && json_type(&json, text) == JSON_STRING) {
            buf_text(out, " (");
            buf_slice_add(out, json_string(&json, text, arena));
            buf_char(out, ')');
        }
        between = ", ";
    }
}

static void write_openai(struct sheet *sheet, const struct sheet_row *row, struct arena *arena) {
    struct buf *out = &sheet->line;
    char job[UUID_TEXT];
    job_text(row, job);
    buf_printf(out, "{\"id\":\"batch_req_%s\",\"custom_id\":", job);
    buf_json_string(out, row->custom_id.at ? row->custom_id : slice_of(job));
    buf_text(out, ",\"response\":");
    if (row->answer.at) {
        add_completion(out, row, job, arena);
        buf_text(out, ",\"error\":null");
    } else {
        buf_clear(&sheet->cell);
        add_message(&sheet->cell, row, arena);
        buf_text(out, "null,\"error\":{\"code\":");
        buf_json_string(out, error_code(row));
        buf_text(out, ",\"message\":");
        buf_json_string(out, buf_slice(&sheet->cell));
        buf_char(out, '}');
    }
    buf_text(out, ",\"taskfit\":{");
    add_verdict(out, row);
    buf_text(out, "}}\n");
}

void sheet_write(struct sheet *sheet, const struct sheet_row *row) {
    struct arena arena;
    arena_init(&arena, &sheet->pool);
    buf_clear(&sheet->line);
    switch (sheet->format) {
    case SHEET_TABLE: write_table(sheet, row, &arena); break;
    case SHEET_NDJSON: write_ndjson(sheet, row); break;
    case SHEET_CSV: write_csv(sheet, row, &arena); break;
    case SHEET_OPENAI: write_openai(sheet, row, &arena); break;
    }
    struct slice line = buf_slice(&sheet->line);
    fwrite(line.at, 1, line.len, sheet->out);
    arena_fini(&arena);
}
