#include "base/json_same.h"

struct side {
    const struct json *json;
    uint32_t node;
};

static bool same(struct side a, struct side b, struct arena *arena);

static bool same_list(struct side a, struct side b, struct arena *arena) {
    uint32_t i = json_first(a.json, a.node), j = json_first(b.json, b.node);
    while (i && j && same((struct side){a.json, i}, (struct side){b.json, j}, arena)) {
        i = json_after(a.json, a.node, i);
        j = json_after(b.json, b.node, j);
    }
    return !i && !j;
}

// No key is twice in an object: with as many members, each of one's in the other is enough.
static bool same_members(struct side a, struct side b, struct arena *arena) {
    if (a.json->nodes[a.node].count != b.json->nodes[b.node].count) {
        return false;
    }
    for (uint32_t i = json_first(a.json, a.node); i; i = json_after(a.json, a.node, i)) {
        uint32_t j = json_get(b.json, b.node, arena_string(arena, json_string(a.json, i, arena)));
        if (j == 0 || !same((struct side){a.json, i + 1}, (struct side){b.json, j}, arena)) {
            return false;
        }
    }
    return true;
}

static bool same_number(struct side a, struct side b) {
    double x, y;
    return slice_equal(json_raw(a.json, a.node), json_raw(b.json, b.node)) ||
           (json_number(a.json, a.node, &x) && json_number(b.json, b.node, &y) && x == y);
}

static bool same(struct side a, struct side b, struct arena *arena) {
    enum json_type type = json_type(a.json, a.node);
    if (type != json_type(b.json, b.node)) {
        return false;
    }
    switch (type) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        return true;
    case JSON_NUMBER:
        return same_number(a, b);
    case JSON_STRING:
        return slice_equal(json_string(a.json, a.node, arena), json_string(b.json, b.node, arena));
    case JSON_ARRAY:
        return same_list(a, b, arena);
    case JSON_OBJECT:
        return same_members(a, b, arena);
    }
    return false;
}

bool json_same(const struct json *a, uint32_t node_a, const struct json *b, uint32_t node_b,
               struct arena *arena) {
    return same((struct side){a, node_a}, (struct side){b, node_b}, arena);
}
