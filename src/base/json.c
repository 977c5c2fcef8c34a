#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/json_escape.h"
#include "base/mem.h"
#include "base/utf8.h"

const struct json_limits json_default_limits = {.depth = 64, .nodes = 1 << 20};

enum {
    KEY_BYTES = 1 << 16,
    SEEN_KEPT = 64,        // slots
    NODES_KEPT = 1 << 14,  // what a large document made the scratch grow to is given back
};

struct seen {
    uint64_t *hashes;  // 0: free
    uint32_t count, cap;
};

struct open {
    uint32_t *nodes;  // the objects and arrays that are open around the reader's place
    uint32_t count, cap;
};

// Kept from document to document, so that reading one costs no malloc.
static _Thread_local struct {
    struct json_node *nodes;
    uint32_t cap;
    struct seen seen;
    struct open open;
} scratch;

struct reader {
    struct slice text;
    size_t at;
    const struct json_limits *limits;
    struct json_node *nodes;  // the scratch's
    uint32_t count;
    struct err *err;
};

static bool fail(struct reader *r, const char *what) {
    return err_poison(r->err, "not JSON: %s at byte %zu", what, r->at + 1);
}

static uint32_t node_add(struct reader *r, enum json_type type) {
    if (r->count == scratch.cap) {
        scratch.cap = scratch.cap ? 2 * scratch.cap : 64;
        scratch.nodes = mem_realloc(scratch.nodes, scratch.cap * sizeof(struct json_node));
        r->nodes = scratch.nodes;
    }
    r->nodes[r->count] = (struct json_node){.at = (uint32_t)r->at, .type = (uint8_t)type};
    return r->count++;
}

static void node_end(struct reader *r, uint32_t node) {
    r->nodes[node].len = (uint32_t)r->at - r->nodes[node].at;
    r->nodes[node].next = r->count;
}

static int peek(const struct reader *r) {
    return r->at < r->text.len ? (unsigned char)r->text.at[r->at] : -1;
}

static void skip_space(struct reader *r) {
    int c = peek(r);
    while (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        r->at++;
        c = peek(r);
    }
}

static bool read_string(struct reader *r) {
    r->at++;
    uint32_t node = node_add(r, JSON_STRING);
    for (;;) {
        int c = peek(r);
        size_t len = 1;
        uint32_t code;
        if (c == '"') {
            break;
        }
        if (c < 0) {
            return fail(r, "a string without an end");
        }
        if (c < 0x20) {
            return fail(r, "a control byte in a string");
        }
        if (c == '\\') {
            len = json_escape_read(r->text, r->at, &code);
            r->nodes[node].escaped = 1;
        } else if (c >= 0x80) {
            len = utf8_length(r->text, r->at);
        }
        if (len == 0) {
            return fail(r, c == '\\' ? "an escape that is none" : "bytes that are not UTF-8");
        }
        r->at += len;
    }
    node_end(r, node);
    r->at++;
    return true;
}

static size_t digits(struct reader *r) {
    size_t start = r->at;
    while (peek(r) >= '0' && peek(r) <= '9') {
        r->at++;
    }
    return r->at - start;
}

static bool read_number(struct reader *r) {
    uint32_t node = node_add(r, JSON_NUMBER);
    if (peek(r) == '-') {
        r->at++;
    }
    bool zero = peek(r) == '0';
    size_t whole = digits(r);
    if (whole == 0 || (zero && whole > 1)) {
        return fail(r, "a number that is none");
    }
    if (peek(r) == '.') {
        r->at++;
        if (digits(r) == 0) {
            return fail(r, "a number that ends with its point");
        }
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        if (peek(r) == '+' || peek(r) == '-') {
            r->at++;
        }
        if (digits(r) == 0) {
            return fail(r, "a number without its exponent");
        }
    }
    node_end(r, node);
    return true;
}

static bool read_word(struct reader *r, const char *word, enum json_type type) {
    size_t len = strlen(word);
    if (r->text.len - r->at < len || memcmp(r->text.at + r->at, word, len) != 0) {
        return fail(r, "a word that is none");
    }
    uint32_t node = node_add(r, type);
    r->at += len;
    node_end(r, node);
    return true;
}

static uint64_t key_hash(struct reader *r, uint32_t object, uint32_t key) {
    const struct json_node *node = &r->nodes[key];
    struct slice name = {r->text.at + node->at, node->len};
    char characters[KEY_BYTES];
    if (node->escaped) {
        name = (struct slice){characters, json_unescape(name, characters)};
    }
    // Spread over all bits: hash64 takes its seed and a short text together by exclusive or, so an
    // `a` in object 1 would be a `d` in object 4.
    uint64_t hash = hash64(name, object * 0x9e3779b97f4a7c15U);  // 2^64 by the golden ratio
    return hash ? hash : 1;
}

static void seen_grow(struct seen *seen) {
    struct seen old = *seen;
    seen->cap = old.cap ? 2 * old.cap : SEEN_KEPT;
    seen->hashes = mem_array(seen->cap, sizeof(uint64_t));
    for (uint32_t i = 0; i < old.cap; i++) {
        uint64_t hash = old.hashes[i];
        if (hash) {
            uint32_t place = (uint32_t)hash & (seen->cap - 1);
            while (seen->hashes[place]) {
                place = (place + 1) & (seen->cap - 1);
            }
            seen->hashes[place] = hash;
        }
    }
    mem_free(old.hashes);
}

// Keys of one object are told apart by 64 bits of hash: two equal keys are always found, and who
// makes two others collide has his document refused.
static bool key_is_new(struct reader *r, uint32_t object, uint32_t key) {
    struct seen *seen = &scratch.seen;
    uint64_t hash = key_hash(r, object, key);
    if (2 * (seen->count + 1) > seen->cap) {
        seen_grow(seen);
    }
    uint32_t place = (uint32_t)hash & (seen->cap - 1);
    while (seen->hashes[place]) {
        if (seen->hashes[place] == hash) {
            return false;
        }
        place = (place + 1) & (seen->cap - 1);
    }
    seen->hashes[place] = hash;
    seen->count++;
    return true;
}

static bool open_push(struct reader *r, struct open *open, enum json_type type) {
    if (open->count == r->limits->depth) {
        return err_poison(r->err, "JSON nested deeper than %u at byte %zu", r->limits->depth,
                          r->at + 1);
    }
    if (open->count == open->cap) {
        open->cap = open->cap ? 2 * open->cap : 16;
        open->nodes = mem_realloc(open->nodes, open->cap * sizeof(uint32_t));
    }
    open->nodes[open->count++] = node_add(r, type);
    r->at++;
    return true;
}

static bool read_scalar(struct reader *r) {
    int c = peek(r);
    switch (c) {
    case '"':
        return read_string(r);
    case 'n':
        return read_word(r, "null", JSON_NULL);
    case 't':
        return read_word(r, "true", JSON_TRUE);
    case 'f':
        return read_word(r, "false", JSON_FALSE);
    case -1:
        return fail(r, "the end where a value should be");
    default:
        if (c == '-' || (c >= '0' && c <= '9')) {
            return read_number(r);
        }
        return fail(r, "no value");
    }
}

static bool read_key(struct reader *r, uint32_t object) {
    skip_space(r);
    uint32_t key = r->count;
    if (peek(r) != '"') {
        return fail(r, "no key in an object");
    }
    if (!read_string(r)) {
        return false;
    }
    if (r->nodes[key].len > KEY_BYTES) {
        return fail(r, "a key of more than 64 KiB");
    }
    if (!key_is_new(r, object, key)) {
        return fail(r, "the same key twice in an object");
    }
    skip_space(r);
    if (peek(r) != ':') {
        return fail(r, "no ':' after a key");
    }
    r->at++;
    return true;
}

// After a value: closes what ends here; *more says that another value of the open container comes.
static bool read_separator(struct reader *r, struct open *open, bool *more) {
    *more = false;
    while (open->count > 0 && !*more) {
        uint32_t container = open->nodes[open->count - 1];
        bool object = r->nodes[container].type == JSON_OBJECT;
        skip_space(r);
        int c = peek(r);
        if (c == ',') {
            *more = true;
        } else if (c != (object ? '}' : ']')) {
            return fail(r, object ? "no ',' or '}' after a member"
                                  : "no ',' or ']' after an element");
        }
        r->nodes[container].count++;
        r->at++;
        if (!*more) {
            node_end(r, container);
            open->count--;
        } else if (object && !read_key(r, container)) {
            return false;
        }
    }
    return true;
}

// Opens containers until a scalar or an empty container was read, which is a whole value.
static bool read_value(struct reader *r, struct open *open) {
    for (;;) {
        skip_space(r);
        int c = peek(r);
        if (r->count >= r->limits->nodes) {
            return err_poison(r->err, "JSON of more than %u values", r->limits->nodes);
        }
        if (c != '{' && c != '[') {
            return read_scalar(r);
        }
        if (!open_push(r, open, c == '{' ? JSON_OBJECT : JSON_ARRAY)) {
            return false;
        }
        skip_space(r);
        if (peek(r) == (c == '{' ? '}' : ']')) {
            r->at++;
            node_end(r, open->nodes[--open->count]);
            return true;
        }
        if (c == '{' && !read_key(r, open->nodes[open->count - 1])) {
            return false;
        }
    }
}

static bool read_all(struct reader *r, struct open *open) {
    bool more = true;
    if (r->text.len >= UINT32_MAX) {
        return err_poison(r->err, "JSON of %zu bytes, more than can be read", r->text.len);
    }
    while (more) {
        if (!read_value(r, open) || !read_separator(r, open, &more)) {
            return false;
        }
    }
    skip_space(r);
    return r->at == r->text.len || fail(r, "something after the value");
}

static void scratch_clear(void) {
    if (scratch.seen.cap > SEEN_KEPT) {
        mem_free(scratch.seen.hashes);
        scratch.seen = (struct seen){0};
    } else if (scratch.seen.count > 0) {
        memset(scratch.seen.hashes, 0, scratch.seen.cap * sizeof(uint64_t));
        scratch.seen.count = 0;
    }
    if (scratch.cap > NODES_KEPT) {
        mem_free(scratch.nodes);
        scratch.nodes = NULL;
        scratch.cap = 0;
    }
    scratch.open.count = 0;
}

bool json_parse(struct json *json, struct slice text, const struct json_limits *limits,
                struct arena *arena, struct err *err) {
    struct reader r = {.text = text, .limits = limits, .nodes = scratch.nodes, .err = err};
    bool ok = read_all(&r, &scratch.open);
    if (ok) {
        size_t bytes = r.count * sizeof(struct json_node);
        struct json_node *nodes = arena_alloc(arena, bytes);
        memcpy(nodes, r.nodes, bytes);
        *json = (struct json){text.at, nodes, r.count};
    }
    scratch_clear();
    return ok;
}

bool json_check(struct slice text, const struct json_limits *limits, struct err *err) {
    struct reader r = {.text = text, .limits = limits, .nodes = scratch.nodes, .err = err};
    bool ok = read_all(&r, &scratch.open);
    scratch_clear();
    return ok;
}

uint32_t json_first(const struct json *json, uint32_t container) {
    return json->nodes[container].next > container + 1 ? container + 1 : 0;
}

uint32_t json_after(const struct json *json, uint32_t container, uint32_t node) {
    const struct json_node *parent = &json->nodes[container];
    uint32_t value = parent->type == JSON_OBJECT ? node + 1 : node;
    uint32_t next = json->nodes[value].next;
    return next < parent->next ? next : 0;
}

uint32_t json_get(const struct json *json, uint32_t object, const char *key) {
    if (json->nodes[object].type != JSON_OBJECT) {
        return 0;
    }
    for (uint32_t i = json_first(json, object); i; i = json_after(json, object, i)) {
        if (json_string_is(json, i, key)) {
            return i + 1;
        }
    }
    return 0;
}

uint32_t json_at(const struct json *json, uint32_t array, uint32_t place) {
    if (json->nodes[array].type != JSON_ARRAY || place >= json->nodes[array].count) {
        return 0;
    }
    uint32_t node = array + 1;
    while (place-- > 0) {
        node = json->nodes[node].next;
    }
    return node;
}

enum json_type json_type(const struct json *json, uint32_t node) {
    return (enum json_type)json->nodes[node].type;
}

struct slice json_raw(const struct json *json, uint32_t node) {
    const struct json_node *n = &json->nodes[node];
    uint32_t quote = n->type == JSON_STRING;
    return (struct slice){json->text + n->at - quote, n->len + 2 * quote};
}

struct slice json_string(const struct json *json, uint32_t node, struct arena *arena) {
    const struct json_node *n = &json->nodes[node];
    struct slice text = {json->text + n->at, n->len};
    if (n->type != JSON_STRING) {
        return (struct slice){0};
    }
    if (!n->escaped) {
        return text;
    }
    char *characters = arena_alloc(arena, text.len);
    return (struct slice){characters, json_unescape(text, characters)};
}

bool json_string_is(const struct json *json, uint32_t node, const char *text) {
    const struct json_node *n = &json->nodes[node];
    char characters[256];
    struct slice mine = {json->text + n->at, n->len};
    if (n->type != JSON_STRING) {
        return false;
    }
    if (n->escaped) {
        if (n->len > sizeof(characters)) {
            return false;
        }
        mine = (struct slice){characters, json_unescape(mine, characters)};
    }
    return slice_is(mine, text);
}

bool json_number(const struct json *json, uint32_t node, double *value) {
    const struct json_node *n = &json->nodes[node];
    char text[64];
    if (n->type != JSON_NUMBER || n->len >= sizeof(text)) {
        return false;
    }
    memcpy(text, json->text + n->at, n->len);
    text[n->len] = '\0';
    *value = strtod(text, NULL);
    return isfinite(*value);
}

bool json_integer(const struct json *json, uint32_t node, int64_t *value) {
    const struct json_node *n = &json->nodes[node];
    char text[32], *end;
    if (n->type != JSON_NUMBER || n->len >= sizeof(text)) {
        return false;
    }
    memcpy(text, json->text + n->at, n->len);
    text[n->len] = '\0';
    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

const char *json_type_name(enum json_type type) {
    static const char *const names[] = {"null",   "false",  "true",  "a number",
                                        "a string", "an array", "an object"};
    return names[type];
}
