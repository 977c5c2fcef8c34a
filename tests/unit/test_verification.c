#include <math.h>

#include "job/verification.h"
#include "unit.h"

static struct arena_pool pool;
static struct arena arena;

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, &pool);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}

static enum reason read(const char *says, double sure, struct verification *v) {
    return verification_read(slice_of(says), sure, &arena, v);
}

static void test_words(void **state) {
    struct verification v;
    (void)state;
    assert_int_equal(read("\"correct\"", 0.75, &v), REASON_NONE);
    assert_slice(v.word, "correct");
    assert_true(v.confidence == 0.75);
    assert_int_equal(read("\"wrong\"", 0.75, &v), REASON_NONE);
    assert_slice(v.word, "wrong");
    assert_true(v.confidence == 0.25);
    assert_int_equal(read("\"wrong\"", 1, &v), REASON_NONE);
    assert_true(v.confidence == 0);
}

static void test_what_is_none(void **state) {
    static const char *const broken[] = {"true", "\"yes\"", "\"\"", "{\"label\":\"correct\"}",
                                         "correct", "[\"correct\"]", "null"};
    struct verification v;
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_int_equal(read(broken[i], 1, &v), REASON_ANSWER_VERIFIER);
        assert_true(isnan(v.confidence));
        assert_true(v.detail.len > 0);
        assert_null(v.word.at);
    }
    assert_int_equal(read("\"correct\"", NAN, &v), REASON_ANSWER_VERIFIER);
    assert_true(isnan(v.confidence));
    assert_true(v.detail.len > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_words, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_what_is_none, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
