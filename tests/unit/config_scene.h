// A good configuration that tests change a word of.
#ifndef TASKFIT_TESTS_CONFIG_SCENE_H
#define TASKFIT_TESTS_CONFIG_SCENE_H

#include <sysexits.h>

#include "fleet/config.h"
#include "unit.h"
#include "files.h"

static struct err err;

static const char good[] =
    "kafka: { brokers: 'localhost:9092', prefix: acme }\n"                        // 1
    "postgres: { url: '${TASKFIT_UNIT_URL}' }\n"                                  // 2
    "limits: { in_flight: 100, hops: 200 }\n"                                     // 3
    "models:\n"                                                                   // 4
    "  hsn-tiny@3: { dialect: scorer, url: 'http://127.0.0.1:8101/score',\n"      // 5
    "                confidence: field, price: { call: 0.000001 } }\n"            // 6
    "  hsn-tiny@4: { dialect: scorer, url: 'http://127.0.0.1:8102/score',\n"      // 7
    "                confidence: field }\n"                                       // 8
    "  mini@2026-08:\n"                                                           // 9
    "    dialect: openai_chat\n"                                                  // 10
    "    url: https://example.org/v1/chat/completions\n"                          // 11
    "    model: gpt-5-mini\n"                                                     // 12
    "    key: ${TASKFIT_UNIT_KEY}\n"                                              // 13
    "    prompt: gst.jq\n"                                                        // 14
    "    reply: .wrapped | .body\n"                                               // 15
    "    confidence: logprob\n"                                                   // 16
    "    price: { input: 0.25, output: 2.0, cached: 0.025 }\n"                    // 17
    "    limits: { in_flight: 50 }\n"                                             // 18
    "    timeout: 30s\n"                                                          // 19
    "    retry: { attempts: 3, for: 1m, base: 100ms, cap: 5s }\n"                 // 20
    "    extra: { temperature: 0, seed: '7', stop: [a, 1.5, true, ~], b: {c: 01} }\n"  // 21
    "  silent@1: { dialect: openai_chat, url: 'http://localhost:8080/v1' }\n"     // 22
    "tiers:\n"                                                                    // 23
    "  tiny: { models: [{ use: hsn-tiny@3, weight: 95 }, { use: hsn-tiny@4 }] }\n"  // 24
    "  mid: { models: [mini@2026-08], in_flight: 40, usual: 2s }\n"               // 25
    "  mute: { models: [silent@1] }\n"                                            // 26
    "paths:\n"                                                                    // 27
    "  invoices:\n"                                                               // 28
    "    tiers: [tiny, mid, mute]\n"                                              // 29
    "    accept: { tiny: 0.93, mid: 0.9 }\n"                                      // 30
    "    answer: { labels: [CGST_SGST, IGST] }\n"                                 // 31
    "    rules: rules.jq\n"                                                       // 32
    "    last: accept_best\n"                                                     // 33
    "    keep: all\n"                                                             // 34
    "    limits: { deadline: 2h, hops: 3, spend: 0.02 }\n"                        // 35
    "    audit: 0.02\n"                                                           // 36
    "  free: { tiers: [mute] }\n";                                                // 37

static const char rules[] =
    "# rule interstate escalate: the states say otherwise\n"
    "#rule  empty review :  nothing to judge \n"
    "# rules of thumb are no declarations, nor is\n"
    "# rule: this\n"
    "{ interstate: false, empty: (.input == null) }\n";

static inline bool load_with(const char *yaml, const char *rules_text, struct config **config) {
    files_write("gst.jq", "{messages: [{role: \"user\", content: tojson}]}\n");
    files_write("rules.jq", rules_text);
    return config_load(files_write("taskfit.yaml", yaml), config, &err);
}

static inline struct config *load(const char *yaml) {
    struct config *config;
    if (!load_with(yaml, rules, &config)) {
        fail_msg("%s", err.text);
    }
    return config;
}

// text with its first `from` replaced; freed by the caller.
static inline char *swapped(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    assert_non_null(at);
    size_t size = strlen(text) - strlen(from) + strlen(to) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static inline int scene_open(void **state) {
    setenv("TASKFIT_UNIT_URL", "postgresql://u:p@localhost/taskfit", 1);
    setenv("TASKFIT_UNIT_KEY", "sk-unit", 1);
    return files_open(state);
}

#endif
