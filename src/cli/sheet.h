// Outcomes written one by one, as a table for people, NDJSON, CSV (RFC 4180) or the output rows of
// the OpenAI Batch API.
#ifndef TASKFIT_CLI_SHEET_H
#define TASKFIT_CLI_SHEET_H

#include "base/uuid.h"
#include "cli/table.h"

// In the order of the option --format.
enum sheet_format { SHEET_TABLE, SHEET_NDJSON, SHEET_CSV, SHEET_OPENAI };
#define SHEET_FORMATS "table ndjson csv openai"

struct sheet_row {
    struct uuid job_id;
    struct slice custom_id;
    int64_t line;  // 0: none
    struct slice verdict, tier;
    struct slice answer;  // JSON; absent: none stands
    double confidence;    // NaN: none
    struct slice model;
    struct slice reasons;      // codes with commas between
    struct slice explanation;  // JSON as in the table `decisions`; absent: none
    int64_t cost_pico_usd;
    int64_t input_tokens, output_tokens;
    int64_t decided_ms;
};

struct sheet {
    enum sheet_format format;
    FILE *out;
    struct table table;
    struct buf line, cell;
    struct arena_pool pool;
};

void sheet_init(struct sheet *sheet, enum sheet_format format, FILE *out, unsigned width);
void sheet_fini(struct sheet *sheet);
void sheet_write(struct sheet *sheet, const struct sheet_row *row);
void sheet_end(struct sheet *sheet);

#endif
