#include "base/heap.h"
#include "base/random.h"
#include "unit.h"

enum { NODES = 500 };

// Against a plain search for the least, with removals from the middle.
static void test_the_first_due_comes_first(void **state) {
    static struct heap_node nodes[NODES];
    struct heap heap = {0};
    struct random random;
    (void)state;
    random_seed(&random, 7);
    for (int round = 0; round < 20000; round++) {
        struct heap_node *node = &nodes[random_below(&random, NODES)];
        if (node->place) {
            heap_remove(&heap, node);
            heap_remove(&heap, node);  // no-op
        } else {
            heap_push(&heap, node, (int64_t)random_below(&random, 50) - 25);
        }
        int64_t least = INT64_MAX;
        size_t count = 0;
        for (int i = 0; i < NODES; i++) {
            count += nodes[i].place > 0;
            least = nodes[i].place && nodes[i].due < least ? nodes[i].due : least;
        }
        assert_int_equal(heap.count, count);
        if (count == 0) {
            assert_null(heap_first(&heap));
        } else {
            assert_int_equal(heap_first(&heap)->due, least);
        }
    }
    heap_fini(&heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_first_due_comes_first)};
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
