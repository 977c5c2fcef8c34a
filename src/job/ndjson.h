// A line of NDJSON as a record: the whole object is the input.
#ifndef TASKFIT_JOB_NDJSON_H
#define TASKFIT_JOB_NDJSON_H

#include "base/json.h"
#include "job/source.h"

// Fills all but record->line; custom_id stays absent when the line has none.
void ndjson_read(struct slice line, const struct source_options *options, struct arena *arena,
                 struct source_record *record);

struct ndjson_member {
    uint32_t object;  // node
    const char *key;
};

// The member as a name: a string, or a number as it is written; absent when there is none, or
// null or empty. False: it is something else, and *bad says so.
bool ndjson_name(const struct json *json, struct ndjson_member member, struct arena *arena,
                 struct slice *name, struct slice *bad);

#endif
