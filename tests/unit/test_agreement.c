#include <math.h>

#include "job/agreement.h"
#include "unit.h"

static const char *const taxes[] = {"IGST", "CGST"};
static const struct answer_field whole = {.labels = taxes, .label_count = 2};
static const struct answer_field fields[] = {
    {.name = "tax", .labels = taxes, .label_count = 2},
    {.name = "why"},
    {.name = "to", .labels = taxes, .label_count = 2, .optional = true},
};

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

struct row {
    const char *answers[6];
    const char *answer;  // NULL: none holds one
    double share;
};

static void assert_rows(struct answer_form form, const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct sample samples[6];
        uint32_t n = 0;
        struct slice answer;
        double share;
        for (; n < 6 && rows[i].answers[n]; n++) {
            const char *text = rows[i].answers[n];
            samples[n].answer = text[0] ? slice_of(text) : (struct slice){0};
        }
        bool found = agreement_find(&form, samples, n, &arena, &answer, &share);
        assert_int_equal(found, rows[i].answer != NULL);
        if (found) {
            assert_slice(answer, rows[i].answer);
            assert_true(fabs(share - rows[i].share) < 1e-9);
        }
    }
}

static void test_labels(void **state) {
    static const struct row rows[] = {
        {{"\"IGST\"", "\"CGST\"", "\"IGST\"", "\"IGST\""}, "\"IGST\"", .75},
        {{"\"CGST\"", "\"IGST\"", "\"\\u0049GST\""}, "\"IGST\"", 2. / 3},  // the same, escaped
        {{"\"CGST\"", "\"IGST\""}, "\"CGST\"", .5},                         // the first of equals
        {{"", "\"IGST\"", "", ""}, "\"IGST\"", .25},
        {{"{", "\"IGST\""}, "\"IGST\"", .5},
        {{"\"IGST\""}, "\"IGST\"", 1},
        {{"", ""}, NULL, 0},
        {{NULL}, NULL, 0},
    };
    (void)state;
    assert_rows((struct answer_form){&whole, 1}, rows, sizeof(rows) / sizeof(rows[0]));
}

// What has no labels is not compared; the least field's share counts.
static void test_fields(void **state) {
    static const struct row rows[] = {
        {{"{\"tax\":\"IGST\",\"why\":1}", "{\"why\":2,\"tax\":\"IGST\"}", "{\"tax\":\"CGST\"}"},
         "{\"tax\":\"IGST\",\"why\":1}", 2. / 3},
        {{"{\"tax\":\"IGST\",\"to\":\"IGST\"}", "{\"tax\":\"IGST\",\"to\":\"CGST\"}",
          "{\"tax\":\"IGST\",\"to\":\"CGST\"}", "{\"tax\":\"CGST\",\"to\":\"CGST\"}"},
         "{\"tax\":\"IGST\",\"to\":\"CGST\"}", .75},
        {{"{\"tax\":\"IGST\"}", "{\"tax\":\"IGST\",\"to\":null}"}, "{\"tax\":\"IGST\"}", .5},
        {{"[1]", "{\"tax\":\"IGST\"}", "{\"tax\":\"IGST\"}"}, "{\"tax\":\"IGST\"}", 2. / 3},
    };
    (void)state;
    assert_rows((struct answer_form){fields, 3}, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_any_answer(void **state) {
    static const struct row rows[] = {
        {{"42", "41", "42"}, "42", 2. / 3},
        {{"{\"a\":1}", "{\"a\":1}", "{\"a\":2}"}, "{\"a\":1}", 2. / 3},
    };
    (void)state;
    assert_rows((struct answer_form){NULL, 0}, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_labels, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_fields, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_any_answer, open_arena, close_arena),
    };
    return cmocka_run_group_tests_name("agreement", tests, NULL, NULL);
}
