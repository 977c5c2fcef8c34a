#include "config_scene.h"
#include "dialect/dialect.h"

static void test_processes(void **state) {
    struct config *config = load(good);
    char topic[TOPIC_TEXT];
    (void)state;
    assert_string_equal(config->kafka.brokers, "localhost:9092");
    assert_int_equal(config->kafka.partitions, 4);
    assert_int_equal(config->kafka.retention_ms, 7 * 86400000LL);
    assert_int_equal(config->kafka.security, SECURITY_PLAINTEXT);
    assert_string_equal(config->kafka.compression, "lz4");
    assert_null(config->kafka.sasl_username);
    assert_string_equal(config->database_url, "postgresql://u:p@localhost/taskfit");
    assert_null(config->listen);
    assert_int_equal(config->log_level, 2);
    assert_int_equal(config->limits.in_flight, 100);
    assert_int_equal(config->limits.memory_bytes, 512 << 20);
    assert_int_equal(config->limits.commit_ms, 500);
    config_topic(config, "tiny", topic);
    assert_string_equal(topic, "acme.jobs.tiny");
    config_topic(config, "results", topic);
    assert_string_equal(topic, "acme.results");
    config_topic(config, "dead", topic);
    assert_string_equal(topic, "acme.dead");
    config_release(config);
}

static void test_lanes(void **state) {
    char *many = swapped(good, "tiers:\n", "lanes: { now: 8, bulk: 2, default: 3 }\ntiers:\n");
    char *named = swapped(many, "last:", "lane: now\n    last:");
    struct config *config = load(named), *none = load(good);
    char topic[TOPIC_TEXT];
    (void)state;
    assert_int_equal(none->lane_count, 1);
    assert_int_equal(none->lanes[0].weight, 1);
    assert_int_equal(config->lane_count, 3);
    assert_int_equal(config->lanes[0].weight, 3);
    assert_int_equal(config_lane_find(config, slice_of("bulk")), 2);
    assert_int_equal(config->lanes[2].weight, 2);
    assert_int_equal(config_lane_find(config, slice_of("slow")), -1);
    config_jobs_topic(none, &none->paths[0].policy, "tiny", topic);
    assert_string_equal(topic, "acme.jobs.tiny");
    config_jobs_topic(config, &config->paths[0].policy, "tiny", topic);
    assert_string_equal(topic, "acme.jobs.tiny.now");
    assert_string_equal(none->paths[0].policy.version, config->paths[0].policy.version);
    config_release(config);
    config_release(none);
    free(many);
    free(named);
}

static void test_models(void **state) {
    struct config *config = load(good);
    const struct config_model *mini = config_model_find(config, slice_of("mini@2026-08"));
    const struct config_model *tiny = config_model_find(config, slice_of("hsn-tiny@3"));
    const struct model *m = &mini->model;
    (void)state;
    assert_int_equal(config->model_count, 4);
    assert_string_equal(m->dialect->name, "openai_chat");
    assert_string_equal(m->url, "https://example.org/v1/chat/completions");
    assert_string_equal(m->model, "gpt-5-mini");
    assert_string_equal(m->key, "sk-unit");
    assert_string_equal(m->extra, "{\"temperature\":0,\"seed\":\"7\","
                                  "\"stop\":[\"a\",1.5,true,null],\"b\":{\"c\":\"01\"}}");
    // printf '{messages: [{role: "user", content: tojson}]}\n' | sha256sum | cut -c1-16
    assert_string_equal(m->prompt_version, "2e8de3a69eb693a1");
    assert_int_equal(m->confidence, CONFIDENCE_LOGPROB);
    assert_int_equal(m->price.input_pico_usd, 250000);
    assert_int_equal(m->price.output_pico_usd, 2000000);
    assert_int_equal(m->price.cached_pico_usd, 25000);
    assert_int_equal(m->price.call_pico_usd, 0);
    assert_int_equal(tiny->model.price.call_pico_usd, 1000000);
    assert_int_equal(m->limits.in_flight, 50);
    assert_int_equal(tiny->model.limits.in_flight, 100);
    assert_int_equal(m->timeout_ms, 30000);
    assert_int_equal(m->attempts, 3);
    assert_int_equal(m->retry_for_ms, 60000);
    assert_int_equal(m->backoff.base_ms, 100);
    assert_int_equal(m->backoff.cap_ms, 5000);
    assert_int_equal(m->reply_bytes, 1 << 20);
    assert_int_equal(m->max_tokens, 0);
    assert_int_equal(m->top_logprobs, 5);
    assert_non_null(mini->prompt);
    assert_non_null(mini->reply);
    assert_null(tiny->prompt);
    assert_null(tiny->model.key);
    assert_null(tiny->model.prompt_version);
    assert_null(config_model_find(config, slice_of("mini")));
    config_release(config);
}

// All that a confidence depends on is in the prompt's version, which certificates are made for.
static void test_verifier(void **state) {
    static const char *const swaps[][2] = {
        {"prompt: gst.jq", "prompt: ."},
        {"confidence: field }", "confidence: field, prompt: '.answer' }"},
        {"verifier: hsn-tiny@4", "verifier: hsn-tiny@3"},
    };
    char *yaml = swapped(good, "confidence: logprob", "confidence: verifier\n"
                                                      "    verifier: hsn-tiny@4");
    struct config *config = load(yaml);
    const struct config_model *mini = config_model_find(config, slice_of("mini@2026-08"));
    (void)state;
    assert_int_equal(mini->model.confidence, CONFIDENCE_VERIFIER);
    assert_ptr_equal(mini->verifier, config_model_find(config, slice_of("hsn-tiny@4")));
    assert_string_not_equal(mini->model.prompt_version, "2e8de3a69eb693a1");
    assert_null(mini->verifier->model.prompt_version);
    for (size_t i = 0; i < sizeof(swaps) / sizeof(swaps[0]); i++) {
        char *other_yaml = swapped(yaml, swaps[i][0], swaps[i][1]);
        struct config *other = load(other_yaml);
        assert_string_not_equal(
            config_model_find(other, slice_of("mini@2026-08"))->model.prompt_version,
            mini->model.prompt_version);
        config_release(other);
        free(other_yaml);
    }
    config_release(config);
    free(yaml);
}

static void test_classifiers(void **state) {
    char *yaml = swapped(good, "dialect: openai_chat, url: 'http://localhost:8080/v1'",
                         "dialect: kserve, url: 'http://localhost:8080/v2/models/m/infer', "
                         "labels: [I, '2'], tensors: { probabilities: p }");
    struct config *config = load(yaml);
    const struct model *m = &config_model_find(config, slice_of("silent@1"))->model;
    const struct model *mini = &config_model_find(config, slice_of("mini@2026-08"))->model;
    (void)state;
    assert_string_equal(m->dialect->name, "kserve");
    assert_int_equal(m->label_count, 2);
    assert_string_equal(m->labels[1], "2");
    assert_string_equal(m->tensor_input, "input-0");
    assert_null(m->tensor_answer);
    assert_string_equal(m->tensor_probabilities, "p");
    assert_int_equal(mini->label_count, 0);
    assert_null(mini->tensor_input);
    config_release(config);
    free(yaml);
}

static void test_tiers_and_paths(void **state) {
    struct config *config = load(good);
    const struct config_tier *tiny = config_tier_find(config, slice_of("tiny"));
    const struct config_tier *mid = config_tier_find(config, slice_of("mid"));
    const struct config_path *path = config_path_find(config, slice_of("invoices"));
    const struct path *p = &path->policy;
    const struct path *lone = &config_path_find(config, slice_of("free"))->policy;
    (void)state;
    assert_int_equal(tiny->model_count, 2);
    assert_string_equal(tiny->models[0].model->model.name, "hsn-tiny@3");
    assert_int_equal(tiny->models[0].weight, 95);
    assert_int_equal(tiny->models[1].weight, 1);
    assert_int_equal(tiny->in_flight, 100);
    assert_int_equal(tiny->usual_ms, 1000);
    assert_int_equal(mid->in_flight, 40);
    assert_int_equal(mid->usual_ms, 2000);
    assert_int_equal(p->tier_count, 3);
    assert_string_equal(p->tiers[0].name, "tiny");
    assert_true(p->tiers[0].accept == 0.93);
    assert_true(p->tiers[2].accept == 0);
    assert_int_equal(p->answer.field_count, 1);
    assert_null(p->answer.fields[0].name);
    assert_int_equal(p->answer.fields[0].label_count, 2);
    assert_string_equal(p->answer.fields[0].labels[1], "IGST");
    assert_int_equal(p->last, LAST_ACCEPT_BEST);
    assert_int_equal(p->keep, KEEP_ALL);
    assert_int_equal(p->deadline_ms, 7200000);
    assert_int_equal(p->hops, 3);
    assert_int_equal(p->spend_pico_usd, 20000000000);
    assert_true(p->audit == 0.02);
    assert_non_null(path->rules.program);
    assert_int_equal(path->rules.count, 2);
    assert_string_equal(path->rules.table[0].name, "interstate");
    assert_int_equal(path->rules.table[0].severity, RULE_ESCALATE);
    assert_string_equal(path->rules.table[0].text, "the states say otherwise");
    assert_string_equal(path->rules.table[1].name, "empty");
    assert_int_equal(path->rules.table[1].severity, RULE_REVIEW);
    assert_string_equal(path->rules.table[1].text, "nothing to judge");
    assert_int_equal(lone->hops, 1);
    assert_int_equal(lone->deadline_ms, 86400000);
    assert_int_equal(lone->answer.field_count, 0);
    assert_int_equal(lone->last, LAST_REVIEW);
    config_release(config);
}

// Tokens from the provider's cache are never free by omission.
static void test_cached_tokens_cost_as_others(void **state) {
    char *yaml = swapped(good, ", cached: 0.025", "");
    struct config *config = load(yaml);
    const struct config_model *mini = config_model_find(config, slice_of("mini@2026-08"));
    (void)state;
    assert_int_equal(mini->model.price.cached_pico_usd, 250000);
    config_release(config);
    free(yaml);
}

static void test_fields(void **state) {
    char *yaml = swapped(good, "{ labels: [CGST_SGST, IGST] }",
                         "{ fields: { tax: { labels: [A, B] }, why: { optional: true } } }");
    struct config *config = load(yaml);
    const struct answer_form *form =
        &config_path_find(config, slice_of("invoices"))->policy.answer;
    (void)state;
    assert_int_equal(form->field_count, 2);
    assert_string_equal(form->fields[0].name, "tax");
    assert_int_equal(form->fields[0].label_count, 2);
    assert_false(form->fields[0].optional);
    assert_string_equal(form->fields[1].name, "why");
    assert_int_equal(form->fields[1].label_count, 0);
    assert_true(form->fields[1].optional);
    config_release(config);
    free(yaml);
}

// --- the policy's version

static void version_of(const char *yaml, const char *rules_text, char version[17]) {
    struct config *config;
    if (!load_with(yaml, rules_text, &config)) {
        fail_msg("%s", err.text);
    }
    snprintf(version, 17, "%s", config_path_find(config, slice_of("invoices"))->policy.version);
    config_release(config);
}

static void test_version_is_stable(void **state) {
    static const char *const same[][2] = {
        {"paths:\n", "# a comment\npaths:\n"},
        {"    last: accept_best\n    keep: all\n", "    keep: all\n    last: accept_best\n"},
        {"{ deadline: 2h, hops: 3, spend: 0.02 }", "{ spend: 0.0200, hops: 3, deadline: 120m }"},
        {"{ tiny: 0.93, mid: 0.9 }", "{ mid: 0.90, mute: 0, tiny: 0.93 }"},
        {"timeout: 30s", "timeout: 31s"},
        {"  free: { tiers: [mute] }\n", ""},
    };
    char first[17], version[17];
    (void)state;
    version_of(good, rules, first);
    assert_int_equal(strlen(first), 16);
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        char *yaml = swapped(good, same[i][0], same[i][1]);
        version_of(yaml, rules, version);
        assert_string_equal(version, first);
        free(yaml);
    }
}

static void test_version_changes(void **state) {
    static const char *const other[][2] = {
        {"tiers: [tiny, mid, mute]", "tiers: [mid, tiny, mute]"},
        {"tiny: 0.93", "tiny: 0.931"},
        {"labels: [CGST_SGST, IGST]", "labels: [CGST_SGST]"},
        {"last: accept_best", "last: dead"},
        {"keep: all", "keep: none"},
        {"deadline: 2h", "deadline: 3h"},
        {"hops: 3,", "hops: 2,"},
        {"spend: 0.02", "spend: 0.021"},
        {"audit: 0.02", "audit: 0.03"},
        {"    rules: rules.jq\n", ""},
    };
    char first[17], version[17];
    (void)state;
    version_of(good, rules, first);
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        char *yaml = swapped(good, other[i][0], other[i][1]);
        version_of(yaml, rules, version);
        assert_string_not_equal(version, first);
        free(yaml);
    }
    char *text = swapped(rules, "interstate escalate", "interstate dead");
    version_of(good, text, version);
    assert_string_not_equal(version, first);
    free(text);
}

static void test_missing_file(void **state) {
    struct config *config;
    (void)state;
    assert_false(config_load("/nowhere/taskfit.yaml", &config, &err));
    assert_int_equal(err.exit_code, EX_NOINPUT);
    assert_string_equal(err.text, "/nowhere/taskfit.yaml: No such file or directory");
}

static void test_references(void **state) {
    struct config *config = load(good);
    (void)state;
    assert_ptr_equal(config_keep(config), config);
    config_release(config);
    assert_string_equal(config->kafka.prefix, "acme");
    config_release(config);
    config_release(NULL);
}

// The sample that users begin with stays valid; tests run at the top of the source.
static void test_sample(void **state) {
    struct config *config;
    (void)state;
    setenv("OPENAI_BASE_URL", "https://example.org/v1", 1);
    setenv("OPENAI_API_KEY", "sk-unit", 1);
    setenv("TASKFIT_DATABASE_URL", "postgresql://localhost/taskfit", 1);
    if (!config_load("deploy/taskfit.yaml", &config, &err)) {
        fail_msg("%s", err.text);
    }
    const struct config_path *path = config_path_find(config, slice_of("invoices"));
    assert_int_equal(path->policy.tier_count, 2);
    assert_int_equal(path->rules.count, 2);
    config_release(config);
}

static void test_reference(void **state) {
    static const char *const parts[] = {
        "**`the file`**", "**`kafka`**", "**`postgres`**", "**`limits`**",
        "**`models.<name@version>`**", "**`models.<name@version>.price`**",
        "**`models.<name@version>.limits`**", "**`models.<name@version>.retry`**",
        "**`tiers.<name>`**", "**`tiers.<name>.models[]`**", "**`paths.<name>`**",
        "**`paths.<name>.answer`**", "**`paths.<name>.answer.fields.<name>`**",
        "**`paths.<name>.limits`**",
        "| `brokers` | text | required | host:port of some of the brokers, with commas between |",
        "| `in_flight` | a whole number from 1 to 100000 | `2048` |",
        "| `key` or `key_file` | secret text | – |", "| `prompt` |", "| `accept` | a map | – |",
        "| `weight` |", "| `optional` | true or false | `false` |", "| `spend` |"};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    (void)state;
    config_reference(out);
    fclose(out);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strstr(text, parts[i]) == NULL) {
            fail_msg("the reference lacks %s", parts[i]);
        }
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_verifier),
        cmocka_unit_test(test_classifiers),
        cmocka_unit_test(test_tiers_and_paths),
        cmocka_unit_test(test_cached_tokens_cost_as_others),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_version_is_stable),
        cmocka_unit_test(test_version_changes),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_reference),
    };
    return cmocka_run_group_tests_name("config", tests, scene_open, files_close);
}
