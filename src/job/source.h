// The jobs of a file: NDJSON, CSV or the JSONL of OpenAI's Batch API, whose lines come in pieces of
// any size and go out in order, as records or as bad lines with their reasons.
//
//   ndjson  a JSON object a line, which is the input
//   csv     RFC 4180; the first row names the columns, a row is an object of strings
//   openai  {"custom_id", "method": "POST", "url", "body"}; the body is the input
//
// Bounded by the longest line allowed, one piece, and 11 to 21 bytes a custom id.
#ifndef TASKFIT_JOB_SOURCE_H
#define TASKFIT_JOB_SOURCE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum source_format { SOURCE_NDJSON, SOURCE_CSV, SOURCE_OPENAI };

struct source_options {
    enum source_format format;
    const char *id_field;     // NULL: custom_id, else id, else the line's number
    const char *order_field;  // NULL: no order keys
    const char *endpoint;     // of openai: the only url; NULL: any that is known
    bool no_ids;              // records are numbered by line, whatever they hold
    size_t input_bytes;       // most of an input
    uint32_t input_depth;
};

// Valid until the next call on the source.
struct source_record {
    uint64_t line;            // where it begins, from 1
    struct slice input;       // JSON
    struct slice custom_id;
    struct slice order_key;   // absent: none
    struct slice model;       // of openai: the body's; absent: none that is a text
    struct slice bad;         // why it is no record; absent: it is one
};

enum source_step {
    SOURCE_RECORD,
    SOURCE_BAD,
    SOURCE_MORE,  // put something
    SOURCE_END,
    SOURCE_FAIL,  // none of it can be read
};

struct source;

struct source *source_new(const struct source_options *options);
void source_free(struct source *source);

void source_put(struct source *source, struct slice piece);  // after SOURCE_MORE; empty: the end
enum source_step source_next(struct source *source, struct source_record *record, struct err *err);

// Both: errors (EX_DATAERR) go on after the file's name: "is empty …".
// Refuses what is no text by its first bytes: empty, compressed, a spreadsheet, UTF-16, binary.
bool source_sniff(struct slice head, struct err *err) MUST_CHECK;
// The format by the file's name (NULL: none) and its first bytes.
bool source_guess(struct slice head, const char *name, enum source_format *format,
                  struct err *err) MUST_CHECK;

#endif
