#include "job/lines.h"

#include <assert.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

enum { MARK_BYTES = 3 };

size_t lines_mark(struct slice text) {
    bool marked = text.len >= MARK_BYTES && memcmp(text.at, byte_order_mark, MARK_BYTES) == 0;
    return marked ? MARK_BYTES : 0;
}

void lines_init(struct lines *lines, size_t most) {
    *lines = (struct lines){.most = most, .number = 1};
}

void lines_fini(struct lines *lines) {
    buf_fini(&lines->bytes);
}

struct slice lines_rest(const struct lines *lines) {
    struct slice all = buf_slice(&lines->bytes);
    return (struct slice){all.at + lines->at, all.len - lines->at};
}

void lines_put(struct lines *lines, struct slice piece) {
    struct slice rest = lines_rest(lines);
    assert(!lines->ended);
    if (lines->at > 0) {
        memmove(lines->bytes.data, rest.at, rest.len);
        lines->scanned -= lines->at;
        lines->at = 0;
        lines->bytes.len = rest.len;
    }
    buf_slice_add(&lines->bytes, piece);
    lines->ended = piece.len == 0;
}

static void advance(struct lines *lines, size_t size) {
    lines->at += size;
    if (lines->scanned < lines->at) {
        lines->scanned = lines->at;
    }
}

void lines_take(struct lines *lines, size_t size) {
    struct slice rest = lines_rest(lines);
    for (size_t i = 0; i < size; i++) {
        bool end = rest.at[i] == '\n' ||
                   (rest.at[i] == '\r' && (i + 1 == rest.len || rest.at[i + 1] != '\n'));
        lines->number += end;
    }
    advance(lines, size);
}

// The place after the line's end, 0: it has not come.
static size_t line_end(struct lines *lines) {
    const char *from = lines->bytes.data + lines->scanned;
    const char *end = memchr(from, '\n', lines->bytes.len - lines->scanned);
    if (end == NULL) {
        lines->scanned = lines->bytes.len;
        return 0;
    }
    return (size_t)(end - lines->bytes.data) + 1;
}

void lines_drop(struct lines *lines) {
    size_t end = line_end(lines);
    lines->dropping = end == 0 && !lines->ended;
    lines->number += end > 0;
    advance(lines, (end ? end : lines->bytes.len) - lines->at);
}

static bool start(struct lines *lines) {
    struct slice rest = lines_rest(lines);
    if (rest.len < MARK_BYTES && !lines->ended) {
        return false;
    }
    advance(lines, lines_mark(rest));
    lines->started = true;
    return true;
}

bool lines_ready(struct lines *lines) {
    if (!lines->started && !start(lines)) {
        return false;
    }
    if (lines->dropping) {
        lines_drop(lines);
    }
    return lines_rest(lines).len > 0;
}

enum lines_step lines_next(struct lines *lines, struct slice *line, uint64_t *number) {
    if (!lines_ready(lines)) {
        return lines->ended ? LINES_END : LINES_MORE;
    }
    size_t end = line_end(lines);
    size_t size = (end ? end : lines->bytes.len) - lines->at;
    *line = (struct slice){lines->bytes.data + lines->at, size - (end > 0)};
    *number = lines->number;
    if (end == 0 && !lines->ended && size <= lines->most) {
        return LINES_MORE;
    }
    if (line->len > lines->most) {
        lines_drop(lines);
        return LINES_LONG;
    }
    if (line->len > 0 && line->at[line->len - 1] == '\r') {
        line->len--;
    }
    lines->number += end > 0;
    advance(lines, size);
    return LINES_LINE;
}
