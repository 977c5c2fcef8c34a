#include "job/opinion.h"
#include "unit.h"

#define WORD(who, same) {{who, sizeof(who) - 1}, same}
#define COUNT(list) (uint32_t)(sizeof(list) / sizeof((list)[0]))

static void test_the_first_word_settles_and_some_are_asked_twice(void **state) {
    const struct review_policy policy = {.second = 0.1};
    const struct opinion one[] = {WORD("anna", true)};
    (void)state;
    struct ruling ruling = opinion_rule(&policy, one, 1, 0.5);
    assert_true(ruling.settles && ruling.next == ROUND_NONE);
    ruling = opinion_rule(&policy, one, 1, 0.0999);
    assert_true(ruling.settles && ruling.next == ROUND_SECOND);
}

static void test_a_second_opinion_changes_nothing_but_may_ask_for_a_third(void **state) {
    const struct review_policy policy = {.second = 1};
    const struct opinion same[] = {WORD("anna", true), WORD("ben", true)};
    const struct opinion other[] = {WORD("anna", false), WORD("ben", true)};
    const struct opinion three[] = {WORD("anna", false), WORD("ben", true), WORD("anna", true)};
    (void)state;
    struct ruling ruling = opinion_rule(&policy, same, COUNT(same), 0);
    assert_true(!ruling.settles && ruling.next == ROUND_NONE);
    ruling = opinion_rule(&policy, other, COUNT(other), 0);
    assert_true(!ruling.settles && ruling.next == ROUND_DISPUTE);
    ruling = opinion_rule(&policy, three, COUNT(three), 0);
    assert_true(ruling.settles && ruling.next == ROUND_NONE);
}

static void test_four_eyes_are_those_of_two_persons(void **state) {
    const struct review_policy policy = {.second = 1, .four_eyes = true};
    const struct opinion one[] = {WORD("anna", true)};
    const struct opinion two[] = {WORD("anna", true), WORD("ben", true)};
    const struct opinion differ[] = {WORD("anna", false), WORD("ben", true)};
    (void)state;
    struct ruling ruling = opinion_rule(&policy, one, COUNT(one), 0);
    assert_true(!ruling.settles && ruling.next == ROUND_FOUR_EYES);
    ruling = opinion_rule(&policy, two, COUNT(two), 0);
    assert_true(ruling.settles && ruling.next == ROUND_NONE);
    assert_slice(ruling.with, "anna");
    ruling = opinion_rule(&policy, differ, COUNT(differ), 0);
    assert_true(!ruling.settles && ruling.next == ROUND_DISPUTE);
}

// Saying the same twice is no second pair of eyes, and what was said before a change of mind
// counts no more.
static void test_the_newest_word_of_a_person_counts(void **state) {
    const struct review_policy policy = {.four_eyes = true};
    const struct opinion alone[] = {WORD("anna", true), WORD("ben", false), WORD("anna", true)};
    const struct opinion gone[] = {WORD("anna", true), WORD("ben", false), WORD("anna", false),
                                   WORD("carl", true)};
    const struct opinion yields[] = {WORD("anna", false), WORD("ben", true), WORD("anna", true)};
    (void)state;
    assert_false(opinion_rule(&policy, alone, COUNT(alone), 0).settles);
    assert_false(opinion_rule(&policy, gone, COUNT(gone), 0).settles);
    assert_int_equal(opinion_rule(&policy, gone, COUNT(gone), 0).next, ROUND_DISPUTE);
    struct ruling ruling = opinion_rule(&policy, yields, COUNT(yields), 0);
    assert_true(ruling.settles);
    assert_slice(ruling.with, "ben");
}

static void test_rounds_are_called_as_in_the_table(void **state) {
    (void)state;
    assert_null(round_why_name(ROUND_NONE));
    assert_string_equal(round_why_name(ROUND_SECOND), "second");
    assert_string_equal(round_why_name(ROUND_FOUR_EYES), "four_eyes");
    assert_string_equal(round_why_name(ROUND_DISPUTE), "dispute");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_word_settles_and_some_are_asked_twice),
        cmocka_unit_test(test_a_second_opinion_changes_nothing_but_may_ask_for_a_third),
        cmocka_unit_test(test_four_eyes_are_those_of_two_persons),
        cmocka_unit_test(test_the_newest_word_of_a_person_counts),
        cmocka_unit_test(test_rounds_are_called_as_in_the_table),
    };
    return cmocka_run_group_tests_name("opinion", tests, NULL, NULL);
}
