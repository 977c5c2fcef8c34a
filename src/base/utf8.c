#include "base/utf8.h"

size_t utf8_length(struct slice text, size_t at) {
    const unsigned char *s = (const unsigned char *)text.at + at;
    if (s[0] < 0x80) {
        return 1;
    }
    // The bounds of the second byte keep out overlong forms, surrogates and what is above U+10FFFF.
    unsigned char low = 0x80, high = 0xbf;
    size_t len;
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        len = 2;
    } else if (s[0] >= 0xe0 && s[0] <= 0xef) {
        len = 3;
        low = s[0] == 0xe0 ? 0xa0 : low;
        high = s[0] == 0xed ? 0x9f : high;
    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        len = 4;
        low = s[0] == 0xf0 ? 0x90 : low;
        high = s[0] == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (text.len - at < len || s[1] < low || s[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

size_t utf8_valid(struct slice text) {
    size_t at = 0;
    while (at < text.len) {
        size_t len = utf8_length(text, at);
        if (len == 0) {
            break;
        }
        at += len;
    }
    return at;
}

size_t utf8_uncut(struct slice text) {
    for (size_t back = 1; back <= 3 && back <= text.len; back++) {
        unsigned char c = (unsigned char)text.at[text.len - back];
        if ((c & 0xc0) != 0x80) {
            bool cut = c >= 0xc0 && utf8_length(text, text.len - back) == 0;
            return text.len - (cut ? back : 0);
        }
    }
    return text.len;
}

size_t utf8_encode(uint32_t code, char out[4]) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(lead[len] | code);
    return len;
}
