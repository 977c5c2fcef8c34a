// Members of a JSON object, written one after the other: the comma before, null for what is absent.
#ifndef TASKFIT_BASE_JSON_OUT_H
#define TASKFIT_BASE_JSON_OUT_H

#include "base/buf.h"

void json_key(struct buf *out, const char *key);
void json_text(struct buf *out, const char *key, struct slice text);
void json_raw_text(struct buf *out, const char *key, struct slice json);  // on one line
void json_count(struct buf *out, const char *key, int64_t count);
void json_real(struct buf *out, const char *key, double value);
void json_bool(struct buf *out, const char *key, bool value);
void json_usd(struct buf *out, const char *key, int64_t pico_usd);  // exact
void json_time(struct buf *out, const char *key, int64_t wall_ms);  // 0: null
void json_codes(struct buf *out, const char *key, struct slice codes);  // commas between

#endif
