#include "base/buf.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

void buf_fini(struct buf *buf) {
    mem_free(buf->data);
    *buf = (struct buf){0};
}

char *buf_reserve(struct buf *buf, size_t size) {
    if (buf->cap - buf->len < size + 1) {
        size_t cap = buf->cap ? buf->cap : 256;
        while (cap - buf->len < size + 1) {
            cap *= 2;
        }
        buf->data = mem_realloc(buf->data, cap);
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

const char *buf_string(struct buf *buf) {
    *buf_reserve(buf, 0) = '\0';
    return buf->data;
}

void buf_bytes(struct buf *buf, const void *bytes, size_t size) {
    char *at = buf_reserve(buf, size);
    if (size > 0) {
        memcpy(at, bytes, size);
    }
    buf->len += size;
    buf->data[buf->len] = '\0';
}

void buf_slice_add(struct buf *buf, struct slice text) {
    buf_bytes(buf, text.at, text.len);
}

void buf_text(struct buf *buf, const char *text) {
    buf_bytes(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c) {
    buf_bytes(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t room = buf->cap - buf->len;
    int len = vsnprintf(room ? buf->data + buf->len : NULL, room, format, args);
    va_end(args);
    if ((size_t)len >= room) {
        vsnprintf(buf_reserve(buf, (size_t)len), (size_t)len + 1, format, again);
    }
    va_end(again);
    buf->len += (size_t)len;
}

void buf_be16(struct buf *buf, uint16_t value) {
    const unsigned char bytes[2] = {(unsigned char)(value >> 8), (unsigned char)value};
    buf_bytes(buf, bytes, sizeof(bytes));
}

void buf_be32(struct buf *buf, uint32_t value) {
    value = __builtin_bswap32(value);
    buf_bytes(buf, &value, sizeof(value));
}

void buf_be64(struct buf *buf, uint64_t value) {
    value = __builtin_bswap64(value);
    buf_bytes(buf, &value, sizeof(value));
}

void buf_be32_at(struct buf *buf, size_t at, uint32_t value) {
    value = __builtin_bswap32(value);
    memcpy(buf->data + at, &value, sizeof(value));
}

static void json_escape(struct buf *buf, unsigned char c) {
    static const char *const short_forms[0x20] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
    if (c == '"' || c == '\\') {
        buf_char(buf, '\\');
        buf_char(buf, (char)c);
    } else if (short_forms[c]) {
        buf_text(buf, short_forms[c]);
    } else {
        buf_printf(buf, "\\u%04x", c);
    }
}

void buf_json_string(struct buf *buf, struct slice text) {
    const char *at = text.at ? text.at : "";
    size_t plain = 0;
    buf_char(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)at[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        buf_bytes(buf, at + plain, i - plain);
        json_escape(buf, c);
        plain = i + 1;
    }
    buf_bytes(buf, at + plain, text.len - plain);
    buf_char(buf, '"');
}

void buf_json_number(struct buf *buf, double value) {
    if (!isfinite(value)) {
        buf_text(buf, "null");
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    buf_text(buf, text);
}
