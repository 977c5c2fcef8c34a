// Keys of the HTTP API: tfk_<id>_<secret>, of which the database has the hash.
//
// A secret is 256 random bits, so that one SHA-256 is enough. A key is of one tenant, and its
// scopes say what it may do.
#ifndef TASKFIT_FLEET_API_KEYS_H
#define TASKFIT_FLEET_API_KEYS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "io/pg_value.h"

#define API_SCOPES(X) \
    X(SUBMIT, "submit", "make jobs, batches and files, and end them") \
    X(READ, "read", "read what became of them") \
    X(REVIEW, "review", "look at what went to people") \
    X(ADMIN, "admin", "all of it")

enum api_scope_bit {
#define SCOPE_BIT(name, word, help) SCOPE_BIT_##name,
    API_SCOPES(SCOPE_BIT)
#undef SCOPE_BIT
};

enum api_scope {
#define SCOPE_ENUM(name, word, help) SCOPE_##name = 1 << SCOPE_BIT_##name,
    API_SCOPES(SCOPE_ENUM)
#undef SCOPE_ENUM
};

enum {
    API_KEY_ID = 17,       // 16 hex digits
    API_KEY_TEXT = 86,
    API_KEY_RANDOM = 40,   // bytes that a key is made of
    API_TENANT = 128,
    API_NAME = 128,        // more of a name is left out
};

struct api_key {
    char id[API_KEY_ID];
    unsigned char hash[SHA256_BYTES];
    char tenant[API_TENANT];
    char name[API_NAME];
    unsigned scopes;
    uint32_t rpm;  // requests a minute; 0: any number
};

// Of the words of API_SCOPES with commas between; false: one is none of them, or there is none.
bool api_scopes_read(struct slice text, unsigned *scopes);
void api_scopes_write(unsigned scopes, struct buf *out);

// A new key's text, id and hash, of random bytes that nobody else has.
void api_key_make(const unsigned char random[API_KEY_RANDOM], char text[API_KEY_TEXT],
                  struct api_key *key);

struct api_keys {
    struct api_key *keys;  // that are good
    size_t count;
    size_t made;           // ever, revoked ones too
};

// From a result of key_list, in the place of what was there.
void api_keys_read(struct api_keys *keys, const struct pg_result *result);
void api_keys_fini(struct api_keys *keys);
// The key that was given as text; NULL: none is. How long it takes tells nothing of the secret.
const struct api_key *api_keys_find(const struct api_keys *keys, struct slice text);
const struct api_key *api_keys_by_id(const struct api_keys *keys, const char *id);  // NULL: none

#endif
