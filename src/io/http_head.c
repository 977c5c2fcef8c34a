#include "io/http_head.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    HEAD_MOST_BYTES = 64 << 10,  // a server may send header lines without end
    RATES_BYTES = 1024,
};

void http_head_begin(struct http_head *head) {
    head->bytes = 0;
    head->has_retry_after = false;
    head->content_type[0] = '\0';
    buf_clear(&head->rates);
}

void http_head_fini(struct http_head *head) {
    buf_fini(&head->rates);
}

// What stands after the colon at that place.
static struct slice value_of(const char *line, size_t len, size_t name_len) {
    struct slice value = {line + name_len + 1, len - name_len - 1};
    while (value.len > 0 && strchr(" \t", value.at[0])) {
        value.at++;
        value.len--;
    }
    while (value.len > 0 && strchr(" \t\r\n", value.at[value.len - 1])) {
        value.len--;
    }
    return value;
}

static bool is_named(const char *line, size_t len, const char *name) {
    size_t name_len = strlen(name);
    return len > name_len && line[name_len] == ':' && strncasecmp(line, name, name_len) == 0;
}

static void keep_rate(struct http_head *head, const char *line, size_t len) {
    static const char *const beginnings[] = {"x-ratelimit-", "anthropic-ratelimit-",
                                             "llm_provider-x-ratelimit-",
                                             "llm_provider-anthropic-ratelimit-"};
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        size_t begun = strlen(beginnings[i]);
        const char *colon = memchr(line, ':', len);
        if (len <= begun || strncasecmp(line, beginnings[i], begun) != 0 || colon == NULL ||
            head->rates.len + len > RATES_BYTES) {
            continue;
        }
        struct slice name = {line + begun, (size_t)(colon - line) - begun};
        struct slice value = value_of(line, len, (size_t)(colon - line));
        buf_printf(&head->rates, "%.*s: %.*s\n", SLICE_ARGS(name), SLICE_ARGS(value));
    }
}

// A server's wish may come under the names that proxies give it.
static void keep_retry_after(struct http_head *head, const char *line, size_t len) {
    static const struct {
        const char *name;
        bool is_ms;
    } names[] = {
        {"retry-after-ms", true}, {"retry-after", false}, {"llm_provider-retry-after", false}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!is_named(line, len, names[i].name)) {
            continue;
        }
        struct slice value = value_of(line, len, strlen(names[i].name));
        if (value.len < HTTP_RETRY_AFTER_BYTES && (!head->has_retry_after || names[i].is_ms)) {
            snprintf(head->retry_after, HTTP_RETRY_AFTER_BYTES, "%.*s", SLICE_ARGS(value));
            head->has_retry_after = true;
            head->retry_after_is_ms = names[i].is_ms;
        }
    }
}

static void keep_content_type(struct http_head *head, const char *line, size_t len) {
    static const char name[] = "content-type";
    if (is_named(line, len, name)) {
        struct slice value = value_of(line, len, sizeof(name) - 1);
        snprintf(head->content_type, HTTP_CONTENT_TYPE_BYTES, "%.*s",
                 value.len < HTTP_CONTENT_TYPE_BYTES ? (int)value.len : 0, value.at);
    }
}

enum http_head_line http_head_add(struct http_head *head, const char *line, size_t len) {
    head->bytes += len;
    if (head->bytes > HEAD_MOST_BYTES) {
        return HTTP_HEAD_TOO_LARGE;
    }
    if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {  // what was of an earlier, interim response
        head->has_retry_after = false;
        head->content_type[0] = '\0';
        buf_clear(&head->rates);
        return HTTP_HEAD_LINE;
    }
    keep_rate(head, line, len);
    keep_retry_after(head, line, len);
    keep_content_type(head, line, len);
    return len > 0 && (line[0] == '\r' || line[0] == '\n') ? HTTP_HEAD_END : HTTP_HEAD_LINE;
}
