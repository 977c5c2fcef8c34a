// The store over a database that is this file's own: what goes into one statement.
#include "fleet/store.h"

#include "fleet/process.h"
#include "io/loop.h"
#include "unit.h"

enum { HOPS = 40 };

static struct {
    struct store *store;
    struct hop hops[HOPS];
    size_t statements, stored;
    size_t first_rows;  // of the first statement
    bool refuses;       // any statement with hops[3] in it
    const struct hop *refused;
    pg_done *done;
    void *owner;
    size_t rows;
    bool has_bad;
} scene;

int64_t loop_now_ms(const struct loop *loop) {
    (void)loop;
    return 1;
}

bool pg_away(const struct pg *pg) {
    (void)pg;
    return false;
}

bool pg_ready(const struct pg *pg) {
    (void)pg;
    return scene.done == NULL;
}

void pg_run(struct pg *pg, enum pg_statement statement, struct pg_params *params, pg_done *done,
            void *owner) {
    (void)pg;
    (void)statement;
    pg_params_clear(params);
    scene.done = done;
    scene.owner = owner;
}

static void encode(void *owner, struct hop *const *rows, size_t count, struct pg_params *params) {
    (void)owner;
    (void)params;
    scene.rows = count;
    scene.has_bad = false;
    for (size_t i = 0; i < count; i++) {
        scene.has_bad |= rows[i] == &scene.hops[3];
    }
}

static void stored(void *owner, struct hop *const *rows, size_t count,
                   const struct pg_result *result) {
    (void)owner;
    (void)result;
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(rows[i], &scene.hops[scene.stored + (scene.refused != NULL)]);
        scene.stored++;
    }
}

static void refused(void *owner, struct hop *row, const struct err *err) {
    (void)owner;
    (void)err;
    assert_null(scene.refused);
    scene.refused = row;
}

// Turns until nothing is left.
static void run(size_t input_bytes, uint32_t store_rows, bool refuses) {
    static const struct store_kind kind = {PG_store_attempts, encode, stored, refused};
    struct config config = {.limits = {.store_rows = store_rows}};
    struct process process = {.config = &config};
    struct err err;
    memset(&scene, 0, sizeof(scene));
    scene.refuses = refuses;
    scene.store = store_new(&process, NULL, &kind, NULL);
    for (size_t i = 0; i < HOPS; i++) {
        scene.hops[i].job.input = (struct slice){"", input_bytes};
        store_add(scene.store, &scene.hops[i], STEP_STORING);
    }
    while (store_count(scene.store) > 0) {
        store_turn(scene.store, 1);
        assert_non_null(scene.done);
        pg_done *done = scene.done;
        scene.done = NULL;
        scene.first_rows = scene.statements++ == 0 ? scene.rows : scene.first_rows;
        bool bad = scene.refuses && scene.has_bad;
        err_poison(&err, "no");
        done(scene.owner, bad ? NULL : (const struct pg_result *)&scene, bad ? &err : NULL);
    }
    store_free(scene.store);
    metrics_fini(&process.metrics);
}

static void test_a_statement_has_the_rows_that_the_limit_allows(void **state) {
    (void)state;
    run(100, 30, false);
    assert_int_equal(scene.first_rows, 30);
    assert_int_equal(scene.statements, 2);
    assert_int_equal(scene.stored, HOPS);
}

static void test_large_documents_are_few_to_a_statement(void **state) {
    (void)state;
    run(1 << 20, 1000, false);
    assert_int_equal(scene.first_rows, 16);
    assert_int_equal(scene.stored, HOPS);
    run(64 << 20, 1000, false);
    assert_int_equal(scene.statements, HOPS);
    assert_int_equal(scene.stored, HOPS);
}

static void test_a_bad_row_is_found_and_the_rest_is_stored(void **state) {
    (void)state;
    run(100, 1000, true);
    assert_ptr_equal(scene.refused, &scene.hops[3]);
    assert_int_equal(scene.stored, HOPS - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_statement_has_the_rows_that_the_limit_allows),
        cmocka_unit_test(test_large_documents_are_few_to_a_statement),
        cmocka_unit_test(test_a_bad_row_is_found_and_the_rest_is_stored),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
