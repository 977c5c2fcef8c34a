// Whether two JSON values are the same, however they are written: order of members, escapes, and
// how a number is spelled make no difference.
#ifndef TASKFIT_BASE_JSON_SAME_H
#define TASKFIT_BASE_JSON_SAME_H

#include "base/json.h"

bool json_same(const struct json *a, uint32_t node_a, const struct json *b, uint32_t node_b,
               struct arena *arena);

#endif
