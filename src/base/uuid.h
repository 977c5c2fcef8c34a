// UUIDs (RFC 9562): version 7 for what is made here, version 8 for what is derived from names.
#ifndef TASKFIT_BASE_UUID_H
#define TASKFIT_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "base/slice.h"

enum { UUID_BYTES = 16, UUID_TEXT = 37 };

struct uuid {
    unsigned char bytes[UUID_BYTES];
};

// now_ms: Unix time. Two of the same millisecond are in no order.
struct uuid uuid_v7(int64_t now_ms, struct random *random);

// Always the same for the same space and name; begins with the time of space when that is a v7,
// so that the jobs of a batch lie together in an index. The rest: 74 bits of a SHA-256.
struct uuid uuid_derive(struct uuid space, struct slice name);

bool uuid_is_nil(struct uuid uuid);
bool uuid_equal(struct uuid a, struct uuid b);
bool uuid_from_bytes(struct slice bytes, struct uuid *uuid);  // false: not 16 bytes
bool uuid_parse(struct slice text, struct uuid *uuid);        // 8-4-4-4-12, either case
// The least and the greatest id that begins with text (hex digits and dashes where ids have
// them); false: none does.
bool uuid_range(struct slice text, struct uuid *least, struct uuid *most);
void uuid_format(struct uuid uuid, char text[UUID_TEXT]);

static inline struct slice uuid_slice(const struct uuid *uuid) {
    return (struct slice){(const char *)uuid->bytes, UUID_BYTES};
}

#endif
