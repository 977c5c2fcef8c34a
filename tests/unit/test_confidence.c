#include <math.h>

#include "job/confidence.h"
#include "unit.h"

static const char *const taxes[] = {"CGST_SGST", "IGST", "CGST_UTGST"};
static const char *const sections[] = {"I", "II", "XI"};
static const char *const verdicts[] = {"textile", "metal", "food"};
static const struct answer_field tax = {.labels = taxes, .label_count = 3};
static const struct answer_field section = {.labels = sections, .label_count = 3};
static const struct answer_field kind = {.labels = verdicts, .label_count = 3};
static const struct answer_field fields[] = {
    {.name = "section", .labels = sections, .label_count = 3},
    {.name = "tax", .labels = taxes, .label_count = 3, .optional = true},
    {.name = "why"},
};
static const struct answer_form any = {NULL, 0}, form = {&tax, 1}, numeral = {&section, 1},
                                kinds = {&kind, 1}, named = {fields, 3};

enum { TOKENS = 16, ALTERNATIVES = 4 };

// A reply's tokens, with probabilities instead of logprobs.
struct said {
    const char *text;
    double p;
    struct {
        const char *text;
        double p;
    } top[ALTERNATIVES];
};

static double confidence(const struct answer_form *by, const char *answer, const struct said *said,
                         uint32_t count) {
    static struct token tokens[TOKENS];
    static struct token_alternative alternatives[TOKENS][ALTERNATIVES];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = 0;
        for (; n < ALTERNATIVES && said[i].top[n].text; n++) {
            alternatives[i][n].text = slice_of(said[i].top[n].text);
            alternatives[i][n].logprob = log(said[i].top[n].p);
        }
        tokens[i] = (struct token){slice_of(said[i].text), log(said[i].p), alternatives[i], n};
    }
    struct signals signals = {.tokens = tokens, .token_count = count, .field = NAN};
    return confidence_from_logprobs(by, slice_of(answer), &signals);
}

#define CONFIDENCE(by, answer, ...)                                                    \
    confidence(by, answer, (const struct said[]){__VA_ARGS__},                         \
               sizeof((const struct said[]){__VA_ARGS__}) / sizeof(struct said))

#define NEAR(value, wanted) assert_true(fabs((value) - (wanted)) < 1e-9)

static void test_without_alternatives_it_is_the_product(void **state) {
    (void)state;
    NEAR(CONFIDENCE(&form, "\"IGST\"", {"IGST", .9, {{0}}}), .9);
    NEAR(CONFIDENCE(&form, "\"IGST\"", {" I", .9, {{0}}}, {"GST", .5, {{0}}}, {"\n", .1, {{0}}}),
         .45);
    NEAR(CONFIDENCE(&form, "\"IGST\"", {"\"", .1, {{0}}}, {"ig", .9, {{0}}}, {"st\"", .5, {{0}}}),
         .45);
}

static void test_what_is_no_label_does_not_count(void **state) {
    (void)state;
    // .6 of .6 + .2; IGST and CGST are all the labels there are.
    NEAR(CONFIDENCE(&form, "\"IGST\"",
                    {"IGST", .6, {{"IGST", .6}, {" CGST", .2}, {"The", .15}, {"It", .05}}}),
         .75);
    // Two ways to write the same label's start count for it.
    NEAR(CONFIDENCE(&form, "\"IGST\"",
                    {"I", .5, {{"I", .5}, {"IG", .1}, {"C", .2}, {"\n", .2}}},
                    {"GST", .4, {{"GST", .4}, {" am", .6}}}),
         .75);
}

static void test_a_shared_start_costs_nothing(void **state) {
    (void)state;
    NEAR(CONFIDENCE(&form, "\"CGST_UTGST\"", {"C", .9, {{"C", .9}, {"I", .1}}},
                    {"GST_", .5, {{"GST_", .5}, {"ESS", .5}}},
                    {"UT", .25, {{"S", .75}, {"UT", .25}}}, {"GST", .9, {{"GST", .9}}}),
         .9 * .25);
}

// textile was forced by a grammar; the alternatives are from before it. What may be unseen of the
// other two labels is at most the least that is seen, .1 each.
static void test_labels_that_are_not_among_the_alternatives(void **state) {
    (void)state;
    NEAR(CONFIDENCE(&kinds, "\"textile\"", {"text", .05, {{"C", .2}, {"A", .1}}},
                    {"ile", 1, {{0}}}),
         .05 / (.05 + .2));
    // Never more than what is left of 1.
    NEAR(CONFIDENCE(&kinds, "\"textile\"", {"textile", .98, {{"textile", .98}, {"C", .01}}}),
         .98 / .99);
    // No alternative at all begins a label, and nothing is left for the others.
    NEAR(CONFIDENCE(&kinds, "\"textile\"", {"textile", 0, {{"C", .6}, {"A", .4}}}), 0);
}

static void test_a_label_that_another_begins_with(void **state) {
    (void)state;
    NEAR(CONFIDENCE(&numeral, "\"I\"", {"I", .6, {{"I", .6}, {"II", .2}, {"XI", .2}}}), .6);
    // The token after it tells whether it would have gone on.
    NEAR(CONFIDENCE(&numeral, "\"I\"", {"\"", .5, {{0}}}, {"I", .8, {{"I", .8}, {"XI", .2}}},
                    {"\"", .3, {{"\"", .3}, {"I", .5}, {"\n", .2}}}),
         .8 * .5);
    NEAR(CONFIDENCE(&numeral, "\"I\"", {"I", 1, {{"I", 1}}}, {"", .3, {{"", .3}, {"I", .7}}}), .3);
    NEAR(CONFIDENCE(&numeral, "\"II\"", {"II", .2, {{"I", .6}, {"II", .2}, {"XI", .2}}}), .8);
    NEAR(CONFIDENCE(&numeral, "\"II\"", {"I", .8, {{"I", .8}, {"XI", .2}}},
                    {"I", .5, {{"I", .5}, {"\n", .5}}}),
         .8 * .5);
}

static void test_fields_of_an_object(void **state) {
    (void)state;
    // The least of .7 (section, renormalised) and .8; the free field's .1 does not count.
    NEAR(CONFIDENCE(&named, "{\"section\": \"XI\", \"why\": \"XI\", \"tax\": \"IGST\"}",
                    {"{\"section\":", .5, {{0}}},
                    {" \"XI", .35, {{" \"XI", .35}, {" \"I", .15}, {" null", .5}}},
                    {"\", \"why\": \"", .5, {{0}}}, {"XI", .1, {{0}}},
                    {"\", \"tax\": \"I", .8, {{0}}}, {"GST\"}", 1, {{0}}}),
         .7);
    NEAR(CONFIDENCE(&named, "{\"section\":\"XI\"}", {"```json\n", .1, {{0}}},
                    {"{\"section\":\"", .2, {{0}}}, {"XI", .9, {{0}}}, {"\"}\n```", .3, {{0}}}),
         .9);
}

static void test_the_whole_answer_where_nothing_has_labels(void **state) {
    (void)state;
    NEAR(CONFIDENCE(&any, "\"a cat\"", {"a", .5, {{"the", .5}}}, {" cat", .5, {{0}}},
                    {"<|im_end|>", .1, {{0}}}),
         .25);
    NEAR(CONFIDENCE(&any, "{\"a\":1}", {"{\"a\":", .5, {{0}}}, {"1}", .5, {{0}}}), .25);
}

static void test_what_is_no_label_counts_plainly(void **state) {
    (void)state;
    NEAR(CONFIDENCE(&form, "\"a cat\"", {"a", .5, {{"a", .5}, {"IGST", .5}}}, {" cat", .5, {{0}}}),
         .25);
    NEAR(CONFIDENCE(&named, "{\"section\":\"V\"}", {"{\"section\":\"", 1, {{0}}},
                    {"V", .5, {{"V", .5}, {"I", .5}}}, {"\"}", 1, {{0}}}),
         .5);
}

static void test_the_value_is_the_one_that_is_the_answer(void **state) {
    (void)state;
    // Reasoning before it, whose tokens some servers leave in the list; a special token after it.
    NEAR(CONFIDENCE(&numeral, "\"I\"", {"<think>I think XI", .1, {{0}}}, {"</think>\n", .2, {{0}}},
                    {"I", .9, {{0}}}, {"<|eot|>", .5, {{0}}}),
         .9);
    NEAR(CONFIDENCE(&numeral, "\"I\"", {"I", .9, {{0}}}, {"<I>", .5, {{0}}}), .9);
    NEAR(CONFIDENCE(&numeral, "\"I\"", {"It is ", .1, {{0}}}, {"I", .9, {{0}}},
                    {", not XI", .5, {{0}}}),
         .9);
}

static void test_no_signal(void **state) {
    (void)state;
    struct signals none = {.field = NAN};
    assert_true(isnan(confidence_from_logprobs(&form, slice_of("\"IGST\""), &none)));
    assert_true(isnan(CONFIDENCE(&form, "\"IGST\"", {"", 1, {{0}}})));
    assert_true(isnan(CONFIDENCE(&form, "\"IGST\"", {"CGST_SGST", 1, {{0}}})));
    assert_true(isnan(CONFIDENCE(&form, "not json", {"not json", 1, {{0}}})));
    assert_true(isnan(CONFIDENCE(&form, "\"IGST\"", {"IGST", NAN, {{0}}})));
    assert_true(isnan(CONFIDENCE(&form, "\"IGST\"", {"IGST", 3, {{0}}})));
    assert_true(isnan(CONFIDENCE(&form, "\"IGST\"", {"IGST", .9, {{"IGST", 3}}})));
    assert_true(isnan(CONFIDENCE(&named, "{\"section\":\"XI\"}", {"{'section':'XI'}", 1, {{0}}})));
}

// A token that ends within a character: é is c3 a9.
static void test_tokens_that_halve_a_character(void **state) {
    static const char *const words[] = {"caf\u00e9", "caf\u00e8"};
    const struct answer_field field = {.labels = words, .label_count = 2};
    const struct answer_form by = {&field, 1};
    (void)state;
    NEAR(CONFIDENCE(&by, "\"caf\u00e9\"", {"caf\xc3", .9, {{"caf\xc3", .9}}},
                    {"\xa9", .6, {{"\xa9", .6}, {"\xa8", .2}}}),
         .75);
}

static void test_checked(void **state) {
    (void)state;
    NEAR(confidence_checked(.5), .5);
    NEAR(confidence_checked(1.0005), 1);
    NEAR(confidence_checked(-.0005), 0);
    assert_true(isnan(confidence_checked(1.01)));
    assert_true(isnan(confidence_checked(-.01)));
    assert_true(isnan(confidence_checked(NAN)));
    assert_true(isnan(confidence_checked(INFINITY)));
}

static void test_calibration(void **state) {
    static const double from[] = {.2, .5, .9}, to[] = {.1, .6, .95};
    const struct calibration same = {.kind = CALIBRATION_IDENTITY};
    const struct calibration platt = {.kind = CALIBRATION_PLATT, .a = 2, .b = 0};
    const struct calibration steps = {.kind = CALIBRATION_ISOTONIC, .from = from, .to = to,
                                      .steps = 3};
    const struct calibration empty = {.kind = CALIBRATION_ISOTONIC};
    (void)state;
    NEAR(calibration_apply(&same, .3), .3);
    NEAR(calibration_apply(&platt, .5), .5);
    NEAR(calibration_apply(&platt, .75), .9);  // odds 3 become 9
    assert_true(calibration_apply(&platt, 0) >= 0 && calibration_apply(&platt, 0) < 1e-9);
    assert_true(calibration_apply(&platt, 1) <= 1 && calibration_apply(&platt, 1) > 1 - 1e-9);
    NEAR(calibration_apply(&steps, .1), .1);
    NEAR(calibration_apply(&steps, .4999), .1);
    NEAR(calibration_apply(&steps, .5), .6);
    NEAR(calibration_apply(&steps, 1), .95);
    assert_true(isnan(calibration_apply(&steps, NAN)));
    assert_true(isnan(calibration_apply(&platt, 1.5)));
    assert_true(isnan(calibration_apply(&empty, .5)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_alternatives_it_is_the_product),
        cmocka_unit_test(test_what_is_no_label_does_not_count),
        cmocka_unit_test(test_a_shared_start_costs_nothing),
        cmocka_unit_test(test_labels_that_are_not_among_the_alternatives),
        cmocka_unit_test(test_a_label_that_another_begins_with),
        cmocka_unit_test(test_fields_of_an_object),
        cmocka_unit_test(test_the_whole_answer_where_nothing_has_labels),
        cmocka_unit_test(test_what_is_no_label_counts_plainly),
        cmocka_unit_test(test_the_value_is_the_one_that_is_the_answer),
        cmocka_unit_test(test_no_signal),
        cmocka_unit_test(test_tokens_that_halve_a_character),
        cmocka_unit_test(test_checked),
        cmocka_unit_test(test_calibration),
    };
    return cmocka_run_group_tests_name("confidence", tests, NULL, NULL);
}
