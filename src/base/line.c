#include "base/line.h"

#include "base/utf8.h"

static const char replacement[] = "\xef\xbf\xbd";
static const char ellipsis[] = "\xe2\x80\xa6";

enum { MARK_BYTES = 3 };  // both of them

// Space, C0, DEL, C1 with NEL, and the line and paragraph separators.
static bool is_blank(const char *at, size_t len) {
    const unsigned char *c = (const unsigned char *)at;
    return (len == 1 && (c[0] <= ' ' || c[0] == 0x7f)) ||
           (len == 2 && c[0] == 0xc2 && c[1] <= 0xa0) ||
           (len == 3 && c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9));
}

struct slice line_of(struct slice text, size_t most, struct arena *arena) {
    // Each byte of text is at most one mark of the line.
    size_t room = text.len < most / MARK_BYTES ? MARK_BYTES * text.len : most;
    char *line = arena_alloc(arena, room + 1);
    size_t used = 0, cut = 0;  // cut: the most that leaves room for the ellipsis
    bool blank = false;
    for (size_t at = 0; at < text.len;) {
        size_t len = utf8_length(text, at), step = len ? len : 1;
        const char *from = len ? text.at + at : replacement;
        size_t size = len ? len : MARK_BYTES;
        at += step;
        if (is_blank(from, size)) {
            blank = used > 0;
            continue;
        }
        if (used + blank + size > most) {
            memcpy(line + cut, ellipsis, MARK_BYTES);
            used = cut + MARK_BYTES;
            break;
        }
        if (blank) {
            line[used++] = ' ';
            blank = false;
        }
        memcpy(line + used, from, size);
        used += size;
        cut = used + MARK_BYTES <= most ? used : cut;
    }
    line[used] = '\0';
    return (struct slice){line, used};
}
