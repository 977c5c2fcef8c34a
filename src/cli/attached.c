#include "cli/attached.h"

#include <strings.h>

#include "base/file.h"
#include "base/json.h"
#include "job/uri.h"

// What an attachment is read of.
struct reader {
    const struct attached *attached;
    const struct json *json;
    struct arena *arena;
    struct slice bad;
};

static bool fail(struct reader *r, struct slice why) {
    r->bad = arena_printf(r->arena, "'%s': %.*s", r->attached->member, SLICE_ARGS(why));
    return false;
}

static struct slice type_by_ending(struct slice name) {
    static const char *const types[][2] = {
        {".png", "image/png"},   {".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},   {".webp", "image/webp"}, {".pdf", "application/pdf"},
        {".tif", "image/tiff"},  {".tiff", "image/tiff"}, {".bmp", "image/bmp"},
        {".heic", "image/heic"}, {".txt", "text/plain"},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        size_t len = strlen(types[i][0]);
        if (name.len > len && strncasecmp(name.at + name.len - len, types[i][0], len) == 0) {
            return slice_of(types[i][1]);
        }
    }
    return (struct slice){0};
}

// Whoever wrote a line may not be who submits it, whose files it must not reach.
static bool is_inside(struct slice path) {
    const char *name = path.at;
    if (path.len == 0 || path.at[0] == '/' || memchr(path.at, '\0', path.len)) {
        return false;
    }
    while (name) {
        const char *slash = memchr(name, '/', (size_t)(path.at + path.len - name));
        size_t len = slash ? (size_t)(slash - name) : (size_t)(path.at + path.len - name);
        if (len == 2 && name[0] == '.' && name[1] == '.') {
            return false;
        }
        name = slash ? slash + 1 : NULL;
    }
    return true;
}

static bool read_file(struct reader *r, struct slice path, struct attachment *a) {
    const struct attached *attached = r->attached;
    const char *name = arena_string(r->arena, path);
    const char *slash = strrchr(name, '/');
    struct err err;
    if (!is_inside(path)) {
        return fail(r, arena_printf(r->arena,
                                    "%s does not lie beside the file that names it, or "
                                    "below",
                                    name));
    }
    const char *file = file_beside(attached->file ? attached->file : "", name, r->arena);
    if (!file_read(file, attached->config->attachments.limits.bytes, r->arena, &a->content, &err)) {
        return fail(r, slice_of(err.text));
    }
    a->media_type = a->media_type.at ? a->media_type : type_by_ending(path);
    a->name = a->name.at ? a->name : slice_of(slash ? slash + 1 : name);
    return a->media_type.at ||
           fail(r, arena_printf(r->arena, "%s needs a media_type, which its ending does not tell",
                                name));
}

static bool read_uri(struct reader *r, struct slice uri, struct attachment *a) {
    const char *why = "no prefix of `attachments` in the configuration is above it";
    if (!uri_read(uri, r->arena, &a->uri, &why) ||
        config_prefix_find(r->attached->config, a->uri) == NULL) {
        return fail(r, arena_printf(r->arena, "%.*s: %s", SLICE_ARGS(uri), why));
    }
    return true;
}

static bool read_text(struct reader *r, struct slice text, struct attachment *a) {
    return memmem(text.at, text.len, "://", 3) ? read_uri(r, text, a) : read_file(r, text, a);
}

static struct slice member(const struct reader *r, uint32_t node, const char *name) {
    uint32_t value = json_get(r->json, node, name);
    return value ? json_string(r->json, value, r->arena) : (struct slice){0};
}

static bool read_one(struct reader *r, uint32_t node, struct attachment *a) {
    struct slice text = json_string(r->json, node, r->arena);
    if (text.at) {
        return read_text(r, text, a);
    }
    if (json_type(r->json, node) != JSON_OBJECT) {
        return fail(r, slice_of("a file's name, an address or an object of them is wanted"));
    }
    struct slice path = member(r, node, "path"), uri = member(r, node, "uri");
    a->media_type = member(r, node, "media_type");
    a->name = member(r, node, "name");
    if (!path.at == !uri.at) {
        return fail(r, slice_of("an attachment has either a path or a uri, a text"));
    }
    return path.at ? read_file(r, path, a) : read_uri(r, uri, a);
}

static bool check(struct reader *r, const struct job *job) {
    const struct attachment_limits *limits = &r->attached->config->attachments.limits;
    struct slice why = attachments_fault(job->attachments, job->attachment_count, r->arena);
    if (why.at == NULL) {
        why = attachments_excess(job->attachments, job->attachment_count, limits, r->arena);
    }
    return why.at == NULL || fail(r, why);
}

static bool read_all(struct reader *r, uint32_t node, struct job *job) {
    bool list = json_type(r->json, node) == JSON_ARRAY;
    uint32_t most = r->attached->config->attachments.limits.count, count = 0;
    job->attachments = arena_zalloc(r->arena, (most + 1) * sizeof(*job->attachments));
    for (uint32_t i = list ? json_first(r->json, node) : node; i && count <= most;
         i = list ? json_after(r->json, node, i) : 0) {
        if (count == most) {
            return fail(r, arena_printf(r->arena, "more than %u attachments", most));
        }
        if (!read_one(r, i, &job->attachments[count++])) {
            return false;
        }
    }
    job->attachment_count = count;
    return check(r, job);
}

bool attached_read(const struct attached *attached, struct slice input, struct arena *arena,
                   struct job *job, struct slice *bad) {
    struct json json;
    struct err err;
    struct reader r = {.attached = attached, .json = &json, .arena = arena};
    job->attachment_count = 0;
    if (attached->member == NULL) {
        return true;
    }
    if (!json_parse(&json, input, &json_default_limits, arena, &err)) {
        *bad = arena_printf(arena, "%s", err.text);
        return false;
    }
    uint32_t node = json_get(&json, 0, attached->member);
    if (node == 0 && attached->required) {
        *bad = arena_printf(arena, "no '%s', which should name its attachments",
                            attached->member);
        return false;
    }
    bool none = node == 0 || json_type(&json, node) == JSON_NULL ||
                (json_type(&json, node) == JSON_STRING && json_raw(&json, node).len == 2);
    if (none || read_all(&r, node, job)) {
        return true;
    }
    *bad = r.bad;
    return false;
}
