// Outcomes written one by one, as a table for people, NDJSON, CSV (RFC 4180) or the output rows of
// the OpenAI Batch API.
#ifndef TASKFIT_CLI_SHEET_H
#define TASKFIT_CLI_SHEET_H

#include "cli/table.h"
#include "job/stored_outcome.h"

// In the order of the option --format; a table of what waits for people is none of its words.
enum sheet_format { SHEET_TABLE, SHEET_NDJSON, SHEET_CSV, SHEET_OPENAI, SHEET_REVIEW };
#define SHEET_FORMATS "table ndjson csv openai"

struct sheet {
    enum sheet_format format;
    FILE *out;
    struct table table;
    struct buf line, cell;
    struct arena_pool pool;
};

void sheet_init(struct sheet *sheet, enum sheet_format format, FILE *out, unsigned width);
void sheet_fini(struct sheet *sheet);
void sheet_write(struct sheet *sheet, const struct stored_outcome *outcome);
void sheet_end(struct sheet *sheet);

#endif
