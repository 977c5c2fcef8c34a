#include "config_scene.h"
#include "dialect/dialect.h"

struct slip {
    const char *from, *to, *error;
};

static void assert_slips(const struct slip *slips, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct config *config = NULL;
        char *yaml = swapped(good, slips[i].from, slips[i].to);
        assert_false(load_with(yaml, rules, &config));
        assert_null(config);
        assert_int_equal(err.exit_code, EX_CONFIG);
        assert_string_equal(files_tail(err.text), slips[i].error);
        free(yaml);
    }
}

#define ASSERT_SLIPS(slips) assert_slips(slips, sizeof(slips) / sizeof((slips)[0]))

static void test_wrong_top(void **state) {
    static const struct slip slips[] = {
        {"kafka:", "kafak:",
         "taskfit.yaml:1: kafak: unknown key of the file; did you mean 'kafka'?"},
        {"{ brokers: 'localhost:9092', prefix: acme }", "{}",
         "taskfit.yaml:1: kafka: 'brokers' is missing: host:port of some of the brokers, with "
         "commas between"},
        {"'localhost:9092'", "'kafka://localhost:9092'",
         "taskfit.yaml:1: brokers: this is not host:port,host:port,…"},
        {"prefix: acme", "prefix: 'a b'",
         "taskfit.yaml:1: prefix: a topic's prefix is named by 1 to 128 letters, digits and "
         "characters of '._-'"},
        {"prefix: acme", "security: sasl_ssl",
         "taskfit.yaml:1: security: this needs sasl_mechanism, sasl_username and sasl_password"},
        {"prefix: acme", "sasl_username: x",
         "taskfit.yaml:1: kafka: sasl_… needs 'security: sasl_ssl' or sasl_plaintext"},
        {"prefix: acme", "ca_file: x",
         "taskfit.yaml:1: kafka: certificates need 'security: ssl' or sasl_ssl"},
        {"limits: {", "listen: 9100\nlimits: {",
         "taskfit.yaml:3: listen: this is not host:port, such as 127.0.0.1:9100"},
        {"limits: {", "listen: 'a:65536'\nlimits: {",
         "taskfit.yaml:3: listen: this is not host:port, such as 127.0.0.1:9100"},
        {"hops: 200", "hops: 99",
         "taskfit.yaml:3: in_flight: 100 calls at a time need as many jobs in memory; 'hops' is "
         "99"},
        {"models:\n", "log_level: loud\nmodels:\n",
         "taskfit.yaml:4: log_level: 'loud' is not one of error, warn, info, debug"},
    };
    (void)state;
    ASSERT_SLIPS(slips);
}

#define STORE(text) "attachments: { " text " }\nlimits: {"

static void test_wrong_stores_of_attachments(void **state) {
    static const struct slip slips[] = {
        {"limits: {", STORE("prefixes: ['http://store/in/']"),
         "taskfit.yaml:3: a prefix, 'http://store/in/', is not https, which only `private` may "
         "be without"},
        {"limits: {", STORE("prefixes: ['https://store/in']"),
         "taskfit.yaml:3: a prefix, 'https://store/in', does not end with '/'"},
        {"limits: {", STORE("private: ['https://store/?a=/']"),
         "taskfit.yaml:3: a prefix, 'https://store/?a=/', does not end with '/'"},
        {"limits: {", STORE("private: ['https://me@store/']"),
         "taskfit.yaml:3: a prefix, 'https://me@store/': its host is no name, IPv4 or [IPv6] "
         "address, and nothing else is allowed before the path"},
        {"limits: {", STORE("prefixes: ['ftp://store/']"),
         "taskfit.yaml:3: a prefix, 'ftp://store/': it does not begin with https:// or http://"},
        {"limits: {", STORE("count: 65"),
         "taskfit.yaml:3: count: '65' is not a whole number from 0 to 64"},
    };
    (void)state;
    ASSERT_SLIPS(slips);
}

static void test_wrong_verifiers(void **state) {
    static const struct slip slips[] = {
        {"confidence: logprob", "confidence: verifier",
         "taskfit.yaml:16: confidence: this needs verifier: another model's name@version"},
        {"confidence: logprob", "confidence: logprob\n    verifier: hsn-tiny@4",
         "taskfit.yaml:17: verifier: this needs confidence: verifier"},
        {"confidence: logprob", "confidence: verifier\n    verifier: hsn-tyni@4",
         "taskfit.yaml:17: verifier: there is no model 'hsn-tyni@4'; did you mean 'hsn-tiny@4'?"},
        {"confidence: logprob", "confidence: verifier\n    verifier: mini@2026-08",
         "taskfit.yaml:17: verifier: a model does not verify its own answers; name another"},
        {"                confidence: field }", "                confidence: verifier, "
         "verifier: mini@2026-08 }\n  more@1: { dialect: scorer, url: 'http://x/', "
         "confidence: verifier, verifier: hsn-tiny@4 }",
         "taskfit.yaml:9: verifier: hsn-tiny@4 has a verifier of its own; name one whose "
         "confidence is field, logprob, agreement or none"},
    };
    (void)state;
    ASSERT_SLIPS(slips);
}

#define SILENT "dialect: openai_chat, url: 'http://localhost:8080/v1'"
#define KSERVE "dialect: kserve, url: 'http://localhost:8080/v2/models/m/infer'"

static void test_wrong_classifiers(void **state) {
    static const struct slip slips[] = {
        {SILENT, SILENT ", labels: [I]",
         "taskfit.yaml:22: labels: dialect openai_chat has no use for them; a path's labels are in "
         "its answer"},
        {SILENT, SILENT ", tensors: { answer: y }",
         "taskfit.yaml:22: tensors: dialect openai_chat has no tensors"},
        {SILENT, KSERVE,
         "taskfit.yaml:22: silent@1: dialect kserve needs tensors: { answer: NAME }, "
         "{ probabilities: NAME } or both"},
        {SILENT, KSERVE ", tensors: { input: text }",
         "taskfit.yaml:22: tensors: dialect kserve needs tensors: { answer: NAME }, "
         "{ probabilities: NAME } or both"},
        {SILENT, KSERVE ", tensors: { probabilities: p }",
         "taskfit.yaml:22: probabilities: what the probabilities are of is not known without the "
         "model's labels"},
        {SILENT, KSERVE ", tensors: { answer: y }, confidence: field",
         "taskfit.yaml:22: confidence: this needs tensors: { probabilities: NAME }"},
        {SILENT, KSERVE ", tensors: { answer: y }, confidence: logprob",
         "taskfit.yaml:22: confidence: replies of dialect kserve carry no logprobs; use field or "
         "none"},
        {SILENT, KSERVE ", tensors: { answer: y }, confidence: agreement",
         "taskfit.yaml:22: confidence: dialect kserve cannot ask for several answers at once; use "
         "field or none"},
        {SILENT, SILENT ", confidence: agreement, samples: 1",
         "taskfit.yaml:22: samples: '1' is not a whole number from 2 to 20"},
        {SILENT, KSERVE ", tensors: { answers: y }",
         "taskfit.yaml:22: answers: unknown key of models.<name@version>.tensors; did you mean "
         "'answer'?"},
        {SILENT, KSERVE ", labels: [I, I], tensors: { answer: y }",
         "taskfit.yaml:22: 'I' is twice in this list"},
    };
    (void)state;
    ASSERT_SLIPS(slips);
}

static void test_wrong_models(void **state) {
    static const struct slip slips[] = {
        {"mini@2026-08:", "mini:",
         "taskfit.yaml:9: mini: a model is named name@version, such as mini@2026-08"},
        {"mini@2026-08:", "a/b@1:",
         "taskfit.yaml:9: a/b@1: a model is named by 1 to 100 letters, digits and characters of "
         "'._-@'"},
        {"dialect: openai_chat\n", "dialect: openai\n",
         "taskfit.yaml:10: dialect: 'openai' is not one of DIALECTS"},
        {"https://example.org", "ftp://example.org",
         "taskfit.yaml:11: url: not an address that begins with http:// or https:// and names a "
         "host"},
        {"https://example.org", "https://",
         "taskfit.yaml:11: url: not an address that begins with http:// or https:// and names a "
         "host"},
        {"https://example.org", "https://u:p@example.org",
         "taskfit.yaml:11: url: an address holds no credential; put it in 'key'"},
        {"https://example.org", "https://example.org/a b",
         "taskfit.yaml:11: url: a space or control character in an address; write %20"},
        {"    prompt: gst.jq\n", "    prompt: '.a |'\n", NULL},
        {"input: 0.25", "input: 0.1234567",
         "taskfit.yaml:17: input: a price per million tokens has up to 6 decimals"},
        {"output: 2.0", "output: 10000.01",
         "taskfit.yaml:17: output: '10000.01' is not an amount of USD from 0 to 10000, such as "
         "0.25, with up to 12 decimals"},
        {"limits: { in_flight: 50 }", "limits: { rps: 50 }",
         "taskfit.yaml:18: rps: unknown key of models.<name@version>.limits; did you mean 'rpm'?"},
        {"limits: { in_flight: 50 }", "limits: { in_flight: 50, in_flight_least: 51 }",
         "taskfit.yaml:18: in_flight_least: more than in_flight, 50"},
        {"base: 100ms", "base: 6s", "taskfit.yaml:20: base: the first wait is longer than 'cap'"},
        {"temperature: 0", "stream: true",
         "taskfit.yaml:21: stream: replies are read whole; remove this member"},
        {"confidence: field", "confidence: logprob",
         "taskfit.yaml:6: confidence: replies of dialect scorer carry no logprobs; use field or "
         "none"},
        {"confidence: logprob", "confidence: high",
         "taskfit.yaml:16: confidence: 'high' is not one of none, field, logprob, "
         "agreement, verifier"},
        {"timeout: 30s", "timeuot: 30s",
         "taskfit.yaml:19: timeuot: unknown key of models.<name@version>; did you mean 'timeout'?"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        struct slip slip = slips[i];
        char text[200];
        if (slip.error == NULL) {
            continue;  // jq's own words: test_wrong_programs
        }
        const char *names = strstr(slip.error, "DIALECTS");
        snprintf(text, sizeof(text), "%.*s%s",
                 names ? (int)(names - slip.error) : (int)strlen(slip.error), slip.error,
                 names ? dialect_names() : "");
        slip.error = text;
        assert_slips(&slip, 1);
    }
}

static void test_wrong_tiers(void **state) {
    static const struct slip slips[] = {
        {"  tiny: {", "  results: {",
         "taskfit.yaml:24: results: the name stands for something else; call it otherwise"},
        {"  tiny: {", "  a.b: {",
         "taskfit.yaml:24: a.b: a tier is named by 1 to 48 letters, digits and characters of "
         "'_-'"},
        {"use: hsn-tiny@4", "use: hsn-tiny@5",
         "taskfit.yaml:24: use: there is no model 'hsn-tiny@5'; did you mean 'hsn-tiny@3'?"},
        {"use: hsn-tiny@4", "use: hsn-tiny@3",
         "taskfit.yaml:24: model 'hsn-tiny@3' is twice in this tier"},
        {"[silent@1]", "[silent@1], shadow: [hsn-tiny@3, silent@1]",
         "taskfit.yaml:26: model 'silent@1' is twice in this tier"},
        {"[silent@1]", "[silent@1], shadow: [{ use: hsn-tiny@3, share: 2 }]",
         "taskfit.yaml:26: share: '2' is not a number from 0 to 1"},
        {"[silent@1]", "[silent@1], shadow: [hsn-tiny@3, hsn-tiny@3]",
         "taskfit.yaml:26: model 'hsn-tiny@3' is twice in this tier"},
        {"[silent@1]", "[silent@1], shadow: [a, b, c, d, e]",
         "taskfit.yaml:26: shadow: here are 5 models; allowed are up to 4"},
        {"[silent@1]", "[nothing]", "taskfit.yaml:26: there is no model 'nothing'"},
        {"[silent@1]", "[]", "taskfit.yaml:26: models: here are 0 models; allowed are 1 to 8"},
        {"[silent@1]", "[{ use: silent@1, weight: 0 }]",
         "taskfit.yaml:26: models: all weights are 0"},
        {"in_flight: 40", "in_flight: 101",
         "taskfit.yaml:25: in_flight: more than limits.in_flight, 100"},
        {"in_flight: 40", "twins: [x]",
         "taskfit.yaml:25: twins: unknown key of tiers.<name>; known are models, shadow, "
         "in_flight, usual, latency, away"},
    };
    (void)state;
    ASSERT_SLIPS(slips);
}

static void test_wrong_paths(void **state) {
    static const struct slip slips[] = {
        {"[tiny, mid, mute]", "[tiny, mdi, mute]",
         "taskfit.yaml:29: there is no tier 'mdi'; did you mean 'mid'?"},
        {"[tiny, mid, mute]", "[tiny, mid, tiny]",
         "taskfit.yaml:29: 'tiny' is twice in this list"},
        {"[tiny, mid, mute]", "[]", "taskfit.yaml:29: tiers: here are 0; allowed are 1 to 10000"},
        {"[tiny, mid, mute]", "tiny", "taskfit.yaml:29: tiers: 'tiny' is not a list"},
        {"mid: 0.9 }", "large: 0.9 }",
         "taskfit.yaml:30: large: unknown key of this path's accept; known are tiny, mid, mute"},
        {"mid: 0.9 }", "mid: 1.1 }", "taskfit.yaml:30: mid: '1.1' is not a number from 0 to 1"},
        {"mid: 0.9 }", "mid: 0.9, mute: 0.5 }",
         "taskfit.yaml:30: mute: model 'silent@1' of this tier has confidence none, so no answer "
         "of it could reach 0.5; write 0 for form and rules only, or give the model a "
         "'confidence'"},
        {", mid: 0.9 }", " }",
         "taskfit.yaml:30: accept: accept for tier 'mid' is missing: model 'mini@2026-08' gives a "
         "confidence; write the threshold from 0 to 1, or 0 for form and rules only"},
        {"{ tiers: [mute] }", "{ tiers: [tiny] }",
         "taskfit.yaml:37: free: accept for tier 'tiny' is missing: model 'hsn-tiny@3' gives a "
         "confidence; write the threshold from 0 to 1, or 0 for form and rules only"},
        {"{ labels: [CGST_SGST, IGST] }", "{}",
         "taskfit.yaml:31: answer: write either 'labels' or 'fields'"},
        {"[CGST_SGST, IGST]", "[IGST, IGST]", "taskfit.yaml:31: 'IGST' is twice in this list"},
        {"[CGST_SGST, IGST]", "[IGST, {}]", "taskfit.yaml:31: this is not a text"},
        {"labels: [CGST_SGST, IGST]", "fields: {}",
         "taskfit.yaml:31: fields: here are 0 fields; allowed are 1 to 64"},
        {"last: accept_best", "last: accept",
         "taskfit.yaml:33: last: 'accept' is not one of review, accept_best, dead"},
        {"hops: 3,", "hops: 17,", "taskfit.yaml:35: hops: '17' is not a whole number from 1 to 16"},
        {"audit: 0.02", "threshold: x",
         "taskfit.yaml:36: threshold: unknown key of paths.<name>; known are tiers, accept, "
         "certificate, answer, rules, last, keep, limits, audit, audit_by, broken, review, lane"},
        {"last: accept_best", "lane: bulk",
         "taskfit.yaml:33: lane: there is no lane 'bulk' in lanes"},
        {"tiers:\n", "lanes: { bulk: 0 }\ntiers:\n",
         "taskfit.yaml:23: bulk: '0' is not a whole number from 1 to 1000"},
        {"tiers:\n", "lanes: { a.b: 1 }\ntiers:\n",
         "taskfit.yaml:23: a.b: a lane is named by 1 to 32 letters, digits and characters of "
         "'_-'"},
        {"tiers:\n", "lanes: { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1 }\ntiers:\n",
         "taskfit.yaml:23: lanes: here are more than 7 lanes beside default"},
        {"audit: 0.02", "audit_by: people",
         "taskfit.yaml:36: audit_by: this is neither review nor one of the path's tiers"},
        {"  free: {", "  a b: {",
         "taskfit.yaml:37: a b: a path is named by 1 to 64 letters, digits and characters of "
         "'._-'"},
    };
    (void)state;
    ASSERT_SLIPS(slips);
}

// What stands behind the file and line that lead to another file.
static void assert_error_has(const char *begin, const char *part) {
    const char *text = files_tail(err.text);
    assert_int_equal(err.exit_code, EX_CONFIG);
    if (strncmp(text, begin, strlen(begin)) != 0 || strstr(text, part) == NULL) {
        fail_msg("'%s' does not begin with '%s' or lacks '%s'", text, begin, part);
    }
}

static void test_wrong_rules(void **state) {
    static const struct slip slips[] = {
        {"interstate escalate", "Inter-state escalate",
         "rules.jq:1: rule name 'Inter-state': allowed are 1 to 64 of a-z, 0-9 and _"},
        {"interstate escalate", "program escalate",
         "rules.jq:1: the names 'program' and 'undeclared' stand for something else"},
        {"interstate escalate", "interstate stop",
         "rules.jq:1: rule 'interstate': 'stop' is not one of escalate, review, dead, note"},
        {"empty review", "interstate review", "rules.jq:2: rule 'interstate' is declared twice"},
        {"interstate escalate: the states say otherwise", "interstate escalate",
         "rules.jq:1: a rule is declared as '# rule NAME SEVERITY: text for people'"},
        {"# rules of thumb", "# rule of thumb",
         "rules.jq:3: rule 'of': 'thumb' is not one of escalate, review, dead, note"},
        {"# rule interstate", "# holds {}\n# rule interstate",
         "rules.jq:1: an example stands below the declaration of its rule"},
        {"# rules of thumb", "#  breaks {\"input\": 1}\n# rules of thumb",
         "rules.jq:3: an example is {\"input\": …, \"answer\": …}, and where they matter"},
        {"# rules of thumb", "#holds {\"input\": 1,}\n# rules of thumb",
         "rules.jq:3: the example is not JSON: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        struct config *config;
        char *text = swapped(rules, slips[i].from, slips[i].to);
        assert_false(load_with(good, text, &config));
        assert_error_has("taskfit.yaml:32: rules: ", slips[i].error);
        free(text);
    }
}

static void test_wrong_programs(void **state) {
    struct config *config;
    (void)state;
    assert_false(load_with(good, "{ interstate: nothing_of_the_kind }", &config));
    assert_error_has("taskfit.yaml:32: rules: ", "nothing_of_the_kind/0 is not defined");
    assert_non_null(strstr(err.text, "/rules.jq"));
    char *yaml = swapped(good, "reply: .wrapped | .body", "reply: .wrapped |");
    assert_false(load_with(yaml, rules, &config));
    assert_error_has("taskfit.yaml:15: reply: ", "syntax error");
    free(yaml);
    yaml = swapped(good, "prompt: gst.jq", "prompt: none.jq");
    assert_false(load_with(yaml, rules, &config));
    assert_error_has("taskfit.yaml:14: prompt: ", "/none.jq: No such file or directory");
    free(yaml);
    yaml = swapped(good, "rules: rules.jq", "rules: none.jq");
    assert_false(load_with(yaml, rules, &config));
    assert_error_has("taskfit.yaml:32: rules: ", "/none.jq: No such file or directory");
    free(yaml);
}

// A credential in the wrong place is an error that does not repeat it.
static void test_secrets_are_not_shown(void **state) {
    static const struct slip slips[] = {
        {"timeout: 30s", "timeout: ${TASKFIT_UNIT_KEY}",
         "taskfit.yaml:19: timeout: '${…}' is not a duration from 1ms to 1h, such as "
         "500ms, 30s, 5m, 24h or 7d"},
        {"dialect: openai_chat\n", "dialect: ${TASKFIT_UNIT_KEY}\n", NULL},
        {"[mini@2026-08]", "['${TASKFIT_UNIT_KEY}']", NULL},
        {"[tiny, mid, mute]", "['${TASKFIT_UNIT_KEY}']", NULL},
        {"[CGST_SGST, IGST]", "['${TASKFIT_UNIT_KEY}', '${TASKFIT_UNIT_KEY}']", NULL},
    };
    struct config *config;
    (void)state;
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        char *yaml = swapped(good, slips[i].from, slips[i].to);
        assert_false(load_with(yaml, rules, &config));
        assert_null(strstr(err.text, "sk-unit"));
        if (slips[i].error) {
            assert_string_equal(files_tail(err.text), slips[i].error);
        }
        free(yaml);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_top),
        cmocka_unit_test(test_wrong_stores_of_attachments),
        cmocka_unit_test(test_wrong_verifiers),
        cmocka_unit_test(test_wrong_classifiers),
        cmocka_unit_test(test_wrong_models),
        cmocka_unit_test(test_wrong_tiers),
        cmocka_unit_test(test_wrong_paths),
        cmocka_unit_test(test_wrong_rules),
        cmocka_unit_test(test_wrong_programs),
        cmocka_unit_test(test_secrets_are_not_shown),
    };
    return cmocka_run_group_tests_name("config errors", tests, scene_open, files_close);
}
