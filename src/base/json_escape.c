#include "base/json_escape.h"

#include <assert.h>

#include "base/utf8.h"

static bool hex4(struct slice text, size_t at, uint32_t *value) {
    if (text.len - at < 4) {
        return false;
    }
    *value = 0;
    for (size_t i = at; i < at + 4; i++) {
        char c = text.at[i];
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        } else {
            return false;
        }
        *value = *value << 4 | digit;
    }
    return true;
}

static bool is_surrogate(uint32_t code, uint32_t base) {
    return code >= base && code < base + 0x400;
}

size_t json_escape_read(struct slice text, size_t at, uint32_t *code) {
    static const char plain[] = "\"\\/bfnrt", value[] = "\"\\/\b\f\n\r\t";
    if (at + 1 >= text.len) {
        return 0;
    }
    if (text.at[at + 1] != 'u') {
        const char *found = memchr(plain, text.at[at + 1], sizeof(plain) - 1);
        *code = found ? (uint32_t)value[found - plain] : 0;
        return found ? 2 : 0;
    }
    uint32_t low;
    if (!hex4(text, at + 2, code) || *code == 0 || is_surrogate(*code, 0xdc00)) {
        return 0;
    }
    if (!is_surrogate(*code, 0xd800)) {
        return 6;
    }
    if (text.len - at < 12 || text.at[at + 6] != '\\' || text.at[at + 7] != 'u' ||
        !hex4(text, at + 8, &low) || !is_surrogate(low, 0xdc00)) {
        return 0;
    }
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

size_t json_unescape(struct slice text, char *out) {
    size_t used = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t code;
        if (text.at[at] != '\\') {
            out[used++] = text.at[at++];
            continue;
        }
        size_t length = json_escape_read(text, at, &code);
        assert(length > 0);
        at += length;
        used += utf8_encode(code, out + used);
    }
    return used;
}
