#include "fleet/rules.h"
#include "io/jq.h"
#include "unit.h"

static const struct rule table[] = {
    {"interstate", "the states say otherwise", RULE_ESCALATE},
    {"empty", "nothing to judge", RULE_REVIEW},
    {"poison", "never to be tried again", RULE_DEAD},
    {"odd", "worth a look", RULE_NOTE},
};

static struct arena_pool pool;
static struct rules_scratch scratch;
static struct rule_verdict verdicts[RULE_VERDICTS_MOST];
static struct arena arena;
static struct rules_subject subject;

static uint32_t run(const char *program) {
    struct rules rules = {.table = table, .count = 4};
    struct err err;
    if (!jq_new(&rules.program, "rules.jq", program, &err)) {
        fail_msg("%s", err.text);
    }
    uint32_t count = rules_run(&rules, &subject, &arena, &scratch, verdicts);
    rules_unload(&rules);
    return count;
}

static void assert_verdict(uint32_t i, const char *code, const char *text, enum verdict wants) {
    assert_slice(verdicts[i].code, code);
    assert_slice(verdicts[i].text, text);
    assert_int_equal(verdicts[i].wants, wants);
}

static void test_what_holds(void **state) {
    (void)state;
    assert_int_equal(run("{interstate: false, empty: null}"), 0);
    assert_int_equal(run("{}"), 0);
    assert_int_equal(run("{interstate: (.answer != \"IGST\"), empty: (.input.a != 1),"
                         " odd: (.confidence != 0.5 or .hop != 1 or .tier != \"mid\" or"
                         " .path != \"invoices\")}"), 0);
}

static void test_breaches(void **state) {
    (void)state;
    assert_int_equal(run("{odd: true, poison: 0, empty: \"\", interstate: \"A is not B\"}"), 4);
    assert_verdict(0, "rule.interstate", "A is not B", VERDICT_ESCALATE);
    assert_verdict(1, "rule.empty", "nothing to judge", VERDICT_REVIEW);
    assert_verdict(2, "rule.poison", "never to be tried again", VERDICT_DEAD);
    assert_verdict(3, "rule.odd", "worth a look", VERDICT_ACCEPT);
}

// A slip in a name is no pass.
static void test_names_that_are_not_declared(void **state) {
    (void)state;
    assert_int_equal(run("{inter_state: \"A\", fine: false, \"Größe\": true, odd: true}"), 3);
    assert_verdict(0, "rule.odd", "worth a look", VERDICT_ACCEPT);
    assert_verdict(1, "rule.inter_state",
                   "A; 'inter_state' is breached, which the rules do not declare",
                   VERDICT_ESCALATE);
    assert_verdict(2, "rule.undeclared", "'Größe' is breached, which the rules do not declare",
                   VERDICT_ESCALATE);
}

static void test_more_breaches_than_are_kept(void **state) {
    (void)state;
    assert_int_equal(run("[range(100) | {key: \"n\\(.)\", value: true}] | from_entries"
                         " | . + {odd: true}"),
                     RULE_VERDICTS_MOST);
    assert_verdict(0, "rule.odd", "worth a look", VERDICT_ACCEPT);
    for (uint32_t i = 1; i < RULE_VERDICTS_MOST; i++) {
        assert_int_equal(verdicts[i].wants, VERDICT_ESCALATE);
    }
}

static void test_what_cannot_be_checked(void **state) {
    static const char *const programs[] = {"true", "null", "[]", "\"x\"", "1"};
    (void)state;
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        assert_int_equal(run(programs[i]), 1);
        assert_verdict(0, "rule.program", "the rules gave no object of name and breach",
                       VERDICT_ESCALATE);
    }
    assert_int_equal(run("empty"), 1);
    assert_slice(verdicts[0].code, "rule.program");
    assert_int_equal(run("error(\"no\")"), 1);
    assert_slice(verdicts[0].code, "rule.program");
    assert_int_equal(verdicts[0].wants, VERDICT_ESCALATE);
}

static void test_no_answer_no_rules(void **state) {
    struct slice answer = subject.answer;
    (void)state;
    subject.answer = (struct slice){0};
    assert_int_equal(run("{odd: true}"), 0);
    subject.answer = answer;
    struct rules none = {.program = NULL};
    assert_int_equal(rules_run(&none, &subject, &arena, &scratch, verdicts), 0);
}

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, &pool);
    subject = (struct rules_subject){
        .input = slice_of("{\"a\":1}"),
        .answer = slice_of("\"IGST\""),
        .confidence = 0.5,
        .hop = 1,
        .tier = slice_of("mid"),
        .path = slice_of("invoices"),
    };
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&arena);
    arena_pool_fini(&pool);
    rules_fini(&scratch);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_holds),
        cmocka_unit_test(test_breaches),
        cmocka_unit_test(test_names_that_are_not_declared),
        cmocka_unit_test(test_more_breaches_than_are_kept),
        cmocka_unit_test(test_what_cannot_be_checked),
        cmocka_unit_test(test_no_answer_no_rules),
    };
    return cmocka_run_group_tests_name("rules", tests, set_up, tear_down);
}
