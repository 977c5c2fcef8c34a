#include "gateway/multipart.h"

#include <stdio.h>
#include <strings.h>

enum { HEAD_MOST = 4096 };

static bool read_boundary(const char *content_type, char out[MULTIPART_BOUNDARY + 1]) {
    static const char type[] = "multipart/form-data", key[] = "boundary=";
    if (strncasecmp(content_type, type, sizeof(type) - 1) != 0) {
        return false;
    }
    const char *at = strcasestr(content_type, key);
    if (at == NULL) {
        return false;
    }
    at += sizeof(key) - 1;
    bool quoted = *at == '"';
    at += quoted;
    size_t len = strcspn(at, quoted ? "\"" : "; \t");
    if (len == 0 || len > MULTIPART_BOUNDARY || (quoted && at[len] != '"')) {
        return false;
    }
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

bool multipart_init(struct multipart *m, const char *content_type,
                    const struct multipart_events *events, void *owner) {
    char boundary[MULTIPART_BOUNDARY + 1];
    *m = (struct multipart){.events = *events, .owner = owner};
    if (content_type == NULL || !read_boundary(content_type, boundary)) {
        return false;
    }
    m->mark_len = (size_t)snprintf(m->mark, sizeof(m->mark), "\r\n--%s", boundary);
    buf_text(&m->held, "\r\n");  // the first boundary needs no line before it
    return true;
}

void multipart_fini(struct multipart *m) {
    buf_fini(&m->held);
}

static void drop(struct multipart *m, size_t size) {
    m->held.len -= size;
    memmove(m->held.data, m->held.data + size, m->held.len);
}

static bool broken(struct multipart *m, const char *wrong) {
    m->state = MULTIPART_BROKEN;
    m->wrong = wrong;
    return false;
}

// The value of a parameter of Content-Disposition: name="…", with \" and \\ as browsers never but
// Python's email package does write them; cut where it is too long. "": absent.
static void read_parameter(struct slice line, const char *key, char out[MULTIPART_NAME]) {
    size_t len = 0, key_len = strlen(key);
    out[0] = '\0';
    for (size_t at = 0; at + key_len + 3 < line.len; at++) {
        bool here = (line.at[at] == ';' || line.at[at] == ' ') &&
                    strncasecmp(line.at + at + 1, key, key_len) == 0 &&
                    line.at[at + 1 + key_len] == '=' && line.at[at + 2 + key_len] == '"';
        if (!here) {
            continue;
        }
        for (at += key_len + 3; at < line.len && line.at[at] != '"'; at++) {
            at += line.at[at] == '\\' && at + 1 < line.len;
            if (len + 1 < MULTIPART_NAME && line.at[at] != '\0') {
                out[len++] = line.at[at];
            }
        }
        out[len] = '\0';
        return;
    }
}

static bool read_head(struct multipart *m, struct slice head) {
    static const char disposition[] = "content-disposition:";
    char name[MULTIPART_NAME], file_name[MULTIPART_NAME];
    while (head.len > 0) {
        const char *end = memmem(head.at, head.len, "\r\n", 2);
        size_t len = end ? (size_t)(end - head.at) : head.len;
        struct slice line = {head.at, len};
        if (len >= sizeof(disposition) &&
            strncasecmp(line.at, disposition, sizeof(disposition) - 1) == 0) {
            read_parameter(line, "name", name);
            read_parameter(line, "filename", file_name);
            m->events.part(m->owner, name, file_name);
            m->state = MULTIPART_BODY;
            return true;
        }
        len += end ? 2 : 0;
        head = (struct slice){head.at + len, head.len - len};
    }
    return broken(m, "a part without a Content-Disposition");
}

// After a boundary: "--" ends it all, a line end begins the head of a part.
static bool take_head(struct multipart *m) {
    struct slice held = buf_slice(&m->held);
    if (held.len >= 2 && memcmp(held.at, "--", 2) == 0) {
        m->state = MULTIPART_EPILOGUE;
        return true;
    }
    const char *end = memmem(held.at, held.len, "\r\n\r\n", 4);
    if (end == NULL) {
        return held.len > HEAD_MOST ? broken(m, "a part's head of more than 4 KiB") : false;
    }
    size_t len = (size_t)(end - held.at);
    if (len < 2 || !read_head(m, (struct slice){held.at, len})) {
        return m->state == MULTIPART_BROKEN ? false : broken(m, "a part without a head");
    }
    drop(m, len + 4);
    return true;
}

// Bytes up to the next boundary; what may begin one is held back.
static bool take_body(struct multipart *m) {
    struct slice held = buf_slice(&m->held);
    const char *mark = memmem(held.at, held.len, m->mark, m->mark_len);
    size_t len = mark ? (size_t)(mark - held.at)
                      : held.len >= m->mark_len ? held.len - m->mark_len + 1 : 0;
    if (len > 0 && m->state == MULTIPART_BODY) {
        m->events.bytes(m->owner, (struct slice){held.at, len});
    }
    drop(m, mark ? len + m->mark_len : len);
    if (mark) {
        m->state = MULTIPART_HEAD;
    }
    return mark != NULL;
}

void multipart_put(struct multipart *m, struct slice piece) {
    bool more = true;
    if (m->state == MULTIPART_EPILOGUE || m->state == MULTIPART_BROKEN) {
        return;
    }
    buf_slice_add(&m->held, piece);
    while (more && m->state != MULTIPART_EPILOGUE) {
        more = m->state == MULTIPART_HEAD ? take_head(m) : take_body(m);
    }
}

const char *multipart_end(const struct multipart *m) {
    if (m->state == MULTIPART_EPILOGUE) {
        return NULL;
    }
    return m->state == MULTIPART_BROKEN ? m->wrong : "it ends before its last boundary";
}
