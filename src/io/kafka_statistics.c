#include "io/kafka_statistics.h"

#include "base/json.h"

// Its partition -1 is none: what waits to be given one.
static size_t partitions_of(const struct json *json, const char *topic) {
    uint32_t partitions = json_get(json, json_get(json, json_get(json, 0, "topics"), topic),
                                   "partitions");
    size_t count = 0;
    uint32_t key = partitions ? json_first(json, partitions) : 0;
    for (; key; key = json_after(json, partitions, key)) {
        count += !json_string_is(json, key, "-1");
    }
    return count;
}

size_t kafka_statistics_partitions(struct slice text, const char *const *topics, size_t count) {
    static const struct json_limits limits = {.depth = 8, .nodes = 8 << 20};
    struct arena_pool pool;
    struct arena arena;
    struct json json;
    struct err err;
    size_t all = 0;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    bool known = json_parse(&json, text, &limits, &arena, &err);
    for (size_t i = 0; known && i < count; i++) {
        size_t one = partitions_of(&json, topics[i]);
        all += one;
        known = one > 0;
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return known ? all : 0;
}
