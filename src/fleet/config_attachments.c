#include "fleet/config_parts.h"
#include "job/uri.h"

struct draft {
    const struct conf_node *prefixes, *private;
    uint32_t count;
    int64_t max_bytes, by_value, timeout_ms;
};

#define AT(member) offsetof(struct draft, member)
// clang-format off
static const struct conf_row rows[] = {
    {"prefixes", CONF_NODE, AT(prefixes), "", 0, 0, "list",
     "https addresses, each ending with '/', below which a job's attachments may lie: "
     "[https://store.example/scans/]; they are fetched from public addresses alone, without "
     "redirects; absent: none is fetched"},
    {"private", CONF_NODE, AT(private), "", 0, 0, "list",
     "likewise, for hosts of one's own: http is allowed, and any address the name may have"},
    {"count", CONF_COUNT, AT(count), "16", 0, ATTACHMENTS_MOST, NULL, "attachments of a job"},
    {"max_bytes", CONF_SIZE, AT(max_bytes), "5MiB", 1024, 64 << 20, NULL, "of each"},
    {"by_value", CONF_SIZE, AT(by_value), "2MiB", 0, 3 << 20, NULL,
     "of a job's that lie in its message; what is larger is named by its address"},
    {"timeout", CONF_DURATION, AT(timeout_ms), "30s", 1, 3600000, NULL, "to fetch one"},
};
// clang-format on
static const struct conf_table table = {"attachments", rows, sizeof(rows) / sizeof(rows[0])};

static bool prefix_check(const struct conf_node *node, struct slice prefix, bool private,
                         struct err *err) {
    char shown[CONF_SHOWN];
    if (prefix.at[prefix.len - 1] != '/' || memchr(prefix.at, '?', prefix.len)) {
        return conf_error(node, err, "a prefix, %s, does not end with '/'",
                          conf_shown(node, shown));
    }
    return private || memcmp(prefix.at, "https:", 6) == 0 ||
           conf_error(node, err, "a prefix, %s, is not https, which only `private` may be without",
                      conf_shown(node, shown));
}

static bool prefixes_read(struct config *config, const struct conf_node *list, bool private,
                          struct err *err) {
    struct config_attachments *a = &config->attachments;
    for (const struct conf_node *node = list ? list->children : NULL; node; node = node->next) {
        struct config_prefix *prefix = &a->prefixes[a->prefix_count];
        const char *why = "this is not a text";
        char shown[CONF_SHOWN];
        if (a->prefix_count == PREFIXES_MOST) {
            return conf_error(node, err, "more than %d prefixes", PREFIXES_MOST);
        }
        if (node->type != CONF_SCALAR ||
            !uri_read(slice_of(node->text), &config->arena, &prefix->uri, &why)) {
            return conf_error(node, err, "a prefix, %s: %s", conf_shown(node, shown), why);
        }
        if (!prefix_check(node, prefix->uri, private, err)) {
            return false;
        }
        prefix->private = private;
        a->prefix_count++;
    }
    return true;
}

bool config_attachments_read(struct config *config, const struct conf_node *node, struct err *err) {
    struct config_attachments *a = &config->attachments;
    struct draft draft;
    if (!conf_fill(&table, node, &draft, &config->arena, err)) {
        return false;
    }
    a->limits =
        (struct attachment_limits){draft.count, (size_t)draft.max_bytes, (size_t)draft.by_value};
    a->timeout_ms = draft.timeout_ms;
    return prefixes_read(config, draft.prefixes, false, err) &&
           prefixes_read(config, draft.private, true, err);
}

void config_attachments_reference(FILE *out) {
    conf_reference(&table, out);
}

const struct config_prefix *config_prefix_find(const struct config *config, struct slice uri) {
    const struct config_attachments *a = &config->attachments;
    for (uint32_t i = 0; i < a->prefix_count; i++) {
        if (uri_is_below(uri, a->prefixes[i].uri)) {
            return &a->prefixes[i];
        }
    }
    return NULL;
}
