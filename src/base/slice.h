// A view of bytes that somebody else owns; not terminated by NUL.
#ifndef TASKFIT_BASE_SLICE_H
#define TASKFIT_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *at;  // NULL: absent, which is not the same as empty
    size_t len;
};

// For printf: "%.*s", SLICE_ARGS(s)
#define SLICE_ARGS(s) (int)(s).len, ((s).at ? (s).at : "")

static inline struct slice slice_of(const char *text) {
    return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool slice_equal(struct slice a, struct slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool slice_is(struct slice a, const char *text) {
    return slice_equal(a, slice_of(text));
}

// The next part of a list, up to a separator or its end; rest is what follows it. Of an empty list:
// absent.
static inline struct slice slice_take(struct slice *rest, char separator) {
    const char *end = rest->len > 0 ? (const char *)memchr(rest->at, separator, rest->len) : NULL;
    struct slice part = {rest->len > 0 ? rest->at : NULL,
                         end ? (size_t)(end - rest->at) : rest->len};
    size_t step = part.len + (end != NULL);
    *rest = (struct slice){rest->len > 0 ? rest->at + step : NULL, rest->len - step};
    return part;
}

#endif
