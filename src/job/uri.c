#include "job/uri.h"

#include <stdio.h>
#include <strings.h>

#include "base/buf.h"

// What is left to read, and what is written.
struct reader {
    struct slice rest;
    struct buf out;
    const char *why;
};

static bool fail(struct reader *r, const char *why) {
    r->why = why;
    return false;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool is_unreserved(char c) {
    return is_letter_or_digit(c) || (c != '\0' && strchr("-._~", c));
}

static void take(struct reader *r, size_t len) {
    r->rest.at += len;
    r->rest.len -= len;
}

static size_t span(struct slice text, const char *until) {
    size_t len = 0;
    while (len < text.len && (text.at[len] == '\0' || strchr(until, text.at[len]) == NULL)) {
        len++;
    }
    return len;
}

// --- scheme://host:port

static bool read_scheme(struct reader *r, bool *secure) {
    *secure = r->rest.len > 8 && strncasecmp(r->rest.at, "https://", 8) == 0;
    if (!*secure && (r->rest.len <= 7 || strncasecmp(r->rest.at, "http://", 7) != 0)) {
        return fail(r, "it does not begin with https:// or http://");
    }
    buf_text(&r->out, *secure ? "https://" : "http://");
    take(r, *secure ? 8 : 7);
    return true;
}

static bool read_host(struct reader *r, struct slice host) {
    bool v6 = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
    if (host.len == 0 || host.at[host.len - 1] == '.') {
        return fail(r, "it names no host, or one that ends with a dot");
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        bool fine =
            v6 ? i == 0 || i == host.len - 1 || c == ':' || is_letter_or_digit(c) || c == '.'
               : is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
        if (!fine) {
            return fail(r,
                        "its host is no name, IPv4 or [IPv6] address, and nothing else is "
                        "allowed before the path");
        }
        buf_char(&r->out, lower(c));
    }
    return true;
}

static bool read_port(struct reader *r, struct slice port, bool secure) {
    unsigned number = 0;
    if (port.len == 0 || port.len > 5) {
        return fail(r, "its port is no number");
    }
    for (size_t i = 0; i < port.len; i++) {
        if (port.at[i] < '0' || port.at[i] > '9') {
            return fail(r, "its port is no number");
        }
        number = number * 10 + (unsigned)(port.at[i] - '0');
    }
    if (number == 0 || number > 65535) {
        return fail(r, "its port is no number from 1 to 65535");
    }
    if (number != (secure ? 443 : 80)) {
        buf_printf(&r->out, ":%u", number);
    }
    return true;
}

static bool read_authority(struct reader *r, bool secure) {
    struct slice all = {r->rest.at, span(r->rest, "/?#")};
    size_t bracket = all.len > 0 && all.at[0] == '[' ? span(all, "]") : 0;
    struct slice after = {all.at + bracket, all.len - bracket};
    size_t host = bracket + span(after, ":");
    if (!read_host(r, (struct slice){all.at, host})) {
        return false;
    }
    if (host < all.len &&
        !read_port(r, (struct slice){all.at + host + 1, all.len - host - 1}, secure)) {
        return false;
    }
    take(r, all.len);
    return true;
}

// --- path and query

static int hex(char c) {
    return c >= '0' && c <= '9'                 ? c - '0'
           : lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10
                                                : -1;
}

// %XX, decoded where the character need not be encoded.
static bool read_encoded(struct reader *r, bool query) {
    int high = r->rest.len > 2 ? hex(r->rest.at[1]) : -1;
    int low = r->rest.len > 2 ? hex(r->rest.at[2]) : -1;
    if (high < 0 || low < 0) {
        return fail(r, "a % in it is followed by no two hexadecimal digits");
    }
    int c = high * 16 + low;
    if (c < 0x20 || c == 0x7f) {
        return fail(r, "it has an encoded control character");
    }
    if (!query && (c == '/' || c == '\\' || c == '%')) {
        return fail(r, "its path has an encoded slash, backslash or percent sign");
    }
    if (is_unreserved((char)c)) {
        buf_char(&r->out, (char)c);
    } else {
        buf_printf(&r->out, "%%%02X", (unsigned)c);
    }
    take(r, 3);
    return true;
}

static bool read_characters(struct reader *r, bool query) {
    while (r->rest.len > 0 && (query || r->rest.at[0] != '?')) {
        char c = r->rest.at[0];
        if (c == '%') {
            if (!read_encoded(r, query)) {
                return false;
            }
            continue;
        }
        if (!is_unreserved(c) && (c == '\0' || strchr("/:@!$&'()*+,;=?", c) == NULL)) {
            return fail(r, "it has a character that a URI cannot have there");
        }
        buf_char(&r->out, c);
        take(r, 1);
    }
    return true;
}

static bool has_dots(struct slice path) {
    for (size_t at = 0; at < path.len;) {
        struct slice segment = {path.at + at + 1, 0};
        segment.len = span((struct slice){segment.at, path.len - at - 1}, "/");
        if (slice_is(segment, ".") || slice_is(segment, "..")) {
            return true;
        }
        at += 1 + segment.len;
    }
    return false;
}

static bool read_path(struct reader *r) {
    size_t begins = r->out.len;
    if (r->rest.len == 0 || r->rest.at[0] != '/') {
        buf_char(&r->out, '/');
    }
    if (!read_characters(r, false)) {
        return false;
    }
    struct slice path = {r->out.data + begins, r->out.len - begins};
    if (has_dots(path)) {
        return fail(r, "its path has a segment . or ..");
    }
    return read_characters(r, true);
}

bool uri_read(struct slice uri, struct arena *arena, struct slice *normal, const char **why) {
    struct reader r = {.rest = uri};
    bool secure;
    bool ok = read_scheme(&r, &secure) && read_authority(&r, secure) && read_path(&r);
    *why = ok ? *why : r.why;
    *normal = ok ? slice_of(arena_string(arena, buf_slice(&r.out))) : (struct slice){0};
    buf_fini(&r.out);
    return ok;
}

bool uri_is_below(struct slice uri, struct slice prefix) {
    return uri.len > prefix.len && memcmp(uri.at, prefix.at, prefix.len) == 0;
}
