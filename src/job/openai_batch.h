// A line of an OpenAI batch file as a record: the request's body is the input.
#ifndef TASKFIT_JOB_OPENAI_BATCH_H
#define TASKFIT_JOB_OPENAI_BATCH_H

#include "job/source.h"

// Fills all but record->line. id_field is not used: the format has its own; order_field is a
// member of the body.
void openai_batch_read(struct slice line, const struct source_options *options,
                       struct arena *arena, struct source_record *record);

// Whether a line looks like one: an object with custom_id, url and body.
bool openai_batch_is(struct slice line);

#endif
