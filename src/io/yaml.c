#include "io/yaml.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <sysexits.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/utf8.h"

enum { DEPTH_MOST = 16, FILE_BYTES = 1 << 20, NODES_MOST = 50000, KEYS_MOST = 1000 };

struct reader {
    yaml_parser_t parser;
    const char *file;
    struct arena *arena;
    struct err *err;
    unsigned nodes;
};

static bool refuse(struct reader *r, yaml_mark_t mark, const char *text) {
    return err_exit(r->err, EX_CONFIG, "%s:%zu: %s", r->file, mark.line + 1, text);
}

static bool next(struct reader *r, yaml_event_t *event) {
    if (yaml_parser_parse(&r->parser, event)) {
        return true;
    }
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_READER_ERROR) {
        return err_exit(r->err, EX_CONFIG, "%s: byte %zu: %s", r->file, p->problem_offset + 1,
                        p->problem);
    }
    return err_exit(r->err, EX_CONFIG, "%s:%zu: not YAML: %s%s%s", r->file,
                    p->problem_mark.line + 1, p->problem ? p->problem : "cannot be read",
                    p->context ? ", " : "", p->context ? p->context : "");
}

// --- ${NAME}

// The end of the name that begins at text, NULL: it is none.
static const char *name_end(const char *text) {
    const char *p = text;
    while (isalnum((unsigned char)*p) || *p == '_') {
        p++;
    }
    bool name = p > text && !isdigit((unsigned char)*text) && *p == '}';
    return name ? p : NULL;
}

static bool replace_one(struct reader *r, struct conf_node *node, const char **at,
                        struct buf *out) {
    char name[128];
    const char *end = name_end(*at + 2);
    if (end == NULL || (size_t)(end - *at) >= sizeof(name)) {
        return conf_error(node, r->err, "'${' begins the name of a variable, as in "
                          "${OPENAI_API_KEY}; write '$${' for the characters themselves");
    }
    snprintf(name, sizeof(name), "%.*s", (int)(end - *at - 2), *at + 2);
    const char *value = getenv(name);
    if (value == NULL) {
        return conf_error(node, r->err, "the environment variable %s is not set", name);
    }
    if (utf8_valid(slice_of(value)) != strlen(value)) {
        return conf_error(node, r->err, "the environment variable %s is not UTF-8", name);
    }
    buf_text(out, value);
    node->replaced = true;
    *at = end + 1;
    return true;
}

static bool replace_all(struct reader *r, struct conf_node *node, const char *text,
                        struct buf *out) {
    for (const char *at = text; *at;) {
        if (strncmp(at, "$${", 3) == 0) {
            buf_text(out, "${");
            at += 3;
        } else if (strncmp(at, "${", 2) == 0) {
            if (!replace_one(r, node, &at, out)) {
                return false;
            }
        } else {
            buf_char(out, *at++);
        }
    }
    return true;
}

static bool scalar_text(struct reader *r, struct conf_node *node, const char *text) {
    if (strstr(text, "${") == NULL) {
        node->text = arena_string(r->arena, slice_of(text));
        return true;
    }
    struct buf out = {0};
    bool ok = replace_all(r, node, text, &out);
    node->text = arena_string(r->arena, buf_slice(&out));
    buf_fini(&out);
    return ok;
}

// --- nodes

static bool read_node(struct reader *r, const yaml_event_t *event, const char *key,
                      unsigned depth, struct conf_node **node);

static bool read_scalar(struct reader *r, const yaml_event_t *event, struct conf_node *node) {
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length) {
        return refuse(r, event->start_mark, "a NUL in a text");
    }
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    bool null = !node->quoted && (strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
    return scalar_text(r, node, null ? "" : text);
}

// Reads the key of a map's next member; *end: there is none.
static bool read_key(struct reader *r, const struct conf_node *map, char **key, int *line,
                     bool *end) {
    yaml_event_t event;
    if (!next(r, &event)) {
        return false;
    }
    bool ok = true;
    *end = event.type == YAML_MAPPING_END_EVENT;
    if (!*end && (event.type != YAML_SCALAR_EVENT || event.data.scalar.anchor ||
                  event.data.scalar.tag ||
                  strlen((const char *)event.data.scalar.value) != event.data.scalar.length)) {
        ok = refuse(r, event.start_mark, "a key must be plain text");
    } else if (!*end) {
        *key = arena_string(r->arena, slice_of((const char *)event.data.scalar.value));
        *line = (int)event.start_mark.line + 1;
        const struct conf_node *twin = conf_get(map, *key);
        if (twin) {
            ok = err_exit(r->err, EX_CONFIG, "%s:%d: %s: the same key as in line %d", r->file,
                          *line, *key, twin->line);
        }
    }
    yaml_event_delete(&event);
    return ok;
}

// Reads the value at hand, whatever it is, and appends it.
static bool read_child(struct reader *r, const char *key, int line, unsigned depth,
                       struct conf_node ***tail) {
    yaml_event_t event;
    if (!next(r, &event)) {
        return false;
    }
    struct conf_node *node = NULL;
    bool ok = read_node(r, &event, key, depth + 1, &node);
    yaml_event_delete(&event);
    if (ok) {
        assert(node);
        node->line = line > 0 ? line : node->line;
        **tail = node;
        *tail = &node->next;
    }
    return ok;
}

static bool read_map(struct reader *r, struct conf_node *map, unsigned depth) {
    struct conf_node **tail = &map->children;
    for (unsigned keys = 0;; keys++) {
        char *key = NULL;
        int line = 0;
        bool end;
        if (!read_key(r, map, &key, &line, &end)) {
            return false;
        }
        if (end) {
            return true;
        }
        if (keys == KEYS_MOST) {
            return err_exit(r->err, EX_CONFIG, "%s:%d: more than %d keys", r->file, line,
                            KEYS_MOST);
        }
        if (!read_child(r, key, line, depth, &tail)) {
            return false;
        }
    }
}

static bool read_list(struct reader *r, struct conf_node *list, unsigned depth) {
    struct conf_node **tail = &list->children;
    for (;;) {
        yaml_event_t event;
        if (!next(r, &event)) {
            return false;
        }
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        bool ok = end || read_node(r, &event, NULL, depth + 1, tail);
        yaml_event_delete(&event);
        if (!ok || end) {
            return ok;
        }
        tail = &(*tail)->next;
    }
}

static const char *refused(const yaml_event_t *event) {
    static const char anchor[] = "anchors (&name) and aliases (*name) are not allowed";
    static const char tag[] = "tags (!name) are not allowed";
    if (event->type == YAML_ALIAS_EVENT) {
        return anchor;
    }
    if (event->type == YAML_SCALAR_EVENT) {
        return event->data.scalar.anchor ? anchor : event->data.scalar.tag ? tag : NULL;
    }
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        return event->data.sequence_start.anchor ? anchor
               : event->data.sequence_start.tag  ? tag
                                                 : NULL;
    }
    if (event->type == YAML_MAPPING_START_EVENT) {
        return event->data.mapping_start.anchor ? anchor
               : event->data.mapping_start.tag  ? tag
                                                : NULL;
    }
    return "not a value";
}

static bool read_node(struct reader *r, const yaml_event_t *event, const char *key,
                      unsigned depth, struct conf_node **node) {
    const char *why = refused(event);
    if (depth > DEPTH_MOST) {
        why = "nested more than 16 deep";
    } else if (r->nodes++ >= NODES_MOST) {
        why = "more than 50000 values";
    }
    if (why) {
        return refuse(r, event->start_mark, why);
    }
    struct conf_node *n = arena_zalloc(r->arena, sizeof(*n));
    n->file = r->file;
    n->line = (int)event->start_mark.line + 1;
    n->key = key;
    *node = n;
    if (event->type == YAML_SCALAR_EVENT) {
        n->type = CONF_SCALAR;
        return read_scalar(r, event, n);
    }
    n->type = event->type == YAML_MAPPING_START_EVENT ? CONF_MAP : CONF_LIST;
    return n->type == CONF_MAP ? read_map(r, n, depth) : read_list(r, n, depth);
}

// --- the document

static bool expect(struct reader *r, yaml_event_type_t type, const char *otherwise) {
    yaml_event_t event;
    if (!next(r, &event)) {
        return false;
    }
    bool ok = event.type == type || refuse(r, event.start_mark, otherwise);
    yaml_event_delete(&event);
    return ok;
}

static bool read_document(struct reader *r, struct conf_node **root) {
    struct conf_node **tail = root;
    return expect(r, YAML_STREAM_START_EVENT, "not YAML") &&
           expect(r, YAML_DOCUMENT_START_EVENT, "the file is empty") &&
           read_child(r, NULL, 0, 0, &tail) &&
           expect(r, YAML_DOCUMENT_END_EVENT, "not YAML") &&
           expect(r, YAML_STREAM_END_EVENT, "a second document (---) is not allowed");
}

bool yaml_read(const char *file, struct conf_node **root, struct arena *arena, struct err *err) {
    struct reader r = {.arena = arena, .err = err};
    struct slice text;
    *root = NULL;
    if (!file_read(file, FILE_BYTES, arena, &text, err)) {
        return false;
    }
    r.file = arena_string(arena, slice_of(file));
    if (!yaml_parser_initialize(&r.parser)) {
        return err_fatal(err, "%s: no memory for the parser", file);
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.at, text.len);
    bool ok = read_document(&r, root);
    yaml_parser_delete(&r.parser);
    return ok;
}
