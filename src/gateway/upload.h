// POST /v1/files: a file comes as multipart/form-data and goes to the folder as it comes.
#ifndef TASKFIT_GATEWAY_UPLOAD_H
#define TASKFIT_GATEWAY_UPLOAD_H

#include "base/slice.h"

struct call;

void upload_begin(struct call *call);
void upload_piece(struct call *call, struct slice piece);
void upload_handle(struct call *call);  // all of it has come

#endif
