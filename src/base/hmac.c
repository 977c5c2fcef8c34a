#include "base/hmac.h"

enum { BLOCK = 64, INNER = 0x36, OUTER = 0x5c };

void hmac_init(struct hmac *hmac, struct slice key) {
    unsigned char padded[BLOCK] = {0}, inner[BLOCK];
    if (key.len > BLOCK) {
        sha256_init(&hmac->inner);
        sha256_update(&hmac->inner, key);
        sha256_final(&hmac->inner, padded);
    } else if (key.len > 0) {
        memcpy(padded, key.at, key.len);
    }
    for (int i = 0; i < BLOCK; i++) {
        inner[i] = padded[i] ^ INNER;
        hmac->outer_key[i] = padded[i] ^ OUTER;
    }
    sha256_init(&hmac->inner);
    sha256_update(&hmac->inner, (struct slice){(const char *)inner, BLOCK});
}

void hmac_update(struct hmac *hmac, struct slice bytes) {
    sha256_update(&hmac->inner, bytes);
}

void hmac_final(struct hmac *hmac, unsigned char digest[SHA256_BYTES]) {
    struct sha256 outer;
    sha256_final(&hmac->inner, digest);
    sha256_init(&outer);
    sha256_update(&outer, (struct slice){(const char *)hmac->outer_key, BLOCK});
    sha256_update(&outer, (struct slice){(const char *)digest, SHA256_BYTES});
    sha256_final(&outer, digest);
}

bool hmac_equal(const void *a, const void *b, size_t size) {
    const unsigned char *left = a, *right = b;
    volatile unsigned char differ = 0;
    for (size_t i = 0; i < size; i++) {
        differ = (unsigned char)(differ | (left[i] ^ right[i]));
    }
    return differ == 0;
}
