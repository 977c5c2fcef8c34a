// The records of a file of CSV or NDJSON, one after another, for commands that look at each.
#ifndef TASKFIT_CLI_RECORDS_H
#define TASKFIT_CLI_RECORDS_H

#include "base/err.h"
#include "base/hash.h"
#include "cli/bad_lines.h"
#include "job/source.h"

struct records_options {
    const char *file;        // "-": standard input
    size_t row_bytes;        // most of a record
    struct sha256 *sha;      // takes the file's bytes; NULL: not asked for
    struct bad_lines *bad;   // takes what is refused as EX_DATAERR, and the rest is read; NULL:
                             // that ends it
};

// False: the record is refused; file and line are put before the error.
typedef bool records_each(void *owner, const struct source_record *record, struct err *err);

// Until the end or the first error, which names file and line: EX_NOINPUT, EX_DATAERR.
bool records_read(const struct records_options *options, records_each *each, void *owner,
                  struct err *err) MUST_CHECK;

#endif
