// Base64 (RFC 4648, with padding), as JSON carries bytes.
#ifndef TASKFIT_BASE_BASE64_H
#define TASKFIT_BASE_BASE64_H

#include "base/buf.h"

void buf_base64(struct buf *out, struct slice bytes);

#endif
