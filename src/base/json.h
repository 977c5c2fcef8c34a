// Reading JSON (RFC 8259) that strangers wrote, without copying it.
//
// The text is checked whole, then told as a flat array of nodes that point into it: an object's or
// array's node is followed by its members, a member's key by its value. Refused: anything after the
// value, invalid UTF-8 and lone surrogates, control bytes in strings, U+0000, depth or nodes beyond
// the limit, the same key twice in an object. Numbers stay text, so that none loses a digit.
//
//     {"a": [1, 2]}   →   object(next 5)  string a  array(next 5)  number 1  number 2
#ifndef TASKFIT_BASE_JSON_H
#define TASKFIT_BASE_JSON_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_limits {
    uint32_t depth;  // of nesting; a bare value has depth 0
    uint32_t nodes;
};

extern const struct json_limits json_default_limits;

struct json_node {
    uint32_t at, len;  // of the text; strings without their quotes
    uint32_t next;     // index of the node after this value and all in it
    uint32_t count;    // elements of an array, members of an object
    uint8_t type;
    uint8_t escaped;   // the string holds escapes
};

struct json {
    const char *text;
    const struct json_node *nodes;  // nodes[0] is the whole
    uint32_t count;
};

// Nodes live in the arena. Errors are ERR_POISON and name the byte.
bool json_parse(struct json *json, struct slice text, const struct json_limits *limits,
                struct arena *arena, struct err *err) MUST_CHECK;

// The same check, without the nodes.
bool json_check(struct slice text, const struct json_limits *limits, struct err *err) MUST_CHECK;

// Indexes of nodes; 0, which can be no member, says there is none.
uint32_t json_get(const struct json *json, uint32_t object, const char *key);
uint32_t json_at(const struct json *json, uint32_t array, uint32_t place);
// The first member's key or the first element, and the one after: 0 at the end. For an object,
// node is a key and its value is node + 1.
uint32_t json_first(const struct json *json, uint32_t container);
uint32_t json_after(const struct json *json, uint32_t container, uint32_t node);

enum json_type json_type(const struct json *json, uint32_t node);
struct slice json_raw(const struct json *json, uint32_t node);  // as written, with quotes
// A string's characters: a view of the text, or a copy in the arena where there were escapes.
struct slice json_string(const struct json *json, uint32_t node, struct arena *arena);
bool json_string_is(const struct json *json, uint32_t node, const char *text);
bool json_number(const struct json *json, uint32_t node, double *value);  // false: not a number
bool json_integer(const struct json *json, uint32_t node, int64_t *value);

const char *json_type_name(enum json_type type);

#endif
