#include "base/base64.h"

void buf_base64(struct buf *out, struct slice bytes) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t size = (bytes.len + 2) / 3 * 4;
    char *to = buf_reserve(out, size);
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t three = 0;
        for (size_t k = 0; k < 3; k++) {
            three = three << 8 | (i + k < bytes.len ? (unsigned char)bytes.at[i + k] : 0U);
        }
        for (int shift = 18; shift >= 0; shift -= 6) {
            *to++ = digits[three >> shift & 63];
        }
    }
    for (size_t missing = (3 - bytes.len % 3) % 3; missing > 0; missing--) {
        to[-(ptrdiff_t)missing] = '=';
    }
    out->len += size;
}
