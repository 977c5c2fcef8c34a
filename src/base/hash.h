// Two hashes: one for tables, fast and seeded; one for names of content, SHA-256 (FIPS 180-4).
#ifndef TASKFIT_BASE_HASH_H
#define TASKFIT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

// For tables only: not stable between versions, not safe against chosen collisions on disk.
uint64_t hash64(struct slice bytes, uint64_t seed);

struct sha256 {
    uint32_t state[8];
    uint64_t total;  // bytes
    unsigned char block[64];
};

enum { SHA256_BYTES = 32, SHA256_HEX = 65 };

void sha256_init(struct sha256 *sha);
void sha256_update(struct sha256 *sha, struct slice bytes);
void sha256_final(struct sha256 *sha, unsigned char digest[SHA256_BYTES]);

// The digest of bytes in lower-case hex, ended by NUL.
void sha256_hex(struct slice bytes, char hex[SHA256_HEX]);
void sha256_to_hex(const unsigned char digest[SHA256_BYTES], char hex[SHA256_HEX]);

#endif
