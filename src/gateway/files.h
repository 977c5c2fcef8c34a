// Files of the API: their rows, and their bytes in the folder.
#ifndef TASKFIT_GATEWAY_FILES_H
#define TASKFIT_GATEWAY_FILES_H

#include "base/buf.h"
#include "io/pg_value.h"

struct call;
struct gateway;

void files_list(struct call *call);
void files_get(struct call *call);
void files_content(struct call *call);
void files_delete(struct call *call);

// A FileObject, of a row of the statements file_add, file_get and file_list.
void files_write(struct buf *out, const struct pg_result *result, int row);

// Deletes those that are past their time; once a minute.
void files_expire(struct gateway *gateway);

#endif
