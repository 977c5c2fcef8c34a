// A path's thresholds from a certificate, and certificates that are for something else.
#include <math.h>

#include "config_scene.h"
#include "fleet/config_certificate.h"
#include "fleet/config_switch.h"
#include "job/job.h"

struct scene {
    const char *tiers, *risk, *tiny_used, *tiny_models, *mid_prompts;
};

static const struct scene right = {"[tiny, mid]", "0.05", "true", "\"hsn-tiny@4\",\"hsn-tiny@3\"",
                                   "\"2e8de3a69eb693a1\""};

// The good configuration with a certificate in place of its thresholds, which asks mid first.
static bool try(const struct scene *s, struct config **config) {
    enum { MOST = 2000 };
    char text[MOST];
    snprintf(text, MOST,
             "{\"risk\":%s,\"delta\":0.1,\"tau\":0.9,\"refused\":false,\"tiers\":["
             "{\"tier\":\"mid\",\"used\":true,\"threshold\":0.8,\"calibration\":{\"kind\":\"none\"}"
             ",\"models\":[\"mini@2026-08\"],\"prompts\":[%s]},"
             "{\"tier\":\"tiny\",\"used\":%s,\"threshold\":0.7,\"calibration\":{\"kind\":\"platt\","
             "\"a\":1,\"b\":0},\"models\":[%s],\"prompts\":[]}]}",
             s->risk, s->mid_prompts, s->tiny_used, s->tiny_models);
    files_write("c.json", text);
    char *path = swapped(good, "[tiny, mid, mute]", s->tiers);
    char *yaml = swapped(path, "accept: { tiny: 0.93, mid: 0.9 }", "certificate: c.json");
    bool ok = load_with(yaml, rules, config);
    free(path);
    free(yaml);
    return ok;
}

static const struct path *path_of(const struct config *config) {
    return &config_path_find(config, slice_of("invoices"))->policy;
}

static void test_in_force(void **state) {
    struct config *config;
    (void)state;
    assert_true(try(&right, &config));
    const struct path *p = path_of(config);
    assert_int_equal(p->tier_count, 2);
    assert_string_equal(p->tiers[0].name, "mid");
    assert_string_equal(p->tiers[1].name, "tiny");
    assert_true(p->tiers[0].accept == 0.9 && p->tiers[1].accept == 0.9);
    assert_string_equal(path_first_tier(p, false), "mid");
    struct attempt attempt = {.tier = slice_of("tiny"), .confidence_raw = 0.7};
    confidence_calibrate(p, &attempt);
    assert_true(attempt.confidence == 0.9);
    assert_slice(attempt.calibration, p->certificate->version);
    attempt.confidence_raw = 0.6999;
    confidence_calibrate(p, &attempt);
    assert_true(attempt.confidence < 0.9);
    assert_non_null(strstr(p->text, p->certificate->version));
    config_release(config);
}

static void test_left_out(void **state) {
    struct config *config;
    struct scene s = right;
    (void)state;
    s.tiny_used = "false";
    s.tiny_models = "\"hsn-tiny@1\"";  // of what is not asked the version does not matter
    assert_true(try(&s, &config));
    const struct path *p = path_of(config);
    assert_string_equal(p->tiers[0].name, "tiny");
    assert_true(p->tiers[0].skipped);
    assert_int_equal(path_tier_after(p, 0, false), 1);
    assert_int_equal(path_tier_after(p, 1, false), -1);
    assert_string_equal(path_first_tier(p, false), "mid");
    assert_string_equal(path_first_tier(p, true), "tiny");
    config_release(config);
}

static void test_the_last_answers_what_is_left_where_nothing_is_promised(void **state) {
    struct config *config;
    struct scene s = right;
    (void)state;
    s.risk = "null";
    assert_true(try(&s, &config));
    assert_true(path_of(config)->tiers[0].accept == 0.9);
    assert_true(path_of(config)->tiers[1].accept == 0);
    config_release(config);
}

static void test_another_text_is_another_policy(void **state) {
    struct config *a, *b;
    struct scene s = right;
    (void)state;
    s.risk = "0.06";
    assert_true(try(&right, &a) && try(&s, &b));
    assert_string_not_equal(path_of(a)->version, path_of(b)->version);
    config_release(a);
    config_release(b);
}

static void assert_refused(const struct scene *s, const char *why) {
    struct config *config;
    char text[600];
    assert_false(try(s, &config));
    assert_int_equal(err.exit_code, EX_CONFIG);
    snprintf(text, sizeof(text), "taskfit.yaml:30: certificate: %s/c.json %s", files_folder, why);
    assert_string_equal(files_tail(err.text), text);
}

static void test_for_something_else(void **state) {
    struct scene s = right;
    (void)state;
    s.tiny_models = "\"hsn-tiny@3\"";
    assert_refused(&s, "was made with model hsn-tiny@3 of tier 'tiny', and here is hsn-tiny@3, "
                   "hsn-tiny@4; tune anew, or put the old one back");
    s.tiny_models = "";
    assert_refused(&s, "does not say which models of tier 'tiny' it was made with; let `taskfit "
                   "tune` know the path with --path");
    s = right;
    s.mid_prompts = "";
    assert_refused(&s, "was made with prompt none of tier 'mid', and here is 2e8de3a69eb693a1; "
                   "tune anew, or put the old one back");
    s = right;
    s.tiers = "[tiny, mid, mute]";
    assert_refused(&s, "says nothing of tier 'mute'; tune with it, or take it out of this path's "
                   "tiers");
    s.tiers = "[tiny]";
    assert_refused(&s, "needs tier 'mid', which is none of this path's");
}

static bool switched(const struct config *config, const char *tier, const char *weights) {
    struct config_tier as;
    return config_switch(config, config_tier_find(config, slice_of(tier)), slice_of(weights), &as,
                         &err);
}

static void test_a_switch_to_what_it_is_not_for(void **state) {
    struct config *config;
    (void)state;
    assert_true(try(&right, &config));
    assert_true(switched(config, "tiny", "{\"hsn-tiny@3\":1,\"hsn-tiny@4\":9}"));
    assert_false(switched(config, "tiny", "{\"hsn-tiny@3\":0}"));
    assert_string_equal(err.text, "path invoices: its certificate was made with model hsn-tiny@4, "
                        "hsn-tiny@3 of tier 'tiny', and this would be hsn-tiny@4; tune anew "
                        "with it");
    assert_false(switched(config, "mid", "{\"mini@2026-08\":0,\"hsn-tiny@3\":1}"));
    assert_true(switched(config, "mute", "{\"hsn-tiny@3\":1}"));
    config_release(config);
}

static void test_switched_weights(void **state) {
    struct config *config = load(good);
    struct config_tier as;
    const struct config_tier *tiny = config_tier_find(config, slice_of("tiny"));
    (void)state;
    assert_true(config_switch(config, tiny, slice_of("{\"hsn-tiny@4\":5,\"mini@2026-08\":2}"),
                              &as, &err));
    assert_int_equal(as.model_count, 3);
    assert_int_equal(as.models[0].weight, 95);
    assert_int_equal(as.models[1].weight, 5);
    assert_string_equal(as.models[2].model->model.name, "mini@2026-08");
    assert_int_equal(as.models[2].weight, 2);
    assert_true(config_switch(config, tiny, (struct slice){0}, &as, &err));
    assert_int_equal(as.models[1].weight, 1);
    assert_false(switched(config, "tiny", "{\"hsn-tiny@3\":0,\"hsn-tiny@4\":0}"));
    assert_false(switched(config, "tiny", "{\"gone@1\":1}"));
    assert_true(switched(config, "tiny", "{\"gone@1\":0}"));  // of another configuration
    assert_false(switched(config, "tiny", "{\"hsn-tiny@3\":-1}"));
    assert_false(switched(config, "tiny", "{\"hsn-tiny@3\":"));
    assert_false(switched(config, "tiny", "{\"silent@1\":1}"));  // has no confidence
    assert_non_null(strstr(err.text, "confidence none"));
    config_release(config);
}

static void test_either_or(void **state) {
    struct config *config;
    char *both = swapped(good, "    accept:", "    certificate: c.json\n    accept:");
    (void)state;
    assert_false(load_with(both, rules, &config));
    assert_string_equal(files_tail(err.text),
                        "taskfit.yaml:30: certificate: write either 'accept' or 'certificate'");
    free(both);
}

static void test_to_tune_anew(void **state) {
    struct config *config;
    struct scene s = right;
    char path[FILES_PATH + 20];
    (void)state;
    s.tiny_models = "\"hsn-tiny@1\"";
    assert_false(try(&s, &config));
    snprintf(path, sizeof(path), "%s/taskfit.yaml", files_folder);
    assert_true(config_load_to_tune(path, &config, &err));
    assert_string_equal(path_of(config)->tiers[0].name, "tiny");
    assert_true(isinf(path_of(config)->tiers[0].accept));
    config_release(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_force),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_the_last_answers_what_is_left_where_nothing_is_promised),
        cmocka_unit_test(test_another_text_is_another_policy),
        cmocka_unit_test(test_for_something_else),
        cmocka_unit_test(test_a_switch_to_what_it_is_not_for),
        cmocka_unit_test(test_switched_weights),
        cmocka_unit_test(test_either_or),
        cmocka_unit_test(test_to_tune_anew),
    };
    return cmocka_run_group_tests(tests, scene_open, files_close);
}
