#include <ctype.h>

#include "fleet/config_parts.h"

// The grammar of RFC 8259; what YAML calls a number beyond it stays text.
static bool is_json_number(const char *text) {
    const char *p = text + (*text == '-');
    if (*p == '0') {
        p++;
    } else if (isdigit((unsigned char)*p)) {
        p += strspn(p, "0123456789");
    } else {
        return false;
    }
    if (*p == '.') {
        size_t digits = strspn(++p, "0123456789");
        p += digits;
        if (digits == 0) {
            return false;
        }
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        size_t digits = strspn(p, "0123456789");
        p += digits;
        return digits > 0 && *p == '\0';
    }
    return *p == '\0';
}

static void write_scalar(const struct conf_node *node, struct buf *out) {
    const char *text = node->text;
    bool word = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    if (node->quoted || !(word || text[0] == '\0' || is_json_number(text))) {
        buf_json_string(out, slice_of(text));
    } else {
        buf_text(out, text[0] ? text : "null");
    }
}

// Depth is bounded by what a file may nest.
static void write_json(const struct conf_node *node, struct buf *out) {
    if (node->type == CONF_SCALAR) {
        write_scalar(node, out);
        return;
    }
    buf_char(out, node->type == CONF_MAP ? '{' : '[');
    for (const struct conf_node *child = node->children; child; child = child->next) {
        if (child != node->children) {
            buf_char(out, ',');
        }
        if (node->type == CONF_MAP) {
            buf_json_string(out, slice_of(child->key));
            buf_char(out, ':');
        }
        write_json(child, out);
    }
    buf_char(out, node->type == CONF_MAP ? '}' : ']');
}

bool config_extra_read(struct config *config, const struct conf_node *extra, struct model *model,
                       struct err *err) {
    if (extra == NULL) {
        return true;
    }
    // A stream is a form of reply that no dialect reads.
    if (conf_get(extra, "stream")) {
        return conf_error(conf_get(extra, "stream"), err,
                          "replies are read whole; remove this member");
    }
    struct buf json = {0};
    write_json(extra, &json);
    model->extra = arena_string(&config->arena, buf_slice(&json));
    buf_fini(&json);
    return true;
}
