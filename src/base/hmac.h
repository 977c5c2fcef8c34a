// HMAC with SHA-256 (RFC 2104), and a comparison whose time tells nothing.
#ifndef TASKFIT_BASE_HMAC_H
#define TASKFIT_BASE_HMAC_H

#include <stdbool.h>

#include "base/hash.h"

struct hmac {
    struct sha256 inner;
    unsigned char outer_key[64];
};

void hmac_init(struct hmac *hmac, struct slice key);
void hmac_update(struct hmac *hmac, struct slice bytes);
void hmac_final(struct hmac *hmac, unsigned char digest[SHA256_BYTES]);

// How long it takes depends on size alone.
bool hmac_equal(const void *a, const void *b, size_t size);

#endif
