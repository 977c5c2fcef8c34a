// The entries of deploy/models.yaml load, and what they send is what each provider takes today.
#include <stdlib.h>

#include "dialects.h"
#include "fleet/config.h"
#include "io/jq.h"

static struct config *config;

static int open_samples(void **state) {
    static const char *const names[] = {"TASKFIT_BROKERS", "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
                                        "GEMINI_API_KEY", "LITELLM_API_KEY"};
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        setenv(names[i], "localhost:9092", 1);
    }
    setenv("TASKFIT_DATABASE_URL", "postgresql://localhost/taskfit", 1);
    if (!config_load("deploy/models.yaml", &config, &err)) {
        fail_msg("%s", err.text);
    }
    return 0;
}

static int close_samples(void **state) {
    (void)state;
    config_release(config);
    return 0;
}

// What a model is sent for an invoice line; the caller's to free.
static struct buf sent(const char *name, struct slice input) {
    const struct config_model *model = config_model_find(config, slice_of(name));
    struct buf payload = {0}, body = {0};
    struct err err;
    assert_non_null(model);
    if (model->prompt && !jq_run(model->prompt, input, &payload, &err)) {
        fail_msg("%s: %s", name, err.text);
    }
    const struct request request = {
        .model = &model->model,
        .path = &config_path_find(config, slice_of("invoices"))->policy,
        .payload = model->prompt ? buf_slice(&payload) : input,
        .prompted = model->prompt != NULL,
    };
    if (!model->model.dialect->build(&request, &body, &err)) {
        fail_msg("%s: %s", name, err.text);
    }
    buf_fini(&payload);
    return body;
}

static void test_what_each_is_sent(void **state) {
    static const struct {
        const char *name, *has[4], *lacks[3];
    } rows[] = {
        {"gpt-5-mini@2025-08-07",
         {"\"max_completion_tokens\":2000", "\"reasoning_effort\":\"minimal\"",
          "\"response_format\":{\"type\":\"json_schema\"", "\"confidence\":{\"type\":\"number\"}"},
         {"temperature", "\"max_tokens\"", "logprobs"}},
        {"gpt-5.4-mini@2026-03-17",
         {"\"logprobs\":true,\"top_logprobs\":5", "\"reasoning_effort\":\"none\"",
          "\"max_completion_tokens\":64", "\"strict\":true"},
         {"\"max_tokens\""}},
        {"gpt-5.4-mini-responses@2026-03-17",
         {"\"max_output_tokens\":64", "\"include\":[\"message.output_text.logprobs\"]",
          "\"verbosity\":\"low\"", "\"format\":{\"type\":\"json_schema\""},
         {"\"messages\"", "temperature"}},
        {"claude-sonnet-4.6@1",
         {"\"max_tokens\":256", "\"temperature\":0", "\"system\":[{\"type\":\"text\"",
          "\"output_config\":{\"format\":{\"type\":\"json_schema\""},
         {"tools", "thinking"}},
        {"claude-sonnet-5.5@1",
         {"\"max_tokens\":4000", "\"effort\":\"low\"", "\"format\":{\"type\":\"json_schema\""},
         {"temperature", "tools", "tool_choice"}},
        {"claude-haiku-5.5@1", {"\"effort\":\"low\""}, {"temperature"}},
        {"gemini-flash@3.8",
         {"\"thinkingLevel\":\"low\"", "\"responseJsonSchema\":{", "\"maxOutputTokens\":2000",
          "\"systemInstruction\":{"},
         {"\"messages\"", "responseLogprobs", "thinkingBudget"}},
        {"gemini-flash-lite@3.5", {"\"thinkingLevel\":\"minimal\""}, {"thinkingBudget"}},
        {"vllm@1", {"\"logprobs\":true", "\"enable_thinking\":false"}, {0}},
        {"llama.cpp@1", {"\"top_logprobs\":20"}, {"\"model\""}},
        {"ollama@1", {"\"max_tokens\":64"}, {"max_completion_tokens"}},
        {"tgi@1", {"\"max_tokens\":64", "\"top_logprobs\":5"}, {"max_completion_tokens"}},
        {"litellm@1", {"\"model\":\"gpt-5.4-mini\""}, {0}},
        {"mlserver@1",
         {"{\"name\":\"text\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"Rice\"]}",
          "\"outputs\":[{\"name\":\"predict\"},{\"name\":\"predict_proba\"}]"}, {0}},
        {"vllm-classify@1", {"{\"model\":\"acme/tax-classifier\",\"input\":\"Rice\"}"}, {0}},
        {"tei@1", {"{\"inputs\":\"Rice\",\"truncate\":true}"}, {0}},
        {"own@1", {"{\"text\":\"Rice\",\"top\":1}"}, {0}},
    };
    (void)state;
    assert_int_equal(config->model_count, sizeof(rows) / sizeof(rows[0]));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf body = sent(rows[i].name, slice_of("{\"description\":\"Rice\"}"));
        struct err err;
        assert_true(json_check(buf_slice(&body), &json_default_limits, &err));
        for (size_t k = 0; k < 4 && rows[i].has[k]; k++) {
            if (!strstr(buf_string(&body), rows[i].has[k])) {
                fail_msg("%s lacks %s: %s", rows[i].name, rows[i].has[k], buf_string(&body));
            }
        }
        for (size_t k = 0; k < 3 && rows[i].lacks[k]; k++) {
            if (strstr(buf_string(&body), rows[i].lacks[k])) {
                fail_msg("%s has %s: %s", rows[i].name, rows[i].lacks[k], buf_string(&body));
            }
        }
        buf_fini(&body);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_each_is_sent),
    };
    return cmocka_run_group_tests_name("samples", tests, open_samples, close_samples);
}
