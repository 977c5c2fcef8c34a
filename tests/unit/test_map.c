#include "base/map.h"
#include "base/random.h"
#include "unit.h"

enum { NODES = 1000, HASHES = 300 };

static size_t count_of(const struct map *map, uint64_t hash) {
    size_t count = 0;
    for (struct map_node *n = map_find(map, hash); n; n = map_next(n, hash)) {
        assert_int_equal(n->hash, hash);
        count++;
    }
    return count;
}

// Hashes that collide, in the whole and in the slot; against counts kept beside.
static void test_finds_all_of_a_hash(void **state) {
    static struct map_node nodes[NODES];
    static bool in[NODES];
    static size_t counts[HASHES];
    struct map map = {0};
    struct random random;
    size_t all = 0;
    (void)state;
    random_seed(&random, 11);
    assert_null(map_find(&map, 0));
    for (int round = 0; round < 20000; round++) {
        size_t i = random_below(&random, NODES);
        uint64_t hash = i % HASHES;
        if (in[i]) {
            map_remove(&map, &nodes[i]);
        } else {
            map_insert(&map, &nodes[i], hash << 32 | (hash & 1));
        }
        in[i] = !in[i];
        counts[hash] += in[i] ? 1 : (size_t)-1;
        all += in[i] ? 1 : (size_t)-1;
        assert_int_equal(map.count, all);
        assert_int_equal(count_of(&map, hash << 32 | (hash & 1)), counts[hash]);
    }
    map_fini(&map);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_finds_all_of_a_hash)};
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
