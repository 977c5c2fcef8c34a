#include <math.h>
#include <stdio.h>

#include "job/decide.h"
#include "unit.h"

// A path of three tiers, a job at its first, an answer that passes: each test spoils one thing.
struct scene {
    struct arena_pool pool;
    struct arena arena;
    struct path path;
    struct job job;
    struct attempt attempt;
    struct attempt trail[2];
    struct rule_verdict rules[2];
    struct facts facts;
    struct decision decision;
};

static const char *const labels[] = {"CGST_SGST", "IGST"};
static const struct answer_field field = {.labels = labels, .label_count = 2};

static void scene_init(struct scene *s) {
    *s = (struct scene){
        .path = {.name = "invoices",
                 .version = "v1",
                 .tiers = {{"tiny", 0.9}, {"mid", 0.8}, {"large", 0.7}},
                 .tier_count = 3,
                 .answer = {&field, 1},
                 .last = LAST_REVIEW,
                 .hops = 4},
        .job = {.has_id = true, .path = slice_of("invoices")},
        .attempt = {.tier = slice_of("tiny"), .answer = slice_of("\"IGST\""),
                    .confidence = 0.95, .confidence_raw = 0.95, .cost_pico_usd = 10,
                    .calls = 1},
    };
    arena_init(&s->arena, &s->pool);
    s->facts = (struct facts){.job = &s->job, .attempt = &s->attempt, .path = &s->path,
                              .rules = s->rules, .now_ms = 1000, .chance = 0.5};
}

static void at_tier(struct scene *s, const char *tier, uint32_t hop) {
    s->attempt.tier = slice_of(tier);
    s->attempt.hop = s->job.hop = hop;
}

static void decided(struct scene *s, enum verdict verdict, const char *reasons) {
    char got[512] = "";
    decide(&s->facts, &s->arena, &s->decision);
    for (uint32_t i = 0; i < s->decision.reason_count; i++) {
        size_t used = strlen(got);
        snprintf(got + used, sizeof(got) - used, "%s%.*s", i ? " " : "",
                 SLICE_ARGS(s->decision.reasons[i].code));
    }
    assert_string_equal(verdict_name(s->decision.verdict), verdict_name(verdict));
    assert_string_equal(got, reasons);
    arena_fini(&s->arena);
    arena_pool_fini(&s->pool);
}

static void test_accepts(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    decided(&s, VERDICT_ACCEPT, "");
    assert_int_equal(s.decision.answer_hop, 0);
    assert_false(s.decision.audit);
    assert_int_equal(s.decision.cost_pico_usd, 10);
    scene_init(&s);
    s.attempt.confidence = 0.9;  // at the threshold is enough
    decided(&s, VERDICT_ACCEPT, "");
    scene_init(&s);
    s.path.audit = 0.6;
    decided(&s, VERDICT_ACCEPT, "");
    assert_true(s.decision.audit);
}

static void test_an_audit_by_a_tier(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    s.path.audit = 1;
    s.path.audit_tier = "large";
    decided(&s, VERDICT_ACCEPT, "");
    assert_true(s.decision.audit);
    assert_string_equal(s.decision.audit_tier, "large");
    scene_init(&s);
    s.path.audit = 1;
    s.path.audit_tier = "large";
    at_tier(&s, "large", 2);  // its own answers are for people
    decided(&s, VERDICT_ACCEPT, "");
    assert_true(s.decision.audit);
    assert_null(s.decision.audit_tier);
    scene_init(&s);
    s.path.audit_tier = "large";
    decided(&s, VERDICT_ACCEPT, "");
    assert_null(s.decision.audit_tier);
}

static void test_escalates_what_is_unsure(void **state) {
    static const double confidences[] = {0.8999, NAN, INFINITY, 1.5, -0.1};
    struct scene s;
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        scene_init(&s);
        s.attempt.confidence = confidences[i];
        decided(&s, VERDICT_ESCALATE, i == 0 ? "confidence.low" : "answer.confidence");
        assert_string_equal(s.decision.next_tier, "mid");
    }
}

static void test_a_threshold_of_zero_needs_no_confidence(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    s.path.tiers[0].accept = 0;
    s.attempt.confidence = NAN;
    decided(&s, VERDICT_ACCEPT, "");
}

static void test_form_goes_before_confidence(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    s.attempt.answer = slice_of("\"GST\"");
    decided(&s, VERDICT_ESCALATE, "answer.label");
}

static void test_errors_go_to_the_next_tier(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    s.attempt.answer = (struct slice){0};
    s.attempt.error = slice_of("error.timeout");
    decided(&s, VERDICT_ESCALATE, "error.timeout");
}

static void test_what_ends_a_job(void **state) {
    static const struct {
        const char *error;
        enum verdict verdict;
        const char *reasons;
    } rows[] = {
        {"job.cancelled", VERDICT_CANCELLED, "job.cancelled"},
        {"job.expired", VERDICT_EXPIRED, "job.expired"},
        {"spend.batch", VERDICT_REVIEW, "spend.batch"},
        {"path.unknown", VERDICT_DEAD, "path.unknown"},
    };
    struct scene s;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_init(&s);
        s.attempt.answer = (struct slice){0};
        s.attempt.error = slice_of(rows[i].error);
        decided(&s, rows[i].verdict, rows[i].reasons);
    }
}

static void test_all_tiers_are_asked_and_then_people(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    s.job.all_tiers = true;
    decided(&s, VERDICT_ESCALATE, "job.all_tiers");
    assert_string_equal(s.decision.next_tier, "mid");
    assert_true(s.decision.threshold == 0.9);
    scene_init(&s);
    s.job.all_tiers = true;
    s.rules[0] = (struct rule_verdict){slice_of("rule.a"), slice_of(""), VERDICT_DEAD};
    s.facts.rule_count = 1;
    at_tier(&s, "mid", 1);
    decided(&s, VERDICT_ESCALATE, "rule.a job.all_tiers");
    scene_init(&s);
    s.job.all_tiers = true;
    s.path.last = LAST_ACCEPT_BEST;
    at_tier(&s, "large", 2);
    decided(&s, VERDICT_REVIEW, "job.all_tiers");
    assert_int_equal(s.decision.answer_hop, -1);
    scene_init(&s);
    s.job.all_tiers = true;
    s.path.hops = 1;
    decided(&s, VERDICT_REVIEW, "job.all_tiers limit.hops");
    scene_init(&s);
    s.job.all_tiers = true;
    s.attempt.answer = (struct slice){0};
    s.attempt.error = slice_of("spend.batch");
    decided(&s, VERDICT_REVIEW, "spend.batch job.all_tiers");
    scene_init(&s);
    s.job.all_tiers = true;
    s.attempt.answer = (struct slice){0};
    s.attempt.error = slice_of("job.cancelled");
    decided(&s, VERDICT_CANCELLED, "job.cancelled");
}

static void test_a_skipped_tier_is_not_sent_to(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    s.path.tiers[1].skipped = true;
    s.attempt.confidence = 0.1;
    decided(&s, VERDICT_ESCALATE, "confidence.low");
    assert_string_equal(s.decision.next_tier, "large");
    scene_init(&s);
    s.path.tiers[0].skipped = true;  // since it answered
    decided(&s, VERDICT_ESCALATE, "tier.skipped");
    assert_string_equal(s.decision.next_tier, "mid");
    scene_init(&s);
    s.job.all_tiers = true;
    s.path.tiers[0].skipped = s.path.tiers[1].skipped = true;
    decided(&s, VERDICT_ESCALATE, "tier.skipped job.all_tiers");
    assert_string_equal(s.decision.next_tier, "mid");
}

static void test_a_broken_promise(void **state) {
    static const struct {
        enum path_broken broken;
        double confidence;
        enum verdict verdict;
        const char *reasons;
        double threshold;
    } rows[] = {
        {BROKEN_ALERT, 0.90, VERDICT_ACCEPT, "", 0.90},
        {BROKEN_RAISE, 0.96, VERDICT_ACCEPT, "", 0.95},
        {BROKEN_RAISE, 0.94, VERDICT_ESCALATE, "certificate.broken confidence.low", 0.95},
        {BROKEN_RAISE, 0.89, VERDICT_ESCALATE, "confidence.low", 0.90},
        {BROKEN_NEXT, 0.99, VERDICT_ESCALATE, "certificate.broken", 0.90},
        {BROKEN_NEXT, 0.89, VERDICT_ESCALATE, "confidence.low", 0.90},
    };
    struct scene s;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_init(&s);
        s.facts.broken = true;
        s.path.broken = rows[i].broken;
        s.attempt.confidence = rows[i].confidence;
        decided(&s, rows[i].verdict, rows[i].reasons);
        assert_true(s.decision.threshold == rows[i].threshold);
    }
    scene_init(&s);
    s.path.broken = BROKEN_NEXT;  // but nothing is broken
    decided(&s, VERDICT_ACCEPT, "");
    scene_init(&s);
    s.facts.broken = true;
    s.path.broken = BROKEN_NEXT;
    at_tier(&s, "large", 2);
    decided(&s, VERDICT_REVIEW, "certificate.broken limit.tiers");
}

static void test_rules_bind_by_their_severity(void **state) {
    static const struct {
        enum verdict wants[2], verdict;
    } rows[] = {
        {{VERDICT_ESCALATE, VERDICT_NONE}, VERDICT_ESCALATE},
        {{VERDICT_ACCEPT, VERDICT_NONE}, VERDICT_ACCEPT},  // a note
        {{VERDICT_ESCALATE, VERDICT_REVIEW}, VERDICT_REVIEW},
        {{VERDICT_DEAD, VERDICT_REVIEW}, VERDICT_DEAD},
    };
    struct scene s;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_init(&s);
        s.facts.rule_count = rows[i].wants[1] ? 2 : 1;
        s.rules[0] = (struct rule_verdict){slice_of("rule.a"), {0}, rows[i].wants[0]};
        s.rules[1] = (struct rule_verdict){slice_of("rule.b"), {0}, rows[i].wants[1]};
        decided(&s, rows[i].verdict, rows[i].wants[1] ? "rule.a rule.b" : "rule.a");
    }
}

static void test_a_rule_and_low_confidence_are_both_told(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    s.facts.rule_count = 1;
    s.rules[0] = (struct rule_verdict){slice_of("rule.a"), {0}, VERDICT_ESCALATE};
    s.attempt.confidence = 0.1;
    decided(&s, VERDICT_ESCALATE, "rule.a confidence.low");
}

static void test_moving_on_is_bounded(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    at_tier(&s, "large", 2);
    s.attempt.confidence = 0.1;
    decided(&s, VERDICT_REVIEW, "confidence.low limit.tiers");
    scene_init(&s);
    s.attempt.confidence = 0.1;
    s.path.hops = 1;
    decided(&s, VERDICT_REVIEW, "confidence.low limit.hops");
    scene_init(&s);
    s.attempt.confidence = 0.1;
    s.path.spend_pico_usd = 100;
    s.facts.usual[1].cost_pico_usd = 91;
    decided(&s, VERDICT_REVIEW, "confidence.low limit.spend");
    scene_init(&s);
    s.attempt.confidence = 0.1;
    s.job.deadline_ms = 1500;
    s.facts.usual[1].latency_ms = s.facts.usual[2].latency_ms = 600;
    decided(&s, VERDICT_REVIEW, "confidence.low limit.deadline");
    scene_init(&s);
    s.attempt.confidence = 0.1;
    s.job.deadline_ms = 1700;
    s.facts.usual[1].latency_ms = 600;
    decided(&s, VERDICT_ESCALATE, "confidence.low");
}

static void test_a_tier_too_slow_for_the_deadline_is_passed_over(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    s.attempt.confidence = 0.1;
    s.job.deadline_ms = 1500;
    s.facts.usual[1] = (struct tier_usual){.latency_ms = 600, .cost_pico_usd = 1000};
    s.facts.usual[2].latency_ms = 499;
    s.path.spend_pico_usd = 100;  // what is passed over costs nothing
    decided(&s, VERDICT_ESCALATE, "confidence.low deadline.near");
    assert_string_equal(s.decision.next_tier, "large");
    scene_init(&s);
    s.attempt.error = slice_of("deadline.near");
    s.attempt.answer = (struct slice){0};
    decided(&s, VERDICT_ESCALATE, "deadline.near");
    assert_string_equal(s.decision.next_tier, "mid");
}

static void test_the_last_word_is_the_paths(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    at_tier(&s, "large", 2);
    s.attempt.confidence = 0.1;
    s.path.last = LAST_DEAD;
    decided(&s, VERDICT_DEAD, "confidence.low limit.tiers");
    assert_int_equal(s.decision.answer_hop, -1);
}

static void test_accept_best_takes_the_surest_valid_answer(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    at_tier(&s, "large", 2);
    s.path.last = LAST_ACCEPT_BEST;
    s.attempt.confidence = 0.3;
    s.trail[0] = (struct attempt){.hop = 0, .answer = slice_of("\"GST\""), .confidence = 0.99};
    s.trail[1] = (struct attempt){.hop = 1, .answer = slice_of("\"IGST\""), .confidence = 0.6,
                                  .cost_pico_usd = 5};
    s.job.trail = s.trail;
    s.job.trail_count = 2;
    decided(&s, VERDICT_ACCEPT, "confidence.low limit.tiers");
    assert_int_equal(s.decision.answer_hop, 1);
    assert_int_equal(s.decision.cost_pico_usd, 15);
    scene_init(&s);
    at_tier(&s, "large", 2);
    s.path.last = LAST_ACCEPT_BEST;
    s.attempt.answer = (struct slice){0};
    s.attempt.error = slice_of("error.timeout");
    decided(&s, VERDICT_REVIEW, "error.timeout limit.tiers");
}

static void test_accept_best_passes_over_what_breaches_a_rule(void **state) {
    struct scene s;
    (void)state;
    for (int noted = 0; noted < 2; noted++) {
        scene_init(&s);
        at_tier(&s, "large", 2);
        s.path.last = LAST_ACCEPT_BEST;
        s.trail[0] = (struct attempt){.hop = 0, .answer = slice_of("\"IGST\""), .confidence = 0.99,
                                      .breached = true};
        s.trail[1] = (struct attempt){.hop = 1, .answer = slice_of("\"IGST\""), .confidence = 0.6};
        s.job.trail = s.trail;
        s.job.trail_count = 2;
        s.attempt.confidence = 0.65;
        s.facts.rule_count = 1;
        s.rules[0] = (struct rule_verdict){slice_of("rule.a"), {0},
                                           noted ? VERDICT_ACCEPT : VERDICT_ESCALATE};
        decided(&s, VERDICT_ACCEPT, "rule.a confidence.low limit.tiers");
        assert_int_equal(s.decision.answer_hop, noted ? 2 : 1);
    }
    scene_init(&s);
    at_tier(&s, "large", 2);
    s.path.last = LAST_ACCEPT_BEST;
    s.facts.rule_count = 1;
    s.rules[0] = (struct rule_verdict){slice_of("rule.a"), {0}, VERDICT_ESCALATE};
    decided(&s, VERDICT_REVIEW, "rule.a limit.tiers");
    assert_int_equal(s.decision.answer_hop, -1);
}

static void test_an_unknown_path_is_dead(void **state) {
    struct scene s;
    (void)state;
    scene_init(&s);
    s.facts.path = NULL;
    decided(&s, VERDICT_DEAD, "path.unknown");
    scene_init(&s);
    at_tier(&s, "elsewhere", 0);
    decided(&s, VERDICT_DEAD, "path.tier");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_an_audit_by_a_tier),
        cmocka_unit_test(test_escalates_what_is_unsure),
        cmocka_unit_test(test_a_threshold_of_zero_needs_no_confidence),
        cmocka_unit_test(test_form_goes_before_confidence),
        cmocka_unit_test(test_errors_go_to_the_next_tier),
        cmocka_unit_test(test_what_ends_a_job),
        cmocka_unit_test(test_all_tiers_are_asked_and_then_people),
        cmocka_unit_test(test_a_skipped_tier_is_not_sent_to),
        cmocka_unit_test(test_a_broken_promise),
        cmocka_unit_test(test_rules_bind_by_their_severity),
        cmocka_unit_test(test_a_rule_and_low_confidence_are_both_told),
        cmocka_unit_test(test_moving_on_is_bounded),
        cmocka_unit_test(test_a_tier_too_slow_for_the_deadline_is_passed_over),
        cmocka_unit_test(test_the_last_word_is_the_paths),
        cmocka_unit_test(test_accept_best_takes_the_surest_valid_answer),
        cmocka_unit_test(test_accept_best_passes_over_what_breaches_a_rule),
        cmocka_unit_test(test_an_unknown_path_is_dead),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
