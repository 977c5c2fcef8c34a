#include "job/attachment.h"

#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/utf8.h"

enum { NAME_BYTES = 512 };

struct attachment *attachments_copy(const struct attachment *from, uint32_t count,
                                    struct arena *arena) {
    struct attachment *all = arena_alloc(arena, count * sizeof(*all));
    for (uint32_t i = 0; i < count; i++) {
        const struct slice none = {0};
        all[i] = (struct attachment){
            .media_type = arena_slice(arena, from[i].media_type),
            .name = arena_slice(arena, from[i].name),
            .content = from[i].uri.at ? none : arena_slice(arena, from[i].content),
            .uri = from[i].uri.at ? slice_of(arena_string(arena, from[i].uri)) : none,
        };
    }
    return all;
}

// --- media types

static bool is_token(struct slice text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool letter = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!letter && (c == '\0' || strchr("!#$&^_.+-", c) == NULL)) {
            return false;
        }
    }
    return text.len > 0;
}

bool media_type_good(struct slice type) {
    const char *slash = type.len <= MEDIA_TYPE_BYTES ? memchr(type.at, '/', type.len) : NULL;
    if (slash == NULL) {
        return false;
    }
    size_t before = (size_t)(slash - type.at);
    return is_token((struct slice){type.at, before}) &&
           is_token((struct slice){slash + 1, type.len - before - 1});
}

bool media_type_same(struct slice a, struct slice b) {
    return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

bool media_type_is_image(struct slice type) {
    return type.len > 6 && strncasecmp(type.at, "image/", 6) == 0;
}

bool media_type_is_pdf(struct slice type) {
    return media_type_same(type, slice_of("application/pdf"));
}

// --- their form

static const char *fault_of(const struct attachment *a) {
    if (!a->content.at == !a->uri.at || (a->content.at && a->content.len == 0)) {
        return "has to have content or a uri, and not both";
    }
    if (a->uri.at ? a->media_type.at && !media_type_good(a->media_type)
                  : !a->media_type.at || !media_type_good(a->media_type)) {
        return "has no media_type such as image/png";
    }
    if (a->name.at && (a->name.len > NAME_BYTES || utf8_valid(a->name) != a->name.len)) {
        return "has a name that is not UTF-8 or above 512 bytes";
    }
    if (a->uri.at && (a->uri.len > ATTACHMENT_URI_BYTES || utf8_valid(a->uri) != a->uri.len)) {
        return "has a uri that is not UTF-8 or above 2048 bytes";
    }
    return NULL;
}

struct slice attachments_fault(const struct attachment *attachments, uint32_t count,
                               struct arena *arena) {
    for (uint32_t i = 0; i < count; i++) {
        const char *fault = fault_of(&attachments[i]);
        if (fault) {
            return arena_printf(arena, "attachment %u %s", i, fault);
        }
    }
    return (struct slice){0};
}

struct slice attachments_excess(const struct attachment *attachments, uint32_t count,
                                const struct attachment_limits *limits, struct arena *arena) {
    size_t sum = 0;
    if (count > limits->count) {
        return arena_printf(arena, "%u attachments, more than %u", count, limits->count);
    }
    for (uint32_t i = 0; i < count; i++) {
        sum += attachments[i].content.len;
        if (attachments[i].content.len > limits->bytes) {
            return arena_printf(arena, "attachment %u of %zu bytes, more than %zu", i,
                                attachments[i].content.len, limits->bytes);
        }
    }
    return sum > limits->by_value
               ? arena_printf(arena, "attachments of %zu bytes by value, more than %zu", sum,
                              limits->by_value)
               : (struct slice){0};
}

// --- as JSON

static void write_text(struct buf *out, const char *key, struct slice text, const char **comma) {
    if (text.at) {
        buf_printf(out, "%s\"%s\":", *comma, key);
        buf_json_string(out, text);
        *comma = ",";
    }
}

void attachments_json(const struct attachment *attachments, uint32_t count, bool content,
                      struct buf *out) {
    buf_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        const struct attachment *a = &attachments[i];
        const char *comma = "";
        buf_text(out, i ? ",{" : "{");
        write_text(out, "media_type", a->media_type, &comma);
        write_text(out, "name", a->name, &comma);
        write_text(out, "uri", a->uri, &comma);
        if (a->content.at) {
            buf_printf(out, "%s\"bytes\":%zu", comma, a->content.len);
        }
        if (a->content.at && content) {
            buf_text(out, ",\"content\":\"");
            buf_base64(out, a->content);
            buf_char(out, '"');
        }
        buf_char(out, '}');
    }
    buf_char(out, ']');
}
