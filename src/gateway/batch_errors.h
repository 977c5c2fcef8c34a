// What is wrong with the lines of a batch: a count, and the first of them as the API tells them.
#ifndef TASKFIT_GATEWAY_BATCH_ERRORS_H
#define TASKFIT_GATEWAY_BATCH_ERRORS_H

#include <stdint.h>

#include "base/buf.h"

struct batch_error {
    const char *code;
    struct slice message;
    const char *param;  // NULL: null
    int64_t line;       // 0: null
};

struct batch_errors {
    int64_t count;
    struct buf text;
};

void batch_errors_init(struct batch_errors *errors);
void batch_errors_fini(struct batch_errors *errors);
void batch_errors_add(struct batch_errors *errors, struct batch_error error);
// [{"code", "line", "message", "param"}, …]; absent: there is none.
struct slice batch_errors_json(struct batch_errors *errors);

#endif
