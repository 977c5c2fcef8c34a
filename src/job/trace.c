#include "job/trace.h"

#include <string.h>

//                              0  3                                36               53
static const char form[TRACE_TEXT] = "00-................................-................-..";
enum { TRACE_AT = 3, TRACE_HEX = 32, SPAN_AT = 36, SPAN_HEX = 16, FLAGS_AT = 53 };

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_zero(const char *hex, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (hex[i] != '0') {
            return false;
        }
    }
    return true;
}

bool trace_check(struct slice text) {
    if (text.len != TRACE_TEXT - 1) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (form[i] == '.' ? !is_hex(text.at[i]) : text.at[i] != form[i]) {
            return false;
        }
    }
    return !is_zero(text.at + TRACE_AT, TRACE_HEX) && !is_zero(text.at + SPAN_AT, SPAN_HEX);
}

void trace_make(const struct uuid *job, char text[TRACE_TEXT]) {
    static const char digits[] = "0123456789abcdef";
    memcpy(text, form, TRACE_TEXT);
    for (size_t i = 0; i < UUID_BYTES; i++) {
        text[TRACE_AT + 2 * i] = digits[job->bytes[i] >> 4];
        text[TRACE_AT + 2 * i + 1] = digits[job->bytes[i] & 15];
    }
    memcpy(text + SPAN_AT, text + TRACE_AT + TRACE_HEX - SPAN_HEX, SPAN_HEX);
    memset(text + FLAGS_AT, '0', 2);
}
