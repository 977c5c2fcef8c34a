#include "job/wire.h"

// What the tags of fields say of their form (protobuf's wire types).
enum { VARINT, FIXED_64, LENGTH, FIXED_32 = 5, TENANT = 11, VARINT_BYTES = 10 };

static bool read_varint(struct slice *rest, uint64_t *value) {
    *value = 0;
    for (size_t i = 0; i < rest->len && i < VARINT_BYTES; i++) {
        *value |= (uint64_t)(rest->at[i] & 0x7f) << (7 * i);
        if ((rest->at[i] & 0x80) == 0) {
            *rest = (struct slice){rest->at + i + 1, rest->len - i - 1};
            return true;
        }
    }
    return false;
}

static bool skip(struct slice *rest, uint64_t len) {
    if (len > rest->len) {
        return false;
    }
    *rest = (struct slice){rest->at + len, rest->len - len};
    return true;
}

struct slice wire_job_tenant(struct slice message) {
    struct slice rest = message, tenant = {0};
    uint64_t tag, value;
    while (rest.len > 0 && read_varint(&rest, &tag)) {
        bool good = false;
        switch (tag & 7) {
            case VARINT: good = read_varint(&rest, &value); break;
            case FIXED_64: good = skip(&rest, 8); break;
            case FIXED_32: good = skip(&rest, 4); break;
            case LENGTH:
                good = read_varint(&rest, &value) && value <= rest.len;
                if (good && tag >> 3 == TENANT) {
                    tenant = (struct slice){rest.at, (size_t)value};
                }
                good = good && skip(&rest, value);
                break;
        }
        if (!good) {
            break;  // no message; whoever reads it says so
        }
    }
    return tenant;
}
