#include "cli/rule_check.h"
#include "unit.h"
#include "files.h"

static struct arena_pool pool;
static struct arena arena;
static struct buf told;

static void on_fault(void *owner, const char *text) {
    const char *name = strstr(text, "rules.jq");
    (void)owner;
    assert_non_null(name);
    buf_printf(&told, "%s\n", name);
}

// The faults of a file, a line each.
static const char *faults_of(const char *text, const struct answer_form *form) {
    struct rules rules;
    struct rule_fields fields;
    struct err err;
    buf_clear(&told);
    if (!rules_load(&rules, files_write("rules.jq", text), 1 << 16, &arena, &err)) {
        fail_msg("%s", err.text);
    }
    rule_fields_init(&fields, &arena);
    rule_fields_add_known(&fields, &rules, form);
    uint32_t count = rule_check_examples(&rules, &arena, on_fault, NULL);
    count += rule_check_fields(&rules, &fields, on_fault, NULL);
    rules_unload(&rules);
    uint32_t lines = 0;
    for (size_t i = 0; i < told.len; i++) {
        lines += told.data[i] == '\n';
    }
    assert_int_equal(count, lines);
    return buf_string(&told);
}

#define DECLARED "# rule between review: states differ\n"

static void test_examples_that_do_what_they_say(void **state) {
    (void)state;
    assert_string_equal(
        faults_of(DECLARED "#  breaks {\"input\": {\"from\": 1, \"to\": 2}, \"answer\": \"A\"}\n"
                           "#  holds  {\"input\": {\"from\": 1, \"to\": 1}, \"answer\": \"A\","
                           " \"confidence\": 0.5, \"hop\": 1, \"tier\": \"mid\", \"path\": \"p\"}\n"
                           "{between: (.input.from != .input.to or (.confidence == 0.5"
                           " and [.hop, .tier, .path] != [1, \"mid\", \"p\"]))}\n",
                  NULL),
        "");
}

static void test_examples_that_do_not(void **state) {
    (void)state;
    assert_string_equal(
        faults_of(DECLARED "#  breaks {\"input\": {\"a\": 1}, \"answer\": 1}\n"
                           "#  holds  {\"input\": {\"a\": 2}, \"answer\": 1}\n"
                           "{between: (.input.a == 2)}\n",
                  NULL),
        "rules.jq:2: rule 'between' holds in this example, which must break it\n"
        "rules.jq:3: rule 'between' is broken by this example, in which it must hold\n");
    assert_string_equal(faults_of(DECLARED "# holds {\"input\": {\"a\": 1}, \"answer\": 1}\n"
                                           "{between: (.input.a | length | keys)}\n",
                                  NULL),
                        "rules.jq:2: the program fails over this example: number (1) has "
                        "no keys\n");
}

#define EXAMPLE \
    "# holds {\"input\": {\"state\": 1, \"lines\": [{\"net\": 2}]}, \"answer\": {\"tax\": 3}}\n"

static void test_fields(void **state) {
    static const struct answer_field field = {.name = "section"};
    static const struct answer_form form = {.fields = &field, .field_count = 1};
    (void)state;
    assert_string_equal(
        faults_of(DECLARED EXAMPLE
                  "# .comment is none, nor \"is .text\"\n"
                  "(.input.lines | map(.net) | add) as $sum | .answer as {tax: $tax} | {\n"
                  "  between: (\".strange \\(\"in\" + (.stat | tostring)) .text\" == \"\"\n"
                  "            and .answer.section == null and ({made: 1} | .made) == 2)\n"
                  "}\n",
                  &form),
        "");
    assert_string_equal(faults_of(DECLARED EXAMPLE
                                  "# a comment\n"
                                  ".answer as {taxx: $tax} | .input.stat as $x\n"
                                  "| {between: (.input.quite_other != null or .input.stat == 1)}\n",
                                  NULL),
                        "rules.jq:4: no example has a field 'taxx'; did you mean 'tax'?\n"
                        "rules.jq:4: no example has a field 'stat'; did you mean 'state'?\n"
                        "rules.jq:5: no example has a field 'quite_other'\n");
    assert_string_equal(faults_of(DECLARED EXAMPLE "{between: (.answer.section == 1)}\n", NULL),
                        "rules.jq:3: no example has a field 'section'\n");
}

static int set_up(void **state) {
    arena_init(&arena, &pool);
    return files_open(state);
}

static int tear_down(void **state) {
    arena_fini(&arena);
    arena_pool_fini(&pool);
    buf_fini(&told);
    return files_close(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_that_do_what_they_say),
        cmocka_unit_test(test_examples_that_do_not),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests_name("rule_check", tests, set_up, tear_down);
}
