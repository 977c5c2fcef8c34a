#include "base/uuid.h"

#include "base/hash.h"

static void set_version(struct uuid *uuid, unsigned version) {
    uuid->bytes[6] = (unsigned char)((uuid->bytes[6] & 0x0f) | version << 4);
    uuid->bytes[8] = (unsigned char)((uuid->bytes[8] & 0x3f) | 0x80);
}

struct uuid uuid_v7(int64_t now_ms, struct random *random) {
    struct uuid uuid;
    const uint64_t parts[2] = {random_u64(random), random_u64(random)};
    memcpy(uuid.bytes, parts, sizeof(parts));
    for (int i = 0; i < 6; i++) {
        uuid.bytes[i] = (unsigned char)((uint64_t)now_ms >> (40 - 8 * i));
    }
    set_version(&uuid, 7);
    return uuid;
}

struct uuid uuid_derive(struct uuid space, struct slice name) {
    struct sha256 sha;
    unsigned char digest[SHA256_BYTES];
    struct uuid uuid;
    sha256_init(&sha);
    sha256_update(&sha, uuid_slice(&space));
    sha256_update(&sha, name);
    sha256_final(&sha, digest);
    memcpy(uuid.bytes, digest, UUID_BYTES);
    memcpy(uuid.bytes, space.bytes, 6);
    set_version(&uuid, 8);
    return uuid;
}

bool uuid_is_nil(struct uuid uuid) {
    return uuid_equal(uuid, (struct uuid){{0}});
}

bool uuid_equal(struct uuid a, struct uuid b) {
    return memcmp(a.bytes, b.bytes, UUID_BYTES) == 0;
}

bool uuid_from_bytes(struct slice bytes, struct uuid *uuid) {
    if (bytes.len != UUID_BYTES) {
        return false;
    }
    memcpy(uuid->bytes, bytes.at, UUID_BYTES);
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash_place(size_t i) {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool uuid_parse(struct slice text, struct uuid *uuid) {
    if (text.len != UUID_TEXT - 1) {
        return false;
    }
    size_t nibbles = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (is_dash_place(i)) {
            if (text.at[i] != '-') {
                return false;
            }
            continue;
        }
        int digit = hex_digit(text.at[i]);
        if (digit < 0) {
            return false;
        }
        unsigned char *byte = &uuid->bytes[nibbles / 2];
        *byte = (unsigned char)(nibbles % 2 ? *byte | digit : digit << 4);
        nibbles++;
    }
    return true;
}

bool uuid_range(struct slice text, struct uuid *least, struct uuid *most) {
    char low[UUID_TEXT], high[UUID_TEXT];
    if (text.len == 0 || text.len >= UUID_TEXT) {
        return false;
    }
    for (size_t i = 0; i < UUID_TEXT - 1; i++) {
        bool given = i < text.len;
        low[i] = given ? text.at[i] : is_dash_place(i) ? '-' : '0';
        high[i] = given ? text.at[i] : is_dash_place(i) ? '-' : 'f';
    }
    return uuid_parse((struct slice){low, UUID_TEXT - 1}, least) &&
           uuid_parse((struct slice){high, UUID_TEXT - 1}, most);
}

void uuid_format(struct uuid uuid, char text[UUID_TEXT]) {
    size_t nibbles = 0;
    for (size_t i = 0; i < UUID_TEXT - 1; i++) {
        if (is_dash_place(i)) {
            text[i] = '-';
            continue;
        }
        unsigned char byte = uuid.bytes[nibbles / 2];
        text[i] = "0123456789abcdef"[nibbles % 2 ? byte & 15 : byte >> 4];
        nibbles++;
    }
    text[UUID_TEXT - 1] = '\0';
}
