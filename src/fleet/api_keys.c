#include "fleet/api_keys.h"

#include <stdio.h>

#include "base/hmac.h"
#include "base/mem.h"

enum { ID_BYTES = 8 };

static const char prefix[] = "tfk_";

static const char *const words[] = {
#define SCOPE_WORD(name, word, help) word,
    API_SCOPES(SCOPE_WORD)
#undef SCOPE_WORD
};
enum { SCOPE_COUNT = sizeof(words) / sizeof(words[0]) };

static unsigned scope_of(struct slice word) {
    for (unsigned i = 0; i < SCOPE_COUNT; i++) {
        if (slice_is(word, words[i])) {
            return 1U << i;
        }
    }
    return 0;
}

bool api_scopes_read(struct slice text, unsigned *scopes) {
    const char *comma;
    *scopes = 0;
    do {
        comma = text.len ? memchr(text.at, ',', text.len) : NULL;
        struct slice word = {text.at, comma ? (size_t)(comma - text.at) : text.len};
        unsigned scope = scope_of(word);
        if (scope == 0) {
            return false;
        }
        *scopes |= scope;
        text = comma ? (struct slice){comma + 1, text.len - word.len - 1} : text;
    } while (comma);
    return true;
}

void api_scopes_write(unsigned scopes, struct buf *out) {
    const char *between = "";
    for (unsigned i = 0; i < SCOPE_COUNT; i++) {
        if (scopes & 1U << i) {
            buf_printf(out, "%s%s", between, words[i]);
            between = ",";
        }
    }
}

static void hash_of(struct slice text, unsigned char hash[SHA256_BYTES]) {
    struct sha256 sha;
    sha256_init(&sha);
    sha256_update(&sha, text);
    sha256_final(&sha, hash);
}

void api_key_make(const unsigned char random[API_KEY_RANDOM], char text[API_KEY_TEXT],
                  struct api_key *key) {
    size_t at = sizeof(prefix) - 1;
    memcpy(text, prefix, sizeof(prefix));
    for (size_t i = 0; i < API_KEY_RANDOM; i++) {
        snprintf(text + at, API_KEY_TEXT - at, "%02x", random[i]);
        at += 2;
        if (i == ID_BYTES - 1) {
            memcpy(key->id, text + sizeof(prefix) - 1, API_KEY_ID - 1);
            key->id[API_KEY_ID - 1] = '\0';
            text[at++] = '_';
        }
    }
    hash_of((struct slice){text, at}, key->hash);
}

void api_keys_fini(struct api_keys *keys) {
    mem_free(keys->keys);
    *keys = (struct api_keys){0};
}

// The columns of the statement key_list.
enum column {
    COLUMN_ID, COLUMN_HASH, COLUMN_TENANT, COLUMN_NAME, COLUMN_SCOPES, COLUMN_CREATED,
    COLUMN_REVOKED, COLUMN_RPM,
};

// How much of a text has room in so many bytes.
static int whole_characters(struct slice text, size_t most) {
    size_t len = text.len < most ? text.len : most;
    while (len > 0 && len < text.len && ((unsigned char)text.at[len] & 0xC0) == 0x80) {
        len--;
    }
    return (int)len;
}

void api_keys_read(struct api_keys *keys, const struct pg_result *r) {
    int rows = pg_rows(r);
    api_keys_fini(keys);
    keys->keys = mem_array((size_t)rows + 1, sizeof(*keys->keys));
    keys->made = (size_t)rows;
    for (int i = 0; i < rows; i++) {
        struct api_key *key = &keys->keys[keys->count];
        struct slice id = pg_get_slice(r, i, COLUMN_ID), hash = pg_get_slice(r, i, COLUMN_HASH);
        struct slice tenant = pg_get_slice(r, i, COLUMN_TENANT);
        struct slice name = pg_get_slice(r, i, COLUMN_NAME);
        bool good = pg_is_null(r, i, COLUMN_REVOKED) && hash.len == SHA256_BYTES &&
                    id.len == API_KEY_ID - 1 && tenant.len < API_TENANT &&
                    api_scopes_read(pg_get_slice(r, i, COLUMN_SCOPES), &key->scopes);
        if (good) {
            snprintf(key->id, sizeof(key->id), "%.*s", SLICE_ARGS(id));
            snprintf(key->tenant, sizeof(key->tenant), "%.*s", SLICE_ARGS(tenant));
            snprintf(key->name, sizeof(key->name), "%.*s", whole_characters(name, API_NAME - 1),
                     name.at ? name.at : "");
            memcpy(key->hash, hash.at, SHA256_BYTES);
            key->rpm = (uint32_t)pg_get_int(r, i, COLUMN_RPM);
            keys->count++;
        }
    }
}

const struct api_key *api_keys_find(const struct api_keys *keys, struct slice text) {
    size_t from = sizeof(prefix) - 1;
    unsigned char hash[SHA256_BYTES];
    if (text.len != API_KEY_TEXT - 1 || memcmp(text.at, prefix, from) != 0) {
        return NULL;
    }
    hash_of(text, hash);
    for (size_t i = 0; i < keys->count; i++) {
        const struct api_key *key = &keys->keys[i];
        if (memcmp(key->id, text.at + from, API_KEY_ID - 1) == 0 &&
            hmac_equal(key->hash, hash, SHA256_BYTES)) {
            return key;
        }
    }
    return NULL;
}

const struct api_key *api_keys_by_id(const struct api_keys *keys, const char *id) {
    for (size_t i = 0; i < keys->count; i++) {
        if (strcmp(keys->keys[i].id, id) == 0) {
            return &keys->keys[i];
        }
    }
    return NULL;
}
