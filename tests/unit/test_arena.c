// Arenas: what they hold of their pool, and that it comes back.
#include "base/arena.h"

#include "unit.h"

static void held_grows_and_comes_back(void **state) {
    struct arena_pool pool;
    struct arena a, b;
    (void)state;
    arena_pool_init(&pool, 1 << 20);
    arena_init(&a, &pool);
    arena_init(&b, &pool);
    assert_int_equal(pool.held, 0);
    arena_alloc(&a, 100);
    assert_int_equal(pool.held, ARENA_BLOCK_BYTES);
    arena_alloc(&a, 100);
    assert_int_equal(pool.held, ARENA_BLOCK_BYTES);
    arena_alloc(&b, 10 * ARENA_BLOCK_BYTES);
    assert_true(pool.held > 11 * ARENA_BLOCK_BYTES);
    arena_fini(&b);
    assert_int_equal(pool.held, ARENA_BLOCK_BYTES);
    arena_fini(&a);
    assert_int_equal(pool.held, 0);
    assert_int_equal(pool.free_count, 1);
    arena_pool_fini(&pool);
}

static void slices_are_copies_and_absent_stays_absent(void **state) {
    struct arena_pool pool;
    struct arena arena;
    char text[] = "CGST";
    (void)state;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    struct slice copy = arena_slice(&arena, slice_of(text));
    text[0] = 'S';
    assert_true(slice_is(copy, "CGST"));
    assert_null(arena_slice(&arena, (struct slice){0}).at);
    assert_true(slice_is(arena_printf(&arena, "%s-%d", "hop", 2), "hop-2"));
    arena_fini(&arena);
    arena_pool_fini(&pool);
}

static void what_the_heap_served_can_be_given_back(void **state) {
    struct arena_pool pool;
    struct arena arena;
    (void)state;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    char *small = arena_alloc(&arena, 100), *large = arena_alloc(&arena, ARENA_BLOCK_BYTES);
    char *larger = arena_alloc(&arena, 10 * ARENA_BLOCK_BYTES);
    size_t held = pool.held;
    assert_true(arena_release(&arena, large));
    assert_in_range(held - pool.held, ARENA_BLOCK_BYTES, ARENA_BLOCK_BYTES + 64);
    assert_false(arena_release(&arena, large));
    assert_false(arena_release(&arena, small));
    assert_false(arena_release(&arena, NULL));
    assert_ptr_equal(arena_alloc(&arena, 16), small + 112);  // goes on where it was
    assert_true(arena_release(&arena, larger));
    assert_int_equal(pool.held, ARENA_BLOCK_BYTES);
    arena_fini(&arena);
    assert_int_equal(pool.held, 0);
    arena_pool_fini(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_grows_and_comes_back),
        cmocka_unit_test(slices_are_copies_and_absent_stays_absent),
        cmocka_unit_test(what_the_heap_served_can_be_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
