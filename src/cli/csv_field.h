// A field of CSV (RFC 4180), in quotes where it needs them.
#ifndef TASKFIT_CLI_CSV_FIELD_H
#define TASKFIT_CLI_CSV_FIELD_H

#include "base/buf.h"

void csv_field(struct buf *out, struct slice text);

#endif
