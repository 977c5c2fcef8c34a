// A growing buffer of bytes, always followed by a NUL that does not count.
#ifndef TASKFIT_BASE_BUF_H
#define TASKFIT_BASE_BUF_H

#include <stdint.h>

#include "base/slice.h"

struct buf {
    char *data;  // NULL while nothing was ever written
    size_t len;
    size_t cap;
};

void buf_fini(struct buf *buf);
static inline void buf_clear(struct buf *buf) {
    buf->len = 0;
}
static inline struct slice buf_slice(const struct buf *buf) {
    return (struct slice){buf->data ? buf->data : "", buf->len};
}
const char *buf_string(struct buf *buf);

// Room for size more bytes; what it returns is valid until the next write.
char *buf_reserve(struct buf *buf, size_t size);
void buf_bytes(struct buf *buf, const void *bytes, size_t size);
void buf_slice_add(struct buf *buf, struct slice text);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Network byte order, as PostgreSQL's binary format has it.
void buf_be16(struct buf *buf, uint16_t value);
void buf_be32(struct buf *buf, uint32_t value);
void buf_be64(struct buf *buf, uint64_t value);
void buf_be32_at(struct buf *buf, size_t at, uint32_t value);

// text as a JSON string with its quotes; bytes are taken as UTF-8 and not checked.
void buf_json_string(struct buf *buf, struct slice text);
// The shortest decimal that reads back as value; NaN and infinities, which JSON lacks, as null.
void buf_json_number(struct buf *buf, double value);

#endif
