#include "base/json_out.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/figure.h"

void json_key(struct buf *out, const char *key) {
    char last = out->len > 0 ? out->data[out->len - 1] : '{';
    if (last != '{' && last != '[') {
        buf_char(out, ',');
    }
    buf_json_string(out, slice_of(key));
    buf_char(out, ':');
}

void json_text(struct buf *out, const char *key, struct slice text) {
    json_key(out, key);
    if (text.at == NULL) {
        buf_text(out, "null");
    } else {
        buf_json_string(out, text);
    }
}

void json_raw_text(struct buf *out, const char *key, struct slice json) {
    json_key(out, key);
    size_t from = out->len;
    buf_slice_add(out, json.at ? json : slice_of("null"));
    // A line end can only stand between the tokens of JSON, never within one.
    for (size_t i = from; i < out->len; i++) {
        if (out->data[i] == '\n' || out->data[i] == '\r') {
            out->data[i] = ' ';
        }
    }
}

void json_count(struct buf *out, const char *key, int64_t count) {
    json_key(out, key);
    buf_printf(out, "%" PRId64, count);
}

void json_real(struct buf *out, const char *key, double value) {
    json_key(out, key);
    buf_json_number(out, value);
}

void json_bool(struct buf *out, const char *key, bool value) {
    json_key(out, key);
    buf_text(out, value ? "true" : "false");
}

void json_usd(struct buf *out, const char *key, int64_t pico_usd) {
    json_key(out, key);
    figure_usd(out, pico_usd);
}

void json_time(struct buf *out, const char *key, int64_t wall_ms) {
    char text[CLOCK_TEXT];
    clock_format(wall_ms, text);
    json_text(out, key, wall_ms ? slice_of(text) : (struct slice){0});
}

void json_codes(struct buf *out, const char *key, struct slice codes) {
    json_key(out, key);
    buf_char(out, '[');
    while (codes.len > 0) {
        buf_json_string(out, slice_take(&codes, ','));
        buf_text(out, codes.len > 0 ? "," : "");
    }
    buf_char(out, ']');
}
