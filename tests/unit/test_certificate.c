// What a certificate says, which are refused, and that its two thresholds are one.
#include "quality/certificate.h"

#include <math.h>
#include <stdio.h>
#include <sysexits.h>

#include "unit.h"

static struct arena_pool pool;
static struct arena arena;
static struct err err;

#define TIER(name, used, threshold, calibration) \
    "{\"tier\":\"" name "\",\"used\":" used ",\"threshold\":" threshold \
    ",\"calibration\":" calibration ",\"models\":[\"" name "@1\"],\"prompts\":[]}"
#define PLATT "{\"kind\":\"platt\",\"a\":1.5,\"b\":-0.5}"
#define STEPS "{\"kind\":\"isotonic\",\"steps\":[[0.2,0.4],[0.83,0.97],[0.9,0.99]]}"
#define WHOLE(head, tiers) "{" head ",\"tiers\":[" tiers "]}"
#define HEAD "\"risk\":0.05,\"delta\":0.1,\"tau\":0.95,\"refused\":false,\"reason\":null"

static int open(void **state) {
    (void)state;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    return 0;
}

static int close(void **state) {
    (void)state;
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}

static void test_read(void **state) {
    struct certificate c;
    const char text[] = WHOLE(HEAD, TIER("mid", "true", "0.8", STEPS) "," TIER(
        "tiny", "true", "0.9", PLATT) "," TIER("huge", "false", "null", "{\"kind\":\"none\"}"));
    (void)state;
    assert_true(certificate_read(slice_of(text), &arena, &c, &err));
    assert_true(c.promises && c.risk == 0.05 && c.delta == 0.1 && c.tau == 0.95);
    assert_int_equal(strlen(c.version), 16);
    assert_int_equal(c.tier_count, 3);
    assert_string_equal(c.tiers[0].name, "mid");
    assert_true(c.tiers[0].used && c.tiers[0].threshold == 0.8);
    assert_int_equal(c.tiers[0].calibration.steps, 3);
    assert_string_equal(c.tiers[0].calibration.version, c.version);
    assert_slice(c.tiers[0].models.names[0], "mid@1");
    assert_int_equal(c.tiers[0].prompts.count, 0);
    assert_true(certificate_tier_find(&c, "tiny")->calibration.a == 1.5);
    assert_false(certificate_tier_find(&c, "huge")->used);
    assert_null(certificate_tier_find(&c, "other"));
}

// A threshold of 0.8 lies below the step that begins at 0.83 and comes to tau; Platt's curve passes
// tau at another place than the threshold, too.
static void test_one_threshold(void **state) {
    struct certificate c;
    const char text[] = WHOLE(HEAD, TIER("mid", "true", "0.8", STEPS) "," TIER(
        "tiny", "true", "0.9", PLATT));
    (void)state;
    assert_true(certificate_read(slice_of(text), &arena, &c, &err));
    for (uint32_t t = 0; t < c.tier_count; t++) {
        double before = 0;
        for (int i = 0; i <= 10000; i++) {
            double raw = i / 10000.0;
            double p = calibration_apply(&c.tiers[t].calibration, raw);
            assert_true((p >= c.tau) == (raw >= c.tiers[t].threshold));
            assert_true(p >= before);
            before = p;
        }
    }
    assert_true(isnan(calibration_apply(&c.tiers[0].calibration, NAN)));
}

static void test_without_promise(void **state) {
    struct certificate c;
    struct buf words = {0};
    const char text[] = WHOLE("\"risk\":null,\"delta\":0.1,\"tau\":0.7,\"refused\":false",
                              TIER("tiny", "true", "0", PLATT));
    (void)state;
    assert_true(certificate_read(slice_of(text), &arena, &c, &err));
    assert_false(c.promises);
    certificate_say(&c, &words);
    assert_string_equal(buf_string(&words), "no promise of how much is wrong");
    buf_fini(&words);
}

static void test_words(void **state) {
    struct certificate c;
    struct words words;
    const char text[] = WHOLE(HEAD ",\"words\":\"ffffffffffffffff\"",
                              TIER("a", "true", "0.2", PLATT ",\"unknown_words\":0.04") ","
                              TIER("b", "true", "0.2", PLATT));
    (void)state;
    assert_true(certificate_read(slice_of(text), &arena, &c, &err));
    assert_int_equal(c.vocabulary.log2, 6);
    assert_true(words_of(slice_of("{\"text\":\"silk saree\"}"), &arena, &words));
    assert_true(vocabulary_unknown(&c.vocabulary, &words) == 0);
    assert_true(c.tiers[0].unknown.bins == 2 && c.tiers[0].unknown.share[1] == 0.04);
    assert_int_equal(c.tiers[1].unknown.bins, 0);
}

static void test_refused(void **state) {
    static const struct {
        const char *text, *error;
    } slips[] = {
        {"{", "this is no JSON"},
        {"[]", "this is no certificate of `taskfit tune`"},
        {"{\"a\":1}", "this is no certificate of `taskfit tune`"},
        {WHOLE("\"refused\":true,\"reason\":\"too few\"", ""), "it is refused: too few"},
        {WHOLE("\"risk\":0.05", ""), "'refused' is neither true nor false"},
        {WHOLE("\"risk\":0.05,\"delta\":0.1,\"tau\":null,\"refused\":false", ""),
         "there is no 'tau'"},
        {WHOLE("\"risk\":5,\"delta\":0.1,\"tau\":0.9,\"refused\":false", ""),
         "'risk' is no number from 0 to 1"},
        {WHOLE("\"risk\":0.05,\"delta\":null,\"tau\":0.9,\"refused\":false", ""),
         "'risk' and 'delta' lie between 0 and 1"},
        {WHOLE(HEAD, ""), "none of its tiers accepts anything"},
        {WHOLE(HEAD, TIER("a", "true", "null", PLATT)), "none of its tiers accepts anything"},
        {WHOLE(HEAD, "7"), "a tier has no name"},
        {WHOLE(HEAD, TIER("a", "true", "1.2", PLATT)),
         "tier 'a': 'threshold' is no number from 0 to 1"},
        {WHOLE(HEAD, TIER("a", "1", "0.2", PLATT)), "tier 'a': 'used' is neither true nor false"},
        {WHOLE(HEAD, TIER("a", "true", "0.2", "null")), "tier 'a': there is no 'calibration'"},
        {WHOLE(HEAD, TIER("a", "true", "0.2", "{\"kind\":\"beta\"}")),
         "tier 'a': calibration: 'kind' is none of none, platt and isotonic"},
        {WHOLE(HEAD, TIER("a", "true", "0.2", "{\"kind\":\"platt\",\"a\":-1,\"b\":0}")),
         "tier 'a': calibration: 'a' is below 0"},
        {WHOLE(HEAD, TIER("a", "true", "0.2", "{\"kind\":\"isotonic\",\"steps\":[]}")),
         "tier 'a': calibration: 'steps' is no list of rising pairs from 0 to 1"},
        {WHOLE(HEAD, TIER("a", "true", "0.2",
                          "{\"kind\":\"isotonic\",\"steps\":[[0.5,0.9],[0.6,0.8]]}")),
         "tier 'a': calibration: 'steps' is no list of rising pairs from 0 to 1"},
        {WHOLE(HEAD, TIER("a", "true", "0.2", PLATT ",\"confidences\":{\"from\":[0.5]}")),
         "tier 'a': 'confidences' are no rising 'from' and, one more, 'share', of up to 10"},
        {WHOLE(HEAD, TIER("a", "true", "0.2",
                          PLATT ",\"confidences\":{\"from\":[0.5,0.4],\"share\":[1,1,1]}")),
         "tier 'a': 'confidences' are no rising 'from' and, one more, 'share', of up to 10"},
        {WHOLE(HEAD, TIER("a", "true", "0.2", PLATT ",\"unknown_words\":-0.1")),
         "tier 'a': 'unknown_words' is no number from 0 to 1"},
        {WHOLE(HEAD ",\"words\":\"ffffff\"", TIER("a", "true", "0.2", PLATT)),
         "'words' are no 2 to 1048576 hexadecimal digits, of a number that is a power of 2"},
        {WHOLE(HEAD ",\"words\":\"fffg\"", TIER("a", "true", "0.2", PLATT)),
         "'words' are no 2 to 1048576 hexadecimal digits, of a number that is a power of 2"},
        {WHOLE(HEAD ",\"words\":[]", TIER("a", "true", "0.2", PLATT)), "'words' is no text"},
        {WHOLE(HEAD, TIER("a", "true", "0.2", PLATT) "," TIER("a", "true", "0.2", PLATT)),
         "tier 'a' is there twice"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        struct certificate c;
        assert_false(certificate_read(slice_of(slips[i].text), &arena, &c, &err));
        assert_int_equal(err.exit_code, EX_CONFIG);
        err.text[strlen(slips[i].error)] = '\0';
        assert_string_equal(err.text, slips[i].error);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_one_threshold),
        cmocka_unit_test(test_without_promise),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, open, close);
}
