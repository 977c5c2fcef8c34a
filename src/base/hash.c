#include "base/hash.h"

static uint64_t load64(const char *at, size_t len) {
    uint64_t value = 0;
    memcpy(&value, at, len < 8 ? len : 8);
    return value;
}

static uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// Multiply and fold, eight bytes a step. The constants are the first digits of the fractions of
// sqrt(2), sqrt(3) and sqrt(5) (as in SHA-512's initial values).
uint64_t hash64(struct slice bytes, uint64_t seed) {
    uint64_t hash = seed ^ 0x6a09e667f3bcc908U;
    const char *at = bytes.at;
    size_t left = bytes.len;
    while (left > 0) {
        size_t step = left < 8 ? left : 8;
        hash = mix(hash ^ load64(at, step), 0xbb67ae8584caa73bU);
        at += step;
        left -= step;
    }
    return mix(hash ^ bytes.len, 0x3c6ef372fe94f82bU);
}

static uint32_t rotate(uint32_t x, int n) {
    return x >> n | x << (32 - n);
}

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void compress(uint32_t state[8], const unsigned char block[64]) {
    uint32_t w[64];
    for (size_t i = 0; i < 16; i++) {
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    }
    for (size_t i = 16; i < 64; i++) {
        uint32_t x = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t y = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + x + w[i - 7] + y;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (size_t i = 0; i < 64; i++) {
        uint32_t x = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        uint32_t t = h + x + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
        uint32_t y = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        uint32_t u = y + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t;
        d = c, c = b, b = a, a = t + u;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void sha256_init(struct sha256 *sha) {
    *sha = (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                     0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sha256_update(struct sha256 *sha, struct slice bytes) {
    const char *at = bytes.at;
    size_t left = bytes.len;
    while (left > 0) {
        size_t used = sha->total % 64;
        size_t step = left < 64 - used ? left : 64 - used;
        memcpy(sha->block + used, at, step);
        sha->total += step;
        at += step;
        left -= step;
        if (sha->total % 64 == 0) {
            compress(sha->state, sha->block);
        }
    }
}

void sha256_final(struct sha256 *sha, unsigned char digest[SHA256_BYTES]) {
    static const char padding[64] = {(char)0x80};
    uint64_t bits = 8 * sha->total;
    size_t used = sha->total % 64;
    sha256_update(sha, (struct slice){padding, used < 56 ? 56 - used : 120 - used});
    unsigned char length[8];
    for (size_t i = 0; i < 8; i++) {
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    }
    sha256_update(sha, (struct slice){(const char *)length, sizeof(length)});
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        digest[i] = (unsigned char)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void sha256_to_hex(const unsigned char digest[SHA256_BYTES], char hex[SHA256_HEX]) {
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    hex[SHA256_HEX - 1] = '\0';
}

void sha256_hex(struct slice bytes, char hex[SHA256_HEX]) {
    struct sha256 sha;
    unsigned char digest[SHA256_BYTES];
    sha256_init(&sha);
    sha256_update(&sha, bytes);
    sha256_final(&sha, digest);
    sha256_to_hex(digest, hex);
}
