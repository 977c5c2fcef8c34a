// jq programs (libjq): prompts, reply mappings and rules.
//
// Compiled once (16 ms), run many times (2 to 20 µs). Programs see nothing of the machine: no
// includes, no environment, no files. A run that lasts longer than the limit is stopped.
// One thread only. Numbers are doubles in jq 1.6: integers above 2^53 lose digits.
#ifndef TASKFIT_IO_JQ_H
#define TASKFIT_IO_JQ_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct jq;

// Compiles; name is for error texts: "rules/gst.jq". ERR_FATAL (EX_CONFIG) with jq's own words.
bool jq_new(struct jq **jq, const char *name, const char *program, struct err *err) MUST_CHECK;
void jq_free(struct jq *jq);

// Appends the program's first output to out as one line of JSON. ERR_POISON: input is not JSON, the
// program failed or gave nothing.
bool jq_run(struct jq *jq, struct slice input, struct buf *out, struct err *err) MUST_CHECK;

#endif
