#include "job/answer.h"
#include "unit.h"

static const char *const taxes[] = {"CGST_SGST", "IGST", "CGST_UTGST"};
static const char *const sections[] = {"I", "II", "XI", "a.b."};
static const struct answer_field tax = {.labels = taxes, .label_count = 3};
static const struct answer_field section = {.labels = sections, .label_count = 4};
static const struct answer_field fields[] = {
    {.name = "tax", .labels = taxes, .label_count = 3},
    {.name = "why"},
    {.name = "note", .labels = sections, .label_count = 4, .optional = true},
};
static const struct answer_form any = {NULL, 0}, label = {&tax, 1}, numeral = {&section, 1},
                                named = {fields, 3};

struct scene {
    struct arena_pool pool;
    struct arena arena;
};

static int setup(void **state) {
    static struct scene s;
    s = (struct scene){0};
    arena_init(&s.arena, &s.pool);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct scene *s = *state;
    arena_fini(&s->arena);
    arena_pool_fini(&s->pool);
    return 0;
}

static void test_check(void **state) {
    struct scene *s = *state;
    static const struct {
        const struct answer_form *form;
        const char *answer;
        enum reason reason;
        const char *detail;
    } rows[] = {
        {&any, "{\"x\":[1]}", REASON_NONE, NULL},
        {&any, "null", REASON_NONE, NULL},
        {&any, NULL, REASON_ANSWER_MISSING, NULL},
        {&any, "", REASON_ANSWER_MISSING, NULL},
        {&any, "IGST", REASON_ANSWER_NOT_JSON, "not JSON: no value at byte 1"},
        {&any, "{\"a\":1,\"a\":2}", REASON_ANSWER_NOT_JSON,
         "not JSON: the same key twice in an object at byte 11"},
        {&label, "\"IGST\"", REASON_NONE, NULL},
        {&label, "\"\\u0049GST\"", REASON_NONE, NULL},
        {&label, "\"GST\"", REASON_ANSWER_LABEL,
         "the answer is 'GST'; allowed are CGST_SGST, IGST, CGST_UTGST"},
        {&label, "\"igst\"", REASON_ANSWER_LABEL,
         "the answer is 'igst'; allowed are CGST_SGST, IGST, CGST_UTGST"},
        {&label, "18", REASON_ANSWER_LABEL,
         "the answer is a number; allowed are the strings CGST_SGST, IGST, CGST_UTGST"},
        {&label, "null", REASON_ANSWER_MISSING, "the answer is null"},
        {&named, "{\"tax\":\"IGST\",\"why\":0}", REASON_NONE, NULL},
        {&named, "{\"tax\":\"IGST\",\"why\":0,\"note\":null,\"more\":1}", REASON_NONE, NULL},
        {&named, "{\"tax\":\"IGST\",\"why\":null}", REASON_ANSWER_FIELD, "field 'why' is null"},
        {&named, "{\"tax\":\"IGST\"}", REASON_ANSWER_FIELD, "field 'why' is missing"},
        {&named, "{\"tax\":\"GST\",\"why\":0}", REASON_ANSWER_LABEL,
         "field 'tax' is 'GST'; allowed are CGST_SGST, IGST, CGST_UTGST"},
        {&named, "[]", REASON_ANSWER_FIELD,
         "the answer is an array; an object with field 'tax' is needed"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice detail;
        enum reason reason =
            answer_check(rows[i].form, slice_of(rows[i].answer), &s->arena, &detail);
        assert_string_equal(reason_code(reason), reason_code(rows[i].reason));
        if (rows[i].detail) {
            assert_slice(detail, rows[i].detail);
        }
    }
}

static void test_long_values_are_cut_in_the_detail(void **state) {
    struct scene *s = *state;
    char answer[5000];
    struct slice detail;
    memset(answer, 'x', sizeof(answer));
    answer[0] = answer[4999] = '"';
    assert_int_equal(answer_check(&label, (struct slice){answer, 5000}, &s->arena, &detail),
                     REASON_ANSWER_LABEL);
    assert_true(detail.len < 200);
}

static void test_from_text(void **state) {
    struct scene *s = *state;
    static const struct {
        const struct answer_form *form;
        const char *text, *answer;
    } rows[] = {
        {&label, "IGST", "\"IGST\""},
        {&label, " igst.\n", "\"IGST\""},
        {&label, "\"Cgst_Sgst\"", "\"CGST_SGST\""},
        {&label, "**`IGST`**.", "\"IGST\""},
        {&label, "\u201cIGST\u201d", "\"IGST\""},
        {&label, "```\nIGST\n```", "\"IGST\""},
        {&label, "It is IGST", "\"It is IGST\""},
        {&label, " \n", "\" \\n\""},
        {&label, "", "\"\""},
        {&label, ".", "\".\""},
        {&label, "<think>IGST or </think>? No.</think>\n\nCGST_SGST", "\"CGST_SGST\""},
        {&numeral, "I", "\"I\""},
        {&numeral, "xi", "\"XI\""},
        {&numeral, "A.B.", "\"a.b.\""},
        {&numeral, "'a.b.'", "\"a.b.\""},
        {&named, "{\"tax\": \"IGST\"}", "{\"tax\": \"IGST\"}"},
        {&named, "```json\n{\"a\":1}\n```\n", "{\"a\":1}"},
        {&named, "Here: ```json\n{\"a\":\"}\\\"{\"}\n``` Done.", "{\"a\":\"}\\\"{\"}"},
        {&named, "<think>{maybe {\"a\":0}</think> {\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"},
        {&named, "{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}"
                 "{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}"
                 "{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{\"a\":1}",
         "{\"a\":1}"},
        {&named, "{\"a\":1", "\"{\\\"a\\\":1\""},
        {&named, "no", "\"no\""},
        {&any, "plain \"text\"", "\"plain \\\"text\\\"\""},
        {&any, "42", "\"42\""},
        {&any, " [1, 2] ", "[1, 2]"},
        {&any, "see {\"a\":1}", "\"see {\\\"a\\\":1}\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_slice(answer_from_text(rows[i].form, slice_of(rows[i].text), &s->arena),
                     rows[i].answer);
    }
    assert_null(answer_from_text(&label, (struct slice){0}, &s->arena).at);
}

// Each brace might begin an object: the search gives up, in time that does not square.
static void test_many_braces(void **state) {
    struct scene *s = *state;
    enum { BRACES = 1 << 20 };
    char *text = arena_alloc(&s->arena, BRACES);
    memset(text, '{', BRACES);
    struct slice answer = answer_from_text(&named, (struct slice){text, BRACES}, &s->arena);
    assert_int_equal(answer.len, BRACES + 2);
}

static void test_same(void **state) {
    static const struct answer_field unnamed = {.name = NULL};
    static const struct answer_field two[] = {{.name = "a"}, {.name = "b", .optional = true}};
    static const struct answer_form text = {&unnamed, 1}, pair = {two, 2};
    static const struct {
        const struct answer_form *form;
        const char *a, *b;
        bool same;
    } rows[] = {
        {&text, "\"IGST\"", "\"\\u0049GST\"", true},
        {&text, "\"IGST\"", "\"igst\"", false},
        {&text, "\"1\"", "1", false},
        {&any, "{\"x\":[1,{\"y\":null}],\"z\":2.50}",
         " {\"z\":2.5, \"x\":[1.0,{\"y\":null}]}", true},
        {&any, "[1,2]", "[2,1]", false},
        {&any, "[1,2]", "[1,2,3]", false},
        {&any, "[]", "{}", false},
        {&any, "{\"x\":1}", "{\"y\":1}", false},
        {&any, "{\"x\":null}", "{}", false},
        {&any, "12345678901234567891", "12345678901234567891", true},
        {&pair, "{\"a\":\"p\",\"why\":\"so\"}", "{\"a\":\"p\"}", true},
        {&pair, "{\"a\":\"p\",\"b\":null}", "{\"a\":\"p\"}", true},
        {&pair, "{\"a\":\"p\",\"b\":1}", "{\"a\":\"p\"}", false},
        {&pair, "{\"a\":\"p\"}", "{\"a\":\"q\"}", false},
        {&pair, "\"p\"", "\"p\"", false},
        {&text, NULL, "\"p\"", false},
        {&text, "p", "p", false},
    };
    struct arena_pool pool;
    struct arena arena;
    (void)state;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice a = slice_of(rows[i].a), b = slice_of(rows[i].b);
        assert_int_equal(answer_same(rows[i].form, a, b, &arena), rows[i].same);
        assert_int_equal(answer_same(rows[i].form, b, a, &arena), rows[i].same);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
}

static void test_label(void **state) {
    static const char *const labels[] = {"GST", "IGST"};
    static const struct answer_field whole = {.labels = labels, .label_count = 2};
    static const struct answer_field part = {.name = "tax", .labels = labels, .label_count = 2};
    static const struct {
        const struct answer_field *field;
        const char *answer;
        uint32_t label;
    } rows[] = {
        {&whole, "\"IGST\"", 1}, {&whole, "\"GST\"", 0},         {&whole, "\"igst\"", 2},
        {&whole, "null", 2},     {&whole, "{\"tax\":\"GST\"}", 2}, {&whole, NULL, 2},
        {&whole, "no JSON", 2},  {&part, "{\"tax\":\"GST\"}", 0},  {&part, "{\"tax\":null}", 2},
        {&part, "\"GST\"", 2},   {&part, "{\"other\":\"GST\"}", 2}, {&part, "[\"GST\"]", 2},
    };
    struct arena_pool pool;
    struct arena arena;
    (void)state;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(answer_label(rows[i].field, slice_of(rows[i].answer), &arena),
                         rows[i].label);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_label),
        cmocka_unit_test_setup_teardown(test_check, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_values_are_cut_in_the_detail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_from_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_braces, setup, teardown),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
