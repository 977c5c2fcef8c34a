#include "head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool line_is(const char *line, size_t len, const char *name, const char **value,
                    size_t *value_len) {
    size_t n = strlen(name);
    if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0) {
        return false;
    }
    const char *at = line + n + 1, *end = line + len;
    while (at < end && *at == ' ') {
        at++;
    }
    *value = at;
    *value_len = (size_t)(end - at);
    return true;
}

static void head_line(struct head *head, const char *line, size_t len) {
    const char *value;
    size_t value_len;
    if (line_is(line, len, "Content-Length", &value, &value_len)) {
        head->body_len = strtoul(value, NULL, 10);
    } else if (line_is(line, len, "Idempotency-Key", &value, &value_len)) {
        head->key = value;
        head->key_len = value_len;
    } else if (line_is(line, len, "Connection", &value, &value_len)) {
        head->close = value_len == 5 && strncasecmp(value, "close", 5) == 0;
    } else if (line_is(line, len, "Transfer-Encoding", &value, &value_len)) {
        head->chunked = true;
    }
}

bool head_read(struct head *head, const char *bytes, size_t len) {
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);
    if (end == NULL) {
        return false;
    }
    *head = (struct head){.post = strncmp(bytes, "POST ", 5) == 0};
    const char *line_end = memchr(bytes, '\r', len);
    const char *path = memchr(bytes, ' ', (size_t)(line_end - bytes));
    if (path) {
        head->path = ++path;
        const char *path_end = memchr(path, ' ', (size_t)(line_end - path));
        head->path_len = (size_t)((path_end ? path_end : line_end) - path);
    }
    while (line_end < end) {
        const char *line = line_end + 2;
        line_end = memchr(line, '\r', (size_t)(end + 1 - line));
        head_line(head, line, (size_t)(line_end - line));
    }
    head->whole = (size_t)(end + 4 - bytes) + head->body_len;
    return true;
}

bool head_path_is(const struct head *head, const char *path) {
    return head->path_len == strlen(path) && memcmp(head->path, path, head->path_len) == 0;
}
