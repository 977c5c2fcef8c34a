// The parts of `taskfit label`: labels from files and into files.
#ifndef TASKFIT_CLI_LABEL_H
#define TASKFIT_CLI_LABEL_H

#include "cli/reviewer.h"

enum label_format { LABEL_GUESS, LABEL_CSV, LABEL_NDJSON, LABEL_STUDIO };
#define LABEL_FORMATS "auto csv ndjson labelstudio"

struct label_options {
    const char *batch, *path, *by, *output, *bad;
    int format;  // enum label_format
    uint32_t sample, seed;
    bool again, settle, dry_run, json;
};

// One label of a file, before it is known whose job it is; texts live as long as its reader says.
struct label_row {
    uint64_t line;           // or task of a JSON array, from 1
    struct slice job;        // an id; absent: custom_id says which
    struct slice custom_id;
    struct slice answer;     // JSON
    struct slice typed;      // the answer was a text, which may be JSON or a bare label
    struct slice person;     // absent: --by
    struct slice note;
    int64_t at_ms;           // 0: it does not say
};

// False: EX_DATAERR is the row's own fault, and the next one is wanted.
typedef bool label_each(void *owner, const struct label_row *row, struct err *err);

struct bad_lines;

// CSV and NDJSON; a JSON export of Label Studio. What a row is refused for goes to bad.
bool label_rows_read(const char *file, struct bad_lines *bad, label_each *each, void *owner,
                     struct err *err) MUST_CHECK;
bool label_studio_read(const char *file, struct bad_lines *bad, label_each *each, void *owner,
                       struct err *err) MUST_CHECK;
// A JSON array by its first byte, as Label Studio writes it.
bool label_is_studio(const char *file);

// A label, or a job that waits for one, on its way out.
struct label_out {
    struct uuid job;
    struct slice custom_id, path, answer, labeler, source, note;
    int64_t at_ms;
    struct slice proposed, tier, input;
    double confidence;
};

// A task of Label Studio, with what was proposed as a prediction and the label as an annotation.
void label_studio_task(const struct label_out *label, struct arena *arena, struct buf *out);

bool label_import(const struct reviewer *reviewer, const struct label_options *options,
                  const char *file, struct err *err) MUST_CHECK;
bool label_export(struct pg_session *session, const struct label_options *options,
                  struct err *err) MUST_CHECK;

#endif
